"""Every route of the desk, and of programs of staff, against one table: who gets to what, and what she reads there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from actions import rights
from models.base import db
from models.people import Customer
from tests.support.practice import MARKS, WHOSE, Practice, Thing
from tests.support.web import Visitor

pytestmark = pytest.mark.many
TABLE: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "rights.yaml").read_text(encoding="utf-8"))
LETTERS = "OMFSLA"
# Nobody of that name, no key and no file of hers of that number.
OF_NOBODY = frozenset(
    {
        "api.assign",
        "desk.do_end_key",
        "desk.export_file",
        "desk.imports_one",
        "desk.do_import",
        "desk.import_refused",
        "desk.answer_file",
    }
)
SAFE = {"HEAD", "OPTIONS"}


def each(letters: str, again: str) -> pytest.MarkDecorator:
    """Every one of ``letters`` on SQLite; on PostgreSQL those whose rights reach furthest and those that are a WHERE: what is
    not asked of a database is the same on both."""
    cases = [("sqlite", letter) for letter in letters] + [("postgres", letter) for letter in again]
    return pytest.mark.parametrize(("database", "letter"), cases, indirect=["database"])


# Another number, another name.
OTHER = str.maketrans("0123456789abcdnoZz", "1234567890bcdeopQq")


def routes(practice: Practice) -> Iterator[tuple[Rule, str]]:
    """Every route of staff with its one method."""
    for rule in practice.app.url_map.iter_rules():
        if rule.endpoint.startswith("desk.") or rule.endpoint in TABLE["routes"]:
            for method in sorted(set(rule.methods or ()) - SAFE):
                yield rule, method


def address(practice: Practice, rule: Rule, thing: Thing, view: int = 1) -> str:
    """The address of a route for one thing; requests are decided, visits changed."""
    about = (
        thing.request if "decide" in rule.endpoint or rule.endpoint in ("api.approve", "api.decline") else thing.visit
    )
    ids = {"desk.blocked": thing.block, "desk.do_lift": thing.block, "desk.do_drop_view": view}
    values = {
        "reference": about.reference, "id": ids.get(rule.endpoint, practice.spare), "until": 1, "token": "x", "step": "drop" if "import" in rule.endpoint else "sign_out",
        "purpose": "marketing",
        "kind": "customers", "key": "wish",
        "slug": "visit", "tab": "read", "way": "revive",
        "room": "things",
        "chapter": "today", "language": "en", "name": "today.jpg",
    }  # fmt: skip
    if "public_id" in rule.arguments:
        values["public_id"] = db.session.get_one(Customer, about.customer_id).public_id
        db.session.rollback()
    with practice.app.test_request_context():
        built = practice.app.url_map.bind("localhost")
        return built.build(rule.endpoint, {name: values[name] for name in rule.arguments})


def sent(rule: Rule, thing: Thing) -> dict[str, str]:
    given = TABLE["sent"].get(rule.endpoint, {})
    return {
        name: str(value).format(reference=thing.request.reference, person=thing.person) for name, value in given.items()
    }


def asked(visitor: Visitor, method: str, path: str, form: dict[str, str], **more: Any) -> TestResponse:
    if path.startswith("/api/"):
        return visitor.open(path, method=method, json=form if method == "POST" else None, **more)
    where = "query_string" if method == "GET" else "data"
    return visitor.open(path, method=method, **{where: form}, **more)


def text_of(answer: TestResponse) -> str:
    """What it says; a workbook's bytes are no text, but a name in it would be seen."""
    return answer.data.decode(errors="replace")


def outcome(answer: TestResponse) -> str:
    """In, away (no right), nothing (not there for her), or out (not signed in)."""
    if answer.status_code == 401 or "/desk/sign-in" in answer.headers.get("Location", ""):
        return "out"
    return {403: "away", 404: "nothing"}.get(answer.status_code, "in")


