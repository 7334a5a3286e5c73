"""The programs' door, as its promises say."""

from __future__ import annotations

import pytest

from tests.factories import HANNAH


@pytest.fixture
def clinic(load_business, client):
    load_business("clinic")
    return client


def slots(client, service="check-up", **query):
    answer = client.get(f"/api/v1/services/{service}/slots", query_string=query)
    assert answer.status_code == 200, answer.json
    return answer.json["slots"]


def book(client, key="k", **more):
    service = more.get("service", "check-up")
    given = {"service": service, "start": slots(client, service)[0]["start"], "customer": HANNAH, **more}
    return client.post("/api/v1/bookings", json=given, headers={"Idempotency-Key": key} if key else {})


def test_services_are_listed_in_the_callers_language(clinic):
    answer = clinic.get("/api/v1/services", headers={"Accept-Language": "zh-CN"}).json["services"]
    assert [each["name"] for each in answer] == ["常规体检", "超声检查"]
    assert answer[1]["price"] == "65.00"
    assert answer[1]["approval"] is True


def test_slots_carry_the_locations_offset_and_an_etag(clinic):
    answer = clinic.get("/api/v1/services/check-up/slots")
    assert answer.json["slots"][0]["start"].endswith("+01:00")
    again = clinic.get("/api/v1/services/check-up/slots", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    book(clinic)
    changed = clinic.get("/api/v1/services/check-up/slots", headers={"If-None-Match": answer.headers["ETag"]})
    assert changed.status_code == 200


def test_another_timezone_changes_the_offsets_only(clinic):
    here, there = slots(clinic), slots(clinic, timezone="Asia/Shanghai")
    assert there[0]["start"].endswith("+08:00")
    assert len(here) == len(there)


def test_taken_starts_come_with_their_reason(clinic):
    start = slots(clinic)[0]["start"]
    book(clinic, resource="dr-yilmaz")
    found = [each for each in slots(clinic, include="taken", resource="dr-yilmaz") if each["start"] == start]
    assert found[0]["available"] is False
    assert found[0]["reason"] == "taken"


def test_nobody_can_be_booked_at_what_is_refused(load_business, client):
    load_business("studio")
    found = slots(client, "yoga", include="taken", location="jingan")
    refused = {each["reason"]: each["seats_left"] for each in found if not each["available"]}
    assert refused == {"too_soon": 0}
    assert {each["seats_left"] for each in found if each["available"]} == {8}


def test_a_class_that_is_full_for_a_party_says_how_many_can_come(load_business, client):
    load_business("studio")
    start = slots(client, "yoga")[0]["start"]
    assert book(client, service="yoga", start=start, seats=6).status_code == 201
    found = [each for each in slots(client, "yoga", include="taken", seats=4) if each["start"] == start]
    assert [(each["reason"], each["seats_left"]) for each in found] == [("full", 2)]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"from": "2026-12-01", "to": "2027-12-01"}, 422, "range_too_long"),
        ({"from": "2026-12-02", "to": "2026-12-01"}, 422, "invalid"),
        ({"from": "yesterday"}, 422, "invalid"),
        ({"duration": "45"}, 422, "bad_duration"),
        ({"seats": "2"}, 422, "too_many_seats"),
        ({"location": "mars"}, 404, "unknown_location"),
        ({"resource": "room-1"}, 404, "unknown_resource"),
        ({"spy": "1"}, 422, "invalid"),
    ],
)
def test_odd_questions_are_refused_by_name(clinic, query, status, code):
    answer = clinic.get("/api/v1/services/check-up/slots", query_string=query)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert answer.mimetype == "application/problem+json"


def test_a_place_is_required_where_there_are_several(load_business, client):
    load_business("rental")
    answer = client.get("/api/v1/services/design-talk/slots")
    assert (answer.status_code, answer.json["code"]) == (422, "location_required")


def test_holding_and_booking(clinic):
    start = slots(clinic)[0]["start"]
    held = clinic.post("/api/v1/holds", json={"service": "check-up", "start": start})
    assert held.status_code == 201
    assert held.json["start"] == start
    made = clinic.post(
        "/api/v1/bookings", json={"hold": held.json["hold"], "customer": HANNAH}, headers={"Idempotency-Key": "k"}
    )
    assert made.status_code == 201
    assert made.json["status"] == "confirmed"
    assert made.json["manage_url"].startswith("http://localhost/b/")
    assert clinic.get(made.json["calendar_url"].removeprefix("http://localhost")).mimetype == "text/calendar"


