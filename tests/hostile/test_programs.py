"""Every hostile case through every field of the programs' door, and everything that a body or a header can be."""

from __future__ import annotations

import copy
import json

import pytest
from sqlalchemy import func, select

from models.base import db
from models.booking import Booking, Hold
from rules import text
from tests.hostile import readers
from tests.hostile.cases import (
    BODIES,
    KEYS,
    KINDS,
    MAILS,
    NO_TEXTS,
    NUMBERS,
    PHONES,
    STARTS,
    TEXTS,
    TOKENS,
    WORDS,
    ZONES,
)
from tests.hostile.doors import api_bodies
from wire.wording import _FIELDS, _SENTENCES

pytestmark = pytest.mark.many
START = "2026-12-01T09:00:00+01:00"
CUSTOMER = {"name": "Anna Lee", "phone": "13800138000", "email": "anna@example.com", "company": "Lee"}
SLOT = {"service": "everything", "start": START, "location": "here", "duration": 30, "resource": ["ann"], "seats": 1}
ANSWERS = {
    "line": "good",
    "short": "good",
    "story": "good",
    "people": 3,
    "metres": 3.5,
    "sure": True,
    "why": "good",
    "topic": "demo",
    "extras": ["tea"],
    "born": "2026-12-24",
    "at": "09:30",
    "second": "13800138000",
    "copy": "anna@example.com",
}
TEXT_FIELDS = {
    "customer.name": 100,
    "customer.company": 120,
    "answers.line": 200,
    "answers.short": 20,
    "answers.story": 2000,
    "answers.why": 200,
}


@pytest.fixture
def door(asking):
    return Door(asking)


class Door:
    """The programs' door with a good body for each of its addresses."""

    def __init__(self, client):
        self.client = client
        self.made = None
        self.number = 0

    def post(self, path, body, **headers):
        self.number += 1
        given = {"Idempotency-Key": f"key-{self.number}", **headers}
        # With escapes, so that halves of characters can be sent, too.
        return self.client.post(path, data=json.dumps(body), headers=given, content_type="application/json")

    def book(self, **more):
        body = {**SLOT, "customer": CUSTOMER, "answers": ANSWERS, **more}
        return self.post("/api/v1/bookings", body)

    def good(self, path):
        """The address and the good body of an operation, and the token where one is needed."""
        if "{reference}" not in path:
            hold = {"hold": self.post("/api/v1/holds", SLOT).json["hold"], "customer": CUSTOMER}
            bodies = {"/holds": SLOT, "/bookings": {**SLOT, "customer": CUSTOMER, "answers": ANSWERS}}
            return f"/api/v1{path}", bodies[path], hold, {}
        if self.made is None:
            self.made = self.book().json
        body = (
            {"start": START, "duration": 30, "resource": ["ben"]} if path.endswith("reschedule") else {"reason": "Ill"}
        )
        bearer = {"Authorization": f"Bearer {self.made['token']}"}
        return "/api/v1" + path.format(reference=self.made["reference"]), body, body, bearer


def put(body, path, value):
    """The body with one field replaced, by its dotted name."""
    found = copy.deepcopy(body)
    holder = found
    *way, last = path.split(".")
    for name in way:
        holder = holder.setdefault(name, {})
    holder[last] = value
    return found


def refused(answer, field=None):
    """A problem document with a stable code and a sentence; at the field, where it is one field's."""
    assert answer.status_code < 500, answer.json
    assert answer.mimetype == "application/problem+json"
    assert answer.json["code"] in _SENTENCES
    assert answer.json["detail"]
    if field is not None:
        assert answer.status_code == 422
        wrong = answer.json["errors"][field]
        assert wrong["code"] in _FIELDS
        assert wrong["detail"]


def count(table=Booking):
    db.session.rollback()
    return db.session.execute(select(func.count()).select_from(table)).scalar_one()


def latest():
    return db.session.execute(select(Booking).order_by(Booking.id.desc()).limit(1)).scalar_one()


def test_the_fields_are_these(door):
    """A new field joins by itself; here one sees which there are."""
    assert sorted({name for _, name, _ in api_bodies()}) == sorted(
        [
            *(
                "service",
                "start",
                "location",
                "duration",
                "resource",
                "seats",
                "replaces",
                "hold",
                "customer",
                "answers",
            ),
            *("consent", "consent.marketing", "consent.sensitive", "consent.minor", "consent.abroad"),
            *(
                "customer.name",
                "customer.phone",
                "customer.email",
                "customer.company",
                "customer.address",
                "locale",
                "timezone",
                "source",
            ),
            *("reason", "revision", "instead_of"),
        ]
    )