def test_the_table_names_every_route_and_no_other(practice):
    with_key = {rule.endpoint for rule in practice.app.url_map.iter_rules() if is_for_keys(practice, rule)}
    desk = {rule.endpoint for rule in practice.app.url_map.iter_rules() if rule.endpoint.startswith("desk.")}
    assert set(TABLE["routes"]) == desk | with_key
    assert set(TABLE["sent"]) <= desk | with_key


def is_for_keys(practice: Practice, rule: Rule) -> bool:
    """True for a route of programs whose description asks for a key of staff."""
    from api.schema import document

    path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule.removeprefix("/api/v1"))
    for method in sorted(set(rule.methods or ()) - SAFE):
        if {"staff": []} in document()["paths"].get(path, {}).get(method.lower(), {}).get("security", []):
            return rule.endpoint.startswith("api.")
    return False


def test_every_route_of_staff_is_described_as_one(practice):
    """What the document forgets to say asks for a key, the test above would forget, too."""
    visitor = practice.app.test_client()
    for rule in practice.app.url_map.iter_rules():
        if rule.endpoint.startswith("api.") and "reference" in rule.arguments:
            key = practice.key("O", practice.now)
            path = address(practice, rule, practice.things["own"])
            method = next(iter(set(rule.methods or ()) - SAFE))
            with_a_key = asked(visitor, method, path, sent(rule, practice.things["own"]), headers=key)
            assert (with_a_key.status_code != 404) == (rule.endpoint in TABLE["routes"]) or with_a_key.json[
                "code"
            ] == "unknown_resource", rule.endpoint


@each(LETTERS, "OL")
def test_each_gets_as_far_as_the_table_says(practice, clock, letter):
    visitor, view = practice.browser(letter), practice.view(letter, clock.now)
    key = practice.key(letter, clock.now) if letter != "A" else {}
    wrong = []
    for rule, method in routes(practice):
        entry = TABLE["routes"][rule.endpoint]
        headers = key if rule.endpoint.startswith("api.") else {}
        for whose, thing in practice.things.items() if entry in TABLE["reach"] else [("own", practice.things["own"])]:
            may = TABLE["reach"][entry][whose] if entry in TABLE["reach"] else LETTERS if entry == "open" else entry
            answer = asked(visitor, method, address(practice, rule, thing, view), sent(rule, thing), headers=headers)
            found = outcome(answer)
            if entry == "open":
                found = "in" if answer.status_code in (200, 303, 404, 422) else "failed"
            if found != expected(letter, rule, entry, whose, may):
                wrong.append((rule.endpoint, whose, found, answer.status_code))
            if answer.status_code >= 500:
                wrong.append((rule.endpoint, whose, "failed", answer.status_code))
            if rule.endpoint == "desk.do_sign_out" or found == "out":
                visitor = practice.browser(letter)
    assert wrong == []


def expected(letter: str, rule: Rule, entry: str, whose: str, may: str) -> str:
    if entry == "open":
        return "in"
    if rule.endpoint in OF_NOBODY and letter in may:
        return "nothing"
    if rule.endpoint == "desk.do_sign_out":
        return "out"
    if rule.endpoint.startswith("api.") and letter == "A":
        return "nothing" if rule.endpoint == "api.read" else "out"
    if letter in may:
        return "in"
    if entry not in TABLE["reach"] or not any(letter in each for each in TABLE["reach"][entry].values()):
        return "away"
    # What is not seen is not there; of what is seen one is told that it is not hers.
    if "public_id" in rule.arguments:
        return "away" if letter in TABLE["reach"]["person"][whose] else "nothing"
    is_booking = "reference" in rule.arguments or rule.endpoint == "desk.do_decide"
    return "away" if letter in TABLE["reach"]["see"][whose] or not is_booking else "nothing"