def test_releasing_a_hold(clinic):
    held = clinic.post("/api/v1/holds", json={"service": "check-up", "start": slots(clinic)[0]["start"]}).json["hold"]
    assert [clinic.delete(f"/api/v1/holds/{held}").status_code for _ in range(2)] == [204, 204]
    assert clinic.delete("/api/v1/holds/never").json["code"] == "unknown_hold"


def test_the_same_key_and_body_give_the_same_answer(clinic):
    start = slots(clinic)[0]["start"]
    first, second = book(clinic, start=start), book(clinic, start=start)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json == second.json
    assert second.headers["Idempotent-Replayed"] == "true"
    other = book(clinic, start=start, customer={**HANNAH, "name": "Another"})
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")


def test_the_same_key_holds_the_same_time(clinic):
    start = slots(clinic)[0]["start"]
    both = [
        clinic.post(
            "/api/v1/holds", json={"service": "check-up", "start": start}, headers={"Idempotency-Key": "h"}
        ).json
        for _ in range(2)
    ]
    assert both[0] == both[1]


def test_a_key_is_required_to_book(clinic):
    assert book(clinic, key=None).json["code"] == "idempotency_key_missing"


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "ü"])
def test_odd_keys_are_refused(clinic, key):
    answer = clinic.post("/api/v1/bookings", json={}, headers={"Idempotency-Key": key.encode().decode("latin-1")})
    assert answer.status_code in (400, 422)


def test_a_lost_slot_comes_with_alternatives(clinic):
    start = slots(clinic, resource="dr-yilmaz")[0]["start"]
    assert book(clinic, start=start, resource="dr-yilmaz").status_code == 201
    answer = book(clinic, key="other", start=start, resource="dr-yilmaz")
    assert (answer.status_code, answer.json["code"]) == (409, "slot_taken")
    assert 1 <= len(answer.json["alternatives"]) <= 3
    assert all(each["start"].endswith("+01:00") for each in answer.json["alternatives"])
    assert answer.json["title"].startswith(start[11:16])


@pytest.mark.parametrize(
    ("start", "status", "code"),
    [
        ("2026-12-01T09:07:00+01:00", 422, "off_grid"),
        ("2026-12-01T09:10:01+01:00", 422, "off_grid"),
        ("2026-12-01T13:00:00+01:00", 422, "closed"),
        ("2026-12-24T09:00:00+01:00", 422, "closed"),
        ("2026-11-30T10:10:00+01:00", 422, "too_soon"),
        ("2026-11-01T09:00:00+01:00", 422, "too_soon"),
        ("2027-03-02T09:00:00+01:00", 422, "too_far"),
        ("2026-12-01T09:00:00", 422, "invalid"),
        ("2026-02-30T09:00:00Z", 422, "invalid"),
        ("12/03/2026", 422, "invalid"),
        ("0001-01-01T00:00:00Z", 422, "invalid"),
        ("9999-12-31T23:59:59Z", 422, "invalid"),
        (1796029200, 422, "invalid"),
        (None, 422, "invalid"),
    ],
)
def test_starts_that_cannot_be_had(clinic, start, status, code):
    answer = clinic.post("/api/v1/holds", json={"service": "check-up", "start": start})
    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_any_offset_names_the_same_instant(clinic):
    start = "2026-12-01T09:00:00+01:00"
    for same in ("2026-12-01T08:00:00Z", "2026-12-01T22:00:00+14:00", "2026-12-01T08:00:00-00:00"):
        held = clinic.post("/api/v1/holds", json={"service": "check-up", "start": same})
        assert (held.status_code, held.json["start"]) == (201, start)
        clinic.delete(f"/api/v1/holds/{held.json['hold']}")