# The forms meet the same texts on PostgreSQL.
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_text_in_every_text_field(door, app, clock):
    names = []
    for id, value, fate in TEXTS:
        refusing = [field for field, longest in TEXT_FIELDS.items() if len(value) > longest]
        if fate == "refused" and not refusing:
            refusing = ["customer.name"]
        before = count()
        if refusing:
            body = {"customer": CUSTOMER, "answers": ANSWERS}
            for field in refusing:
                body = put(body, field, value)
            answer = door.book(**body)
            for field in refusing:
                refused(answer, field)
            assert count() == before, id
        taking = [field for field in TEXT_FIELDS if field not in refusing]
        if taking:
            body = {"customer": CUSTOMER, "answers": ANSWERS}
            for field in taking:
                body = put(body, field, value)
            names.append(_taken(door, id, body, taking, value, fate))
    readers.sent(app, clock.now, "".join(value for _, value, _ in TEXTS))
    readers.subscribed(door.client, clock.now, *names)


def _taken(door, id, body, fields, value, fate):
    answer = door.book(**body)
    assert answer.status_code == 201, (id, answer.json)
    booking = latest()
    found = {
        field: booking.answers.get(field[8:]) if field[0] == "a" else getattr(booking, field[9:]) for field in fields
    }
    for field, each in found.items():
        expected = {"refused": [None], "kept": [value], "cleaned": [text.line(value), text.paragraph(value)]}[fate]
        assert each in expected, (id, field, each)
    found.pop("customer.company", None)
    readers.shown(
        door.client.get(answer.json["manage_url"].removeprefix("http://localhost")), *filter(None, found.values())
    )
    return booking.name


def test_halves_of_characters_are_refused_at_their_field(door):
    for field in TEXT_FIELDS:
        for half in ("\ud800", "Anna \udfff", "\ude00\ud83d"):
            refused(door.book(**put({"customer": CUSTOMER, "answers": ANSWERS}, field, half)), field)
    for field in ("service", "location", "hold", "source", "locale", "timezone"):
        refused(door.post("/api/v1/bookings", put({**SLOT, "customer": CUSTOMER}, field, "\ud800")))
    assert count() == 0


def test_every_phone_and_mailbox(door):
    for id, value, number in PHONES:
        answer = door.book(customer={**CUSTOMER, "phone": value}, answers={**ANSWERS, "second": value})
        if number is None:
            refused(answer, "customer.phone")
            refused(answer, "answers.second")
        else:
            assert answer.status_code == 201, id
            assert (latest().phone, latest().answers["second"]) == (number, number)
    for id, value, good in MAILS:
        answer = door.book(customer={**CUSTOMER, "email": value}, answers={**ANSWERS, "copy": value})
        if not good:
            refused(answer, "customer.email")
            refused(answer, "answers.copy")
        else:
            assert answer.status_code == 201, id
            assert latest().email.partition("@")[2] == latest().email.partition("@")[2].lower()


# On the database that takes less: no zero byte, no half of a character, no number beyond its column.
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_every_number_and_every_wrong_kind_of_value_in_every_field(door):
    """Nothing but the documented kind is taken, and what is not taken changes nothing."""
    tried = 0
    for operation, field, schema in list(api_bodies()):
        path = operation.partition(" ")[2]
        address, body, other, bearer = door.good(path)
        values = [*NO_TEXTS, *((id, value) for id, value, _ in NUMBERS), *WORDS]
        if "hold" in field:
            body = other
        for id, value in values:
            before, holds = count(), count(Hold)
            answer = door.post(address, put(body, field, value), **bearer)
            tried += 1
            if answer.status_code in (200, 201):
                assert _fits(field, schema, value), (operation, field, id)
                continue
            refused(answer)
            assert (count(), count(Hold)) == (before, holds), (operation, field, id)
    assert tried > 500


def _fits(field, schema, value):
    """True where a value of these cases is a good one for the field."""
    # An address that this service does not ask for counts for nothing.
    if isinstance(value, str) and field in ("reason", "source", "customer.address"):
        return True
    if value is None or (isinstance(value, str) and text.blank(value)):
        return field in ("customer.phone", "customer.email", "customer.company", "customer.address")
    if isinstance(value, str) and field in ("customer.name", "customer.company"):
        return True
    # What is cancelled already stays so at any revision; ten digits that happen to be a number in Shanghai.
    return (field, value) in [("resource", []), ("revision", 7), ("customer.phone", "2147483648")]


def test_what_is_no_start_is_refused(door):
    for path in ("/holds", "/bookings", "/bookings/{reference}/reschedule"):
        address, body, _, bearer = door.good(path)
        before, holds = count(), count(Hold)
        for id, value in STARTS:
            refused(door.post(address, {**body, "start": value}, **bearer))
            assert (count(), count(Hold)) == (before, holds), id


def test_what_is_no_zone_is_refused(door):
    for zone in ZONES:
        refused(door.book(timezone=zone), "timezone")
        answer = door.client.get(
            "/api/v1/services/everything/slots", query_string={"timezone": zone, "location": "here"}
        )
        refused(answer, "timezone")
    assert count() == 0


