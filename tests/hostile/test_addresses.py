"""Odd addresses, queries, cookies and headers: every one is answered, none of them with a failure."""

from __future__ import annotations

import re
from itertools import cycle, islice
from urllib.parse import quote

import icalendar
import pytest
from sqlalchemy import func, select

from actions import feeds
from models.base import db
from models.booking import Booking, Hold
from models.doors import Source
from tests.factories import booked
from tests.hostile.cases import NUMBERS, STARTS, TOKENS, WORDS, ZONES
from tests.hostile.doors import tree
from tests.hostile.readers import nothing_runs
from wire.links import manage_token

pytestmark = pytest.mark.many
SAFE = {"GET", "HEAD", "OPTIONS"}
# What the links and forms of the portal say in addresses, and what the API documents.
QUERY = "location length with seats src day month t start done lang tz back v from to duration resource timezone include".split()
GOOD = {
    "slug": "everything",
    "reference": "K7MQ4XWT",
    "secret": "x",
    "token": "x",
    "kind": "service",
    "form": "svg",
    "mode": "light",
    "digest": "0123456789",
    "name": "css/portal.css",
    "code": "ABCDEFG",
    "id": "1",
    "until": "1",
    "step": "leave",
    "way": "approve",
    "room": "places",
    "public_id": "0123456789abcdef",
    "purpose": "marketing",
    "chapter": "today",
    "language": "en",
    "tab": "read",
    "key": "topic",
}


def rules(app):
    """Every address of the application with its arguments."""
    return [rule for rule in app.url_map.iter_rules() if "GET" in rule.methods]


def address_of(rule, parts):
    """The address of a rule with a value in each of its places, whatever their converters would say."""
    return re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", lambda place: parts[place[1]], rule.rule)


def odd():
    return [value for _, value in [*WORDS, *TOKENS, *STARTS]] + [value for _, value, _ in NUMBERS] + ZONES


# Numbers beyond 64 bits are a failure of the driver there, where one slips through.
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_part_of_every_address_can_be_anything(asking, app):
    tried = 0
    for rule in app.url_map.iter_rules():
        for argument in rule.arguments:
            for value in {*(word for _, word in [*WORDS, *TOKENS]), ".", "..", "%2e%2e", "%00", "a/b", "a;b", "a.svg"}:
                path = address_of(rule, {**GOOD, argument: quote(value, safe="")})
                for method in sorted(rule.methods - {"OPTIONS"}):
                    with asking.open(path, method=method) as answer:
                        assert answer.status_code < 500, (method, path[:200])
                    tried += 1
    assert tried > 500


# On the database that takes less: no zero byte, no half of a character, no number beyond its column.
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_every_part_of_every_query_can_be_anything(asking, app, clock):
    made = booked("everything", clock.now, location="here").booking
    secret = manage_token(made, app.config["SECRET_KEY"])
    before, values = _counted(), cycle(odd())
    for rule in rules(app):
        path = address_of(rule, {**GOOD, "reference": made.reference})
        if rule.endpoint in ("assets.static_file", "health.readyz"):
            continue
        for name in QUERY:
            # Each name meets other values at each address.
            for value in islice(values, 2):
                answer = asking.get(path, query_string={"t": secret, name: value})
                assert answer.status_code < 500, (path, name, value[:100])
                _stays_here(answer)
    assert _counted() == before


def _counted():
    db.session.rollback()
    return [db.session.execute(select(func.count()).select_from(table)).scalar_one() for table in (Booking, Hold)]


def _stays_here(answer):
    """No answer leads to another host, sets a header of its own choice or runs anything."""
    to = answer.headers.get("Location", "/")
    assert to.startswith("/")
    assert not to.startswith(("//", "/\\"))
    assert "x=1" not in answer.headers.get("Set-Cookie", "").split(";")[0]
    if answer.mimetype == "text/html" and b"onerror" in answer.data:
        nothing_runs(tree(answer))