def test_nobody_gets_to_anything_without_signing_in(practice):
    thing = practice.things["own"]
    for rule, method in routes(practice):
        answer = asked(practice.app.test_client(), method, address(practice, rule, thing), sent(rule, thing))
        if TABLE["routes"][rule.endpoint] == "open" or rule.endpoint == "api.read":
            assert answer.status_code in (200, 303, 404, 422), rule.endpoint
        else:
            assert outcome(answer) == "out", rule.endpoint
            if method == "POST":
                assert answer.status_code == 401, rule.endpoint


# Decided above any database.
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_matters_asks_for_the_password_again(practice, clock):
    for letter in "OF":
        visitor = practice.browser(letter)
        clock.tick(minutes=11)
        for rule, method in routes(practice):
            entry = TABLE["routes"][rule.endpoint]
            if rule.endpoint.startswith("api.") or entry == "open" or rule.endpoint == "desk.do_sign_out":
                continue
            answer = asked(visitor, method, address(practice, rule, practice.things["own"]), {})
            asks = "/desk/prove" in answer.headers.get("Location", "") or b"once more: this matters" in answer.data
            may = entry in TABLE["reach"] or letter in entry
            assert asks == (rule.endpoint in TABLE["proof"] and may), rule.endpoint


def test_a_number_that_no_table_holds_is_not_there(practice):
    visitor = practice.browser("O")
    for rule, method in routes(practice):
        if "id" in rule.arguments and TABLE["routes"][rule.endpoint] != "open":
            path = re.sub(r"/\d+", "/" + "9" * 30, address(practice, rule, practice.things["own"]))
            assert asked(visitor, method, path, {}).status_code == 404, rule.endpoint


# Fields