def test_a_booking_is_seen_with_its_token_only(clinic):
    made, other = book(clinic).json, book(clinic, key="o", start=slots(clinic)[40]["start"]).json
    path = f"/api/v1/bookings/{made['reference']}"
    assert clinic.get(path, headers={"Authorization": f"Bearer {made['token']}"}).json["reference"] == made["reference"]
    for odd in (
        "",
        "Bearer",
        "Bearer x",
        f"Bearer {other['token']}",
        f"Basic {made['token']}",
        "Bearer " + "x" * 10_000,
    ):
        assert clinic.get(path, headers={"Authorization": odd}).status_code == 404
    assert clinic.get(path).status_code == 404


def test_nothing_on_the_way_keeps_a_booking(clinic):
    made = book(clinic)
    path, bearer = f"/api/v1/bookings/{made.json['reference']}", {"Authorization": f"Bearer {made.json['token']}"}
    seen, hidden = clinic.get(path, headers=bearer), clinic.get(path)
    stale = clinic.post(f"{path}/cancel", json={"revision": 7}, headers=bearer)
    assert [each.status_code for each in (made, seen, hidden, stale)] == [201, 200, 404, 409]
    assert {each.headers["Cache-Control"] for each in (made, seen, hidden, stale)} == {"no-store"}


def test_moving_and_cancelling(clinic):
    made = book(clinic, start="2026-12-08T09:00:00+01:00").json
    bearer = {"Authorization": f"Bearer {made['token']}"}
    path = f"/api/v1/bookings/{made['reference']}"
    moved = clinic.post(
        f"{path}/reschedule", json={"start": "2026-12-08T09:10:00+01:00", "revision": 0}, headers=bearer
    )
    assert (moved.status_code, moved.json["revision"], moved.json["start"]) == (200, 1, "2026-12-08T09:10:00+01:00")
    stale = clinic.post(f"{path}/cancel", json={"revision": 0}, headers=bearer)
    assert (stale.status_code, stale.json["code"], stale.json["booking"]["revision"]) == (409, "stale", 1)
    done = clinic.post(f"{path}/cancel", json={"reason": "Ill"}, headers=bearer)
    assert (done.status_code, done.json["status"]) == (200, "cancelled")
    late = clinic.post(f"{path}/reschedule", json={"start": "2026-12-08T10:00:00+01:00"}, headers=bearer)
    assert (late.status_code, late.json["code"]) == (409, "state_changed")


def test_the_deadline_is_the_servers(clinic):
    made = book(clinic).json
    answer = clinic.post(
        f"/api/v1/bookings/{made['reference']}/cancel", json={}, headers={"Authorization": f"Bearer {made['token']}"}
    )
    assert (answer.status_code, answer.json["code"]) == (409, "too_late")
    # Told by the clock of the place: the visit is today at 14:00 in Berlin.
    assert "Sun 29 Nov, 14:00" in answer.json["detail"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 400),
        ("null", 400),
        ('"x"', 400),
        ("[]", 400),
        ("{} x", 400),
        ('{"service": NaN}', 400),
        ('{"seats": Infinity}', 400),
        ('{"seats": 1e999}', 400),
        ('{"service": "a", "service": "b"}', 400),
        ('{"a":' * 40 + "1" + "}" * 40, 400),
        ("[" * 100_000, 400),
        ('{"seats": ' + "9" * 5000 + "}", 400),
        ('\ufeff{"service": "check-up"}', 400),
        ('{"service": "\\ud800", "start": "x"}', 422),
        ('{"service": "check-up", "start": "2026-12-01T09:00:00Z", "price": 0}', 422),
        ('{"service": "check-up", "start": "2026-12-01T09:00:00Z", "seats": true}', 422),
        ('{"service": "check-up", "start": "2026-12-01T09:00:00Z", "seats": 1.5}', 422),
        ('{"service": "check-up", "start": "2026-12-01T09:00:00Z", "seats": -1}', 422),
        ('{"service": ["check-up"], "start": "2026-12-01T09:00:00Z"}', 422),
    ],
)
def test_bodies_that_cannot_be_read(clinic, body, status):
    answer = clinic.post("/api/v1/holds", data=body.encode("utf-8", "surrogatepass"), content_type="application/json")
    assert answer.status_code == status, answer.json