@pytest.mark.parametrize("name", ["seats", "location", "day", "t", "v", "lang"])
def test_a_name_that_comes_twice_or_as_a_list_is_no_fault(asking, name):
    for path in ("/", "/book/everything", "/api/v1/services/everything/slots", "/find", "/zone"):
        for query in (
            f"{name}=1&{name}=2",
            f"{name}[]=1",
            f"{name}[a]=1&{name}[b]=2",
            f"{name}",
            f"={name}",
            "&&&=",
            "%",
            "%ff%fe",
        ):
            assert asking.get(f"{path}?{query}").status_code < 500, (path, query)


def test_the_first_of_two_fields_counts(visitor):
    form = visitor.details()
    answer = visitor.client.post(
        form.action, data={**form.values, "name": ["First", "Second"], "q_topic": ["demo", "none"]}
    )
    assert answer.status_code == 303
    booking = db.session.execute(select(Booking)).scalar_one()
    assert (booking.name, booking.answers["topic"]) == ("First", "demo")


def test_what_a_customer_may_not_set_counts_for_nothing_and_is_noted(visitor, caplog):
    import logging

    logging.getLogger("frontdesk").propagate = True
    form = visitor.details()
    odd = {"status": "completed", "price_minor": "1", "role": "admin", "created_by": "staff", "seats": "5", "a[b]": "c"}
    answer = visitor.client.post(form.action, data={**form.values, **odd})
    booking = db.session.execute(select(Booking)).scalar_one()
    assert answer.status_code == 303
    assert (booking.status, booking.price_minor, booking.created_by, booking.seats) == (
        "confirmed",
        None,
        "customer",
        1,
    )
    noted = {each.getMessage() for each in caplog.records if "not asked for" in each.getMessage()}
    assert noted == {"not asked for by /book/everything/details: status, price_minor, role, created_by, seats, a[b]"}


def test_a_confirmation_without_a_hold_or_with_anothers_books_nothing(visitor, app):
    form = visitor.details()
    for other in (app.test_client(), app.test_client()):
        answer = other.post(form.action, data=form.values)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/book/everything")
        assert other.get(form.action).status_code == 302
    assert db.session.execute(select(func.count()).select_from(Booking)).scalar_one() == 0


def test_a_service_for_staff_is_not_there(asking):
    for path in ("/book/inside", "/book/inside/details", "/qr/service/inside.svg"):
        assert asking.get(path).status_code in (302, 404), path
    assert asking.post("/book/inside", data={"start": "2026-12-01T09:00:00Z"}).status_code == 404
    assert "Inside" not in asking.get("/").text


def test_sent_once_more_from_a_page_that_was_gone_back_to_it_leads_to_the_booking(visitor):
    form = visitor.details()
    first = visitor.client.post(form.action, data=form.values)
    again = visitor.client.post(form.action, data={**form.values, "name": "Another Name"})
    assert (again.status_code, again.headers["Location"]) == (303, first.headers["Location"])
    assert db.session.execute(select(Booking.name)).scalar_one() == "Anna Lee"


# Decided above any database.
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_any_cookie_is_no_fault(asking, clock):
    values = [value for _, value in WORDS if value.isascii() and value.isprintable() and ";" not in value] + ZONES[1:6]
    for name in ("session", "lang", "tz"):
        for value in [*values, "eyJ2aXNpdG9yIjoxfQ.x.y", ".eJw"]:
            asking.set_cookie(name, quote(value[:3000]))
            for path in ("/", "/book/everything", "/book/everything/details", "/zone"):
                assert asking.get(path).status_code in (200, 302), (name, value[:100], path)
        asking.delete_cookie(name)


def test_the_zone_of_a_machine_is_not_a_zone_of_a_customer(asking):
    """``localtime`` is a name that the system lists."""
    for zone in ("localtime", "Factory", *ZONES):
        answer = asking.get("/zone", query_string={"tz": zone})
        assert answer.status_code == 200, zone
        assert "Set-Cookie" not in {name for name, value in answer.headers if value.startswith("tz=")}
        asking.set_cookie("tz", quote(zone))
        assert asking.get("/book/everything").status_code == 200, zone