def test_what_nobody_may_set_is_refused_by_its_name(door):
    for field in (
        "price",
        "discount",
        "status",
        "role",
        "revision",
        "created_by",
        "is_demo",
        "id",
        "__proto__",
        "a.b",
        "预",
    ):
        for path in ("/holds", "/bookings"):
            address, body, _, _ = door.good(path)
            answer = door.post(address, {**body, field: "confirmed"})
            refused(answer)
            assert answer.json["errors"][field]["code"] == "unknown_field"
        refused(door.book(customer={**CUSTOMER, field: "x"}), f"customer.{field}")
        refused(door.book(answers={**ANSWERS, field: "x"}), f"answers.{field}")
    assert count() == 0


def test_a_service_for_staff_is_not_there_for_programs(door):
    for path in ("/holds", "/bookings"):
        address, body, _, _ = door.good(path)
        answer = door.post(address, {**body, "service": "inside", "location": "here"})
        assert (answer.status_code, answer.json["code"]) == (404, "unknown_service")


def test_five_hundred_resources_are_too_many(door):
    answer = door.post("/api/v1/holds", {**SLOT, "resource": ["ann"] * 500})
    refused(answer, "resource")


def test_a_body_that_cannot_be_read(door):
    for path in ("/holds", "/bookings", "/bookings/{reference}/reschedule", "/bookings/{reference}/cancel"):
        address, _, _, bearer = door.good(path)
        for id, body, status in BODIES:
            given = {"Idempotency-Key": "k", **bearer}
            answer = door.client.post(address, data=body, headers=given, content_type="application/json")
            assert (answer.status_code, answer.json["code"]) == (status, "malformed"), (path, id)
    assert count() == 1


def test_another_kind_of_body_is_no_json(door):
    for kind in KINDS:
        for path in ("/holds", "/bookings", "/bookings/{reference}/reschedule", "/bookings/{reference}/cancel"):
            address, _, _, bearer = door.good(path)
            given = {"Idempotency-Key": "k", **bearer}
            answer = door.client.post(address, data=b'{"service": "everything"}', headers=given, content_type=kind)
            assert (answer.status_code, answer.json["code"]) == (415, "unsupported"), (path, kind)


def test_a_key_that_cannot_be_one(door):
    before = count()
    for id, key in KEYS:
        for path in ("/holds", "/bookings"):
            address, body, _, _ = door.good(path)
            raw = key.encode().decode("latin-1")
            answer = door.client.post(address, json=body, headers={"Idempotency-Key": raw})
            assert answer.status_code == 400, (id, path)
            assert answer.json["code"] in ("idempotency_key_malformed", "idempotency_key_missing")
    assert count() == before


def test_a_key_that_comes_again_from_another_address_finds_the_booking_of_the_first(door):
    body = {**SLOT, "customer": CUSTOMER, "answers": ANSWERS}
    first, second = (
        door.client.post(
            "/api/v1/bookings",
            json=body,
            headers={"Idempotency-Key": "same"},
            environ_overrides={"REMOTE_ADDR": address},
        )
        for address in ("192.0.2.1", "192.0.2.2")
    )
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json["reference"] == second.json["reference"]
    assert second.headers["Idempotent-Replayed"] == "true"


def test_a_token_that_is_not_the_bookings(door):
    made, other = door.book().json, door.book().json
    right = made["token"]
    odd = [token for _, token in TOKENS]
    odd += [
        right[:-1],
        right + "x",
        right.swapcase(),
        right[::-1],
        other["token"],
        right[:-1] + ("A" if right[-1] != "A" else "B"),
    ]
    addresses = [("GET", ""), ("POST", "/cancel"), ("POST", "/reschedule")]
    for token in odd:
        for scheme in ("Bearer ", "bearer ", "Basic ", "", "Bearer  Bearer "):
            for method, path in addresses:
                answer = door.client.open(
                    f"/api/v1/bookings/{made['reference']}{path}",
                    method=method,
                    json={} if method == "POST" else None,
                    headers={"Authorization": (scheme + token).encode().decode("latin-1").replace("\0", "%00")},
                )
                assert (answer.status_code, answer.json["code"]) == (404, "not_found"), (token[:20], method, path)
    assert latest().status == "confirmed"


def test_an_old_revision_is_answered_with_the_booking_as_it_is(door):
    made = door.book().json
    path, bearer = f"/api/v1/bookings/{made['reference']}", {"Authorization": f"Bearer {made['token']}"}
    moved = door.post(f"{path}/reschedule", {"start": "2026-12-01T10:00:00+01:00", "revision": 0}, **bearer)
    assert moved.json["revision"] == 1
    for address, body in ((f"{path}/cancel", {}), (f"{path}/reschedule", {"start": START})):
        for revision in (0, 2, 10**9):
            stale = door.post(address, {**body, "revision": revision}, **bearer)
            assert (stale.status_code, stale.json["code"]) == (409, "stale")
            assert stale.json["booking"]["start"] == "2026-12-01T10:00:00+01:00"