def test_other_encodings_and_forms_are_not_json(clinic):
    for kind, data in [
        ("application/x-www-form-urlencoded", b"service=check-up"),
        ("text/plain", b"{}"),
        ("application/json; charset=utf-16", '{"a": 1}'.encode("utf-16")),
    ]:
        assert clinic.post("/api/v1/holds", data=data, content_type=kind).status_code == 415
    assert clinic.post("/api/v1/holds", data=b"\xff\xfe", content_type="application/json").status_code == 400


def test_a_large_body_is_refused(clinic):
    answer = clinic.post("/api/v1/holds", data=b"{" + b" " * 1_100_000 + b"}", content_type="application/json")
    assert (answer.status_code, answer.json["code"]) == (413, "too_large")


def test_the_wrong_method_names_the_right_ones(clinic):
    answer = clinic.put("/api/v1/holds")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_what_is_asked_beside_a_booking_is_asked_of_programs_too(clinic, clock):
    from actions import consenting
    from models import consent
    from models.base import db

    assert clinic.get("/api/v1/services").json["consent"] == []
    common = {"asked": True, "actor": "shell", "now": clock.now}
    consenting.write_text(purpose="sensitive", said={"en": "About my health", "zh": "健康信息"}, needed=True, **common)
    consenting.write_text(purpose="marketing", said={"en": "News"}, needed=False, **common)
    asked = {each["purpose"]: each for each in clinic.get("/api/v1/services").json["consent"]}
    assert {name: (each["text"], each["needed"]) for name, each in asked.items()} == {
        "sensitive": ("About my health", True),
        "marketing": ("News", False),
    }
    chinese = clinic.get("/api/v1/services", headers={"Accept-Language": "zh-CN"}).json["consent"]
    assert {each["text"] for each in chinese} >= {"健康信息"}
    needed, other = asked["sensitive"]["id"], asked["marketing"]["id"]
    hold = {"service": "check-up", "start": slots(clinic)[0]["start"]}
    held = clinic.post("/api/v1/holds", json=hold, headers={"Idempotency-Key": "held"}).json["hold"]
    held = {"hold": held, "customer": HANNAH, "start": None, "service": None}

    def refusal(number, **given):
        answer = book(clinic, f"k{number}", **given)
        assert answer.status_code == 422, answer.json
        return {name: each["code"] for name, each in answer.json["errors"].items()}

    def of_hold(**given):
        body = {name: value for name, value in {**held, **given}.items() if value is not None}
        return clinic.post("/api/v1/bookings", json=body, headers={"Idempotency-Key": "of-a-hold"})

    assert refusal(1) == refusal(2, consent={"marketing": other}) == {"consent.sensitive": "consent_needed"}
    assert of_hold().json["errors"]["consent.sensitive"]["code"] == "consent_needed"
    nameless = refusal(8, customer={**HANNAH, "name": ""})
    assert nameless == {"customer.name": "required", "consent.sensitive": "consent_needed"}, "all at once"
    # Words of another purpose, or that nobody has written, are not agreed to.
    assert (
        refusal(3, consent={"sensitive": other})
        == refusal(4, consent={"sensitive": 99})
        == {"consent.sensitive": "odd"}
    )
    assert refusal(5, consent={"tea": 1}) == {"consent.tea": "unknown_field"}
    assert refusal(6, consent={"sensitive": True}) == {"consent.sensitive": "not_a_whole_number"}
    assert refusal(7, consent=[needed]) == {"consent": "odd"}
    made = book(clinic, "good", consent={"sensitive": needed})
    assert made.status_code == 201
    given = consent.of_customers(db.session(), [1])
    assert [(each.purpose, each.given_by) for each in given] == [("sensitive", "program")]
    assert of_hold(consent={"sensitive": needed}).status_code == 201


def test_internal_services_cannot_be_had(load_business, client, tmp_path):
    from tests.conftest import BUSINESSES

    path = tmp_path / "clinic.yaml"
    path.write_text(
        (BUSINESSES / "clinic.yaml").read_text().replace("  - slug: ultrasound", "  - slug: ultrasound\n    who: staff")
    )
    load_business(path)
    assert [each["slug"] for each in client.get("/api/v1/services").json["services"]] == ["check-up"]
    assert client.get("/api/v1/services/ultrasound/slots").json["code"] == "unknown_service"
    answer = client.post("/api/v1/holds", json={"service": "ultrasound", "start": "2026-12-08T09:00:00Z"})
    assert answer.status_code == 404