ODD_HEADERS = [
    ("Accept-Language", "xx;q=nan,,;;zh;q=9,*;q=-1"),
    ("Accept-Language", "z" * 5000),
    ("Accept", "text/html;level=\xff"),
    ("If-None-Match", '"' * 500),
    ("If-Modified-Since", "yesterday"),
    ("Range", "bytes=-1,999999999999999999999-"),
    ("X-Part", "times\t"),
    ("Cookie", "session=; ;; =; tz=\xff"),
    ("Referer", "javascript:alert(1)"),
    ("User-Agent", "\x1b[31m"),
    ("Content-Length", "-1"),
    ("Content-Type", "multipart/form-data"),
    ("Transfer-Encoding", "gzip"),
    ("X-Forwarded-For", "1.2.3.4, ; DROP TABLE"),
    ("Authorization", "Bearer eyJhbGciOiJub25lIn0.e30."),
    ("Origin", "null"),
]


# Decided above any database.
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("name", "value"), ODD_HEADERS)
def test_odd_headers_are_no_fault(asking, name, value):
    for path in ("/", "/book/everything", "/find", "/api/v1/services", "/b/K7MQ4XWT", "/feeds/x.ics"):
        answer = asking.get(path, headers={name: value})
        assert answer.status_code < 500, path


# Calendar feeds


@pytest.fixture
def feed(asking, clock):
    booked("everything", clock.now, location="here")
    secret = feeds.add(location="here", now=clock.now)
    db.session.rollback()
    return f"/feeds/{secret}.ics"


def test_a_feed_keeps_to_its_window_whatever_is_asked(asking, feed):
    plain = asking.get(feed).data
    for query in ("from=1900&to=9999", "from=x", "limit=-1", "limit=1000000000", "sort=password", "cursor=%00"):
        assert asking.get(f"{feed}?{query}").data == plain, query


def test_a_feed_answers_as_http_has_it(asking, feed):
    first = asking.get(feed)
    tag = first.headers["ETag"]
    assert first.headers["X-Robots-Tag"] == "noindex, nofollow"
    for match in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        unchanged = asking.get(feed, headers={"If-None-Match": match})
        assert (unchanged.status_code, unchanged.data) == (304, b""), match
    assert asking.get(feed, headers={"If-None-Match": '"x"'}).status_code == 200
    head = asking.head(feed)
    assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", tag)
    assert "GET" in asking.options(feed).headers["Allow"]
    for headers in ({"Range": "bytes=0-10"}, {"Accept": "text/html"}):
        answer = asking.get(feed, headers=headers)
        assert (answer.status_code, answer.data, answer.mimetype) == (200, first.data, "text/calendar"), headers
    assert asking.post(feed).status_code == 405
    assert icalendar.Calendar.from_ical(first.data)


def test_a_feed_is_opened_by_its_own_secret_alone(asking, feed, clock):
    secret = feed[7:-4]
    flipped = secret[:-1] + ("A" if secret[-1] != "A" else "B")
    odd = [
        *(token for _, token in TOKENS[1:]),
        flipped,
        secret.swapcase(),
        secret + "x",
        secret[:-1],
        secret + "%20",
        secret + "=",
    ]
    answers = {asking.get(f"/feeds/{quote(each, safe='%')}.ics").data for each in odd}
    assert len(answers) == 1
    assert asking.get(f"/feeds/{flipped}.ics").status_code == 404
    assert asking.get(f"{feed}x").status_code == 404
    assert feeds.revoke(id=feeds.listed()[0].id, now=clock.now)
    assert asking.get(feed).data in answers


# Signs


def test_a_sign_that_leads_nowhere_any_more_still_leads_to_the_services(asking, load_business, tmp_path):
    from pathlib import Path

    known = catalogue_of("class")
    code = db.session.execute(select(Source.code).where(Source.service_id == known)).scalar_one()
    lines = Path(__file__).with_name("asking.yaml").read_text()
    without = tmp_path / "without.yaml"
    without.write_text(re.sub(r"  - slug: class\n(    .*\n)+", "", lines))
    load_business(without, retire_missing=True)
    answer = asking.get(f"/q/{code}")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/?src={code}")
    assert asking.get(f"/q/{code.lower()}").status_code == 404


def catalogue_of(slug):
    from models.snapshot import catalogue

    return catalogue(db.session()).services[slug].id