def pages(practice: Practice, letter: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Every page that may show something of a booking, with the ways of looking at it."""
    for rule, method in routes(practice):
        if method != "GET" or not rule.endpoint.startswith("desk."):
            continue
        each_one = rule.arguments or TABLE["routes"][rule.endpoint] in TABLE["reach"]
        for thing in practice.things.values() if each_one else [practice.things["own"]]:
            yield address(practice, rule, thing), sent(rule, thing)
    for view in ("day", "week", "month", "list"):
        for more in ({}, {"table": "1"}, {"by": "person"}, {"status": "cancelled"}):
            yield "/desk/diary", {"view": view, "day": "2026-11-30", **more}
    yield "/desk/requests", {"show": "decided"}
    yield "/desk/requests", {"several": "1"}
    for person in WHOSE.values():
        yield "/desk/out", {"who": f"resource:{person}", "from": "2026-11-30", "until": "2026-12-04"}
    for thing in practice.things.values():
        for whole in (thing.mark("phone"), thing.mark("email")):
            yield "/desk/book", {"who": whole}
        # The last letter is missing, so that what the page says back is no find.
        for q in (
            thing.mark("name").split()[0][:-1],
            thing.mark("phone")[:-1],
            thing.mark("phone")[-6:-1],
            thing.mark("email")[:-5],
        ):
            for part in ("", "customers"):
                yield "/desk/book", {"who": q, "part": part}
            yield "/desk/diary", {"view": "week", "day": "2026-11-30", "q": q}
            yield "/desk/history", {"q": q}
            yield "/desk/customers", {"q": q}
        for about in (thing.visit, thing.request, thing.cancelled):
            yield f"/desk/b/{about.reference}", {}
            yield f"/desk/b/{about.reference}", {"part": "panel"}


def found_in(text: str, thing: Thing, field: str) -> bool:
    if field == "phone":
        digits = re.sub(r"[^0-9]", "", re.sub(r"<[^>]*>", "", re.sub(r"[\s()/-]", "", text)))
        return thing.mark("phone")[-7:] in digits
    return any(part in text for part in thing.mark(field).split(" ")[:1])


@each(LETTERS, "SL")
def test_what_is_hidden_from_her_is_on_no_page(practice, clock, letter):
    visitor, shown, wrong = practice.browser(letter), set(), []
    for path, query in [*pages(practice, letter)]:
        part = {"X-Part": query.pop("part")} if query.get("part") else {}
        answer = visitor.get(path, query_string=query, headers=part)
        assert answer.status_code < 500, (path, query)
        text = text_of(answer)
        for whose, thing in practice.things.items():
            for field in MARKS:
                if thing.mark(field) not in query.values() and found_in(text, thing, field):
                    shown.add((whose, field))
                    if letter not in TABLE["fields"][field][whose]:
                        wrong.append((path, query, whose, field))
    assert wrong == []
    # The control: whatever she may read was there to be read.
    for field, reads in TABLE["fields"].items():
        for whose in practice.things:
            assert ((whose, field) in shown) == (letter in reads[whose]), (field, whose)


@each(LETTERS.replace("A", ""), "SL")
def test_what_is_hidden_from_her_is_in_no_answer_to_her_programs(practice, clock, letter):
    visitor, key = practice.app.test_client(), practice.key(letter, clock.now)
    bodies = [visitor.get("/api/v1/bookings", query_string={"q": q}, headers=key) for q in ("", "Zz", "zz")]
    for thing in practice.things.values():
        for about in (thing.visit, thing.request, thing.cancelled):
            bodies.append(visitor.get(f"/api/v1/bookings/{about.reference}", headers=key))
    assert {answer.status_code for answer in bodies} <= {200, 404}
    text = "".join(text_of(answer) for answer in bodies)
    for whose, thing in practice.things.items():
        for field in MARKS:
            reads = letter in TABLE["fields"][field][whose] and field != "note"
            assert found_in(text, thing, field) == reads, (field, whose)


# Searching


@each("SLA", "L")
def test_no_search_tells_what_a_page_hides(practice, clock, letter):
    """Looked for by what she may not read, a booking is found no more than by nonsense."""
    visitor = practice.browser(letter)
    key = practice.key(letter, clock.now) if letter != "A" else {}
    ways = [
        ("/desk/diary", {"view": "week", "day": "2026-11-30"}, "q"), ("/desk/diary", {"view": "list"}, "q"),
        ("/desk/diary/version", {"view": "week", "day": "2026-11-30"}, "q"), ("/desk/history", {}, "q"),
        ("/desk/book", {}, "who"), ("/api/v1/bookings", {}, "q"),
    ]  # fmt: skip
    tried = 0
    for whose, thing in practice.things.items():
        for field in ("name", "phone", "email", "company"):
            if letter in TABLE["fields"][field][whose]:
                continue
            for path, query, name in ways:
                # The whole number or address of a caller finds her at the telephone; a part of it nobody.
                value = {"phone": thing.mark(field)[-6:], "email": thing.mark(field)[:-4]}.get(
                    field, thing.mark(field)[:-6]
                )
                answers = []
                for typed in (value, value.translate(OTHER)):
                    answer = visitor.get(path, query_string={**query, name: typed}, headers=key)
                    assert answer.status_code in (200, 403, 401), (path, typed)
                    answers.append(
                        re.sub(r'"token" value="[^"]*"|[0-9a-f]{16}', "", text_of(answer)).replace(typed, "")
                    )
                references = [set(re.findall(r"/desk/b/(\w{8})|\"reference\":\"(\w{8})", each)) for each in answers]
                assert references[0] == references[1], (path, whose, field)
                assert len(answers[0]) == len(answers[1]) or path != "/desk/diary/version", (path, whose, field)
                tried += 1
    assert tried > 20


# A field that is left out when it is shown, on either database.
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_role_without_prices_reads_none(practice, clock):
    """The control is the same role before the switch is set."""
    visitor, key = practice.browser("F"), practice.key("F", clock.now)

    def priced():
        found = [visitor.get(path, query_string=query) for path, query in pages(practice, "F") if "part" not in query]
        found.append(practice.app.test_client().get("/api/v1/bookings", headers=key))
        return sum("47.00" in text_of(answer) for answer in found)

    assert priced() > 5
    rights.switch(role="front_desk", name="prices", on=False, by=practice.viewer("O"), now=clock.now)
    assert priced() == 0
