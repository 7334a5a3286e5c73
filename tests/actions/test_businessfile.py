"""A business as a file: loaded, edited, refused, dumped."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from sqlalchemy import select

import config
from actions.businessfile.dumping import dump
from actions.businessfile.loading import load
from actions.businessfile.reading import Wrong
from models.base import Base, db
from models.booking import Booking
from models.business import Business
from models.catalogue import Definition, Resource, Service
from models.snapshot import catalogue
from tests.factories import booked, free, held

DEMO = config.ROOT / "demo" / "business.yaml"
SMALL = """
business: {name: A, timezone: Europe/Berlin, country: DE, currency: EUR}
locations: [{slug: here, name: Here, hours: {mon: ["09:00-17:00"], tue: ["09:00-17:00"]}}]
resources: [{slug: anna, kind: staff, name: Anna, location: here}]
services: [{slug: talk, name: Talk, duration: 30, needs: [{kind: staff}]}]
"""


@pytest.fixture
def write(tmp_path):
    def written(text: str, name: str = "business.yaml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return written


def rows():
    """Everything that the catalogue holds, without what only counts."""
    skip = {"business.catalogue_version", "resource.version"}
    tables = [
        "business",
        "location",
        "weekly_hours",
        "special_day",
        "absence",
        "resource",
        "resource_location",
        "resource_unit",
    ]
    tables += ["resource_skill", "service", "service_location", "need", "need_resource", "need_skill", "definition"]
    found = {}
    for name in tables:
        table = Base.metadata.tables[name]
        columns = [column for column in table.columns if f"{name}.{column.name}" not in skip and column.name != "id"]
        found[name] = sorted(repr(tuple(row)) for row in db.session.execute(select(*columns)))
    return found


@pytest.mark.parametrize("name", ["clinic", "studio", "rental", "demo"])
def test_loading_twice_changes_nothing(load_business, name):
    path = DEMO if name == "demo" else name
    load_business(path)
    before, version = rows(), db.session.execute(select(Business.catalogue_version)).scalar()
    report = load_business(path)
    assert (report.added, report.changed, report.retired) == ([], [], [])
    assert rows() == before
    assert db.session.execute(select(Business.catalogue_version)).scalar() == version


@pytest.mark.parametrize("name", ["clinic", "studio", "rental", "demo"])
def test_a_dump_loads_to_the_same_database(load_business, app, tmp_path, clock, name):
    load_business(DEMO if name == "demo" else name)
    before = rows()
    dump(pictures_dir=app.config["SETTINGS"].pictures, target=tmp_path / "dumped.yaml")
    db.session.rollback()
    report = load_business(tmp_path / "dumped.yaml")
    assert report.changed == []
    assert rows() == before


def test_an_edit_changes_what_was_edited_and_leaves_bookings(load_business, clock, write):
    load_business(write(SMALL))
    made = booked("talk", clock.now).booking
    report = load_business(write(SMALL.replace("duration: 30", "duration: 45")))
    assert report.changed == ["service talk"]
    row = db.session.execute(select(Booking.terms)).scalar_one()
    assert row["minutes"] == 30
    assert catalogue(db.session()).services["talk"].lengths[0].minutes == 45
    assert made.end - made.start != free("talk", clock.now)[0].end - free("talk", clock.now)[0].start


def test_an_edit_of_questions_makes_a_version(load_business, write):
    question = "questions: [{key: why, type: text, label: Why}]"
    with_question = SMALL.replace("duration: 30,", f"duration: 30, {question},")
    for text in (with_question, with_question.replace("label: Why", "label: What for"), SMALL):
        load_business(write(text))
    versions = db.session.execute(select(Definition.version, Definition.state).order_by(Definition.version)).all()
    assert [tuple(row) for row in versions] == [(1, "retired"), (2, "retired")]
    assert db.session.execute(select(Service.definition_id)).scalar() is None


def test_what_the_file_does_not_name_stays_until_it_is_retired(load_business, write, clock):
    more = SMALL.replace("services: [", "services: [{slug: more, name: More, duration: 15, needs: [{kind: staff}]}, ")
    load_business(write(more))
    assert load_business(write(SMALL)).missing == ["service more"]
    assert "more" in catalogue(db.session()).services
    assert load_business(write(SMALL), retire_missing=True).retired == ["service more"]
    assert "more" not in catalogue(db.session()).services
    assert load_business(write(more)).revived == ["service more"]


def test_what_is_booked_ahead_is_not_retired(load_business, write, clock):
    more = SMALL.replace("services: [", "services: [{slug: more, name: More, duration: 15, needs: [{kind: staff}]}, ")
    load_business(write(more))
    made = booked("more", clock.now).booking
    with pytest.raises(Wrong, match=made.reference):
        load_business(write(SMALL), retire_missing=True)
    assert "more" in catalogue(db.session()).services


def test_capacity_does_not_shrink_below_what_is_taken(load_business, clock, write):
    mats = SMALL.replace("kind: staff, name: Anna", "kind: equipment, capacity: 2, name: Mats").replace(
        "kind: staff}]", "kind: equipment, count: 2}]"
    )
    load_business(write(mats))
    held("talk", clock.now)
    with pytest.raises(Wrong, match="capacity"):
        load_business(write(mats.replace("capacity: 2", "capacity: 1").replace("count: 2", "count: 1")))
    assert db.session.execute(select(Resource.capacity)).scalar() == 2


def test_leaving_the_demo_is_one_step(load_business, clock):
    load_business(DEMO, demo=True)
    booked("private-talk", clock.now, location="mitte")
    report = load_business("clinic", replace_demo=True)
    assert report.wiped == 1
    assert set(catalogue(db.session()).services) == {"check-up", "ultrasound"}
    assert db.session.execute(select(Booking.id)).first() is None
    with pytest.raises(Wrong, match="not the demo"):
        load_business("rental", replace_demo=True)


BAD = [
    ("- a\n- b", "", "not a mapping"),
    ("a: &x 1\nb: *x", "", "aliases"),
    (SMALL + "business: {}", "business", "twice"),
    (SMALL.replace("name: A,", "nmae: A,"), "business.nmae", "unknown key"),
    (SMALL.replace("Europe/Berlin", "Mars/Base"), "business.timezone", "time zone"),
    (SMALL.replace("Europe/Berlin", "../../etc/passwd"), "business.timezone", "time zone"),
    (SMALL.replace("Europe/Berlin", "UTC+8"), "business.timezone", "time zone"),
    (SMALL.replace("country: DE", "country: XX"), "business.country", "country"),
    (SMALL.replace("currency: EUR", "currency: EURO"), "business.currency", "currency"),
    (SMALL.replace("09:00-17:00", "9-17"), "locations[0].hours.mon[0]", "hours like"),
    (SMALL.replace('mon: ["09:00-17:00"]', 'mon: ["09:00-12:00", "11:00-13:00"]'), "locations[0].hours.mon", "overlap"),
    (SMALL.replace("duration: 30", "duration: -30"), "services[0].duration", "minutes like"),
    (SMALL.replace("duration: 30", "duration: 30, price: 80.001"), "services[0].price", "price like"),
    (SMALL.replace("duration: 30", "duration: 30, price: NaN"), "services[0].price", "price like"),
    (SMALL.replace("duration: 30", "duration: [30, 60], seats: 8"), "services[0].duration", "one length"),
    (SMALL.replace("duration: 30", "seats: 9223372036854775808, duration: 30"), "services[0].seats", "whole number"),
    (SMALL.replace("duration: 30,", ""), "services[0].duration", "missing"),
    (SMALL.replace("needs: [{kind: staff}]", "needs: []"), "services[0].needs", "at least one"),
    (SMALL.replace("needs: [{kind: staff}]", "needs: [{kind: room}]"), "services[0].needs[0]", "no resource"),
    (
        SMALL.replace("needs: [{kind: staff}]", "needs: [{kind: staff, any_of: [ben]}]"),
        "services[0].needs[0].any_of[0]",
        "no resource",
    ),
    (SMALL.replace("location: here", "location: there"), "resources[0].location", "no location"),
    (SMALL.replace("slug: anna", "slug: Anna!"), "resources[0].slug", "lower-case"),
    (
        SMALL.replace(
            "duration: 30",
            "duration: 30, questions: [{key: a, type: text, label: A, show_if: {field: b, op: eq, value: 1}}]",
        ),
        "services[0].questions",
        "no such field",
    ),
    (SMALL.replace("name: Anna", 'name: "A\\u202e\\0"'), "resources[0].name", ""),
    (SMALL.replace("slug: here,", "slug: here, holidays: XX-1,"), "locations[0].holidays", "no holidays"),
    (SMALL.replace("slug: here,", 'slug: here, closed: ["2026-02-30"],'), "locations[0].closed[0]", "date"),
    (
        SMALL.replace("location: here}", 'location: here, time_off: [{from: "2026-12-02", to: "2026-12-01"}]}'),
        "resources[0].time_off[0]",
        "ends before",
    ),
    (SMALL.replace("business: {", "business: {logo: missing.svg, "), "business.logo", "beside the file"),
    ("x" * 3_000_000, "", "larger"),
    ("business: [", "", ""),
]


@pytest.mark.parametrize(("text", "place", "reason"), BAD)
def test_wrong_input_is_named_and_changes_nothing(load_business, write, text, place, reason):
    load_business("clinic")
    before = rows()
    if "u202e" in text:  # turned marks and NULs are cleaned away, not kept
        load_business(write(text))
        assert db.session.execute(select(Resource.name).where(Resource.slug == "anna")).scalar() == "A"
        return
    with pytest.raises(Wrong) as wrong:
        load_business(write(text))
    db.session.rollback()
    assert any(place in problem.place and reason in problem.reason for problem in wrong.value.problems), str(
        wrong.value
    )
    assert rows() == before


def test_every_mistake_is_named_at_once_with_its_line(load_business, write):
    with pytest.raises(Wrong) as wrong:
        load_business(
            write(
                SMALL.replace("country: DE", "country: NO1")
                .replace("duration: 30", "duration: x")
                .replace("slug: anna", "slug: A A")
            )
        )
    assert [problem.line for problem in wrong.value.problems] == [2, 4, 5]


@pytest.mark.parametrize("kind", ["script", "onload", "href", "doctype"])
def test_a_logo_that_could_run_is_refused(load_business, write, kind):
    bodies = {
        "script": "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        "onload": "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        "href": "<svg xmlns='http://www.w3.org/2000/svg'><rect href='javascript:alert(1)'/></svg>",
        "doctype": "<!DOCTYPE svg [<!ENTITY a 'b'>]><svg xmlns='http://www.w3.org/2000/svg'/>",
    }
    write(bodies[kind], "logo.svg")
    with pytest.raises(Wrong, match="logo"):
        load_business(write(SMALL.replace("business: {", "business: {logo: logo.svg, ")))


def test_the_norwegian_country_is_a_country(load_business, write):
    load_business(write(SMALL.replace("country: DE", "country: NO").replace("Europe/Berlin", "Europe/Oslo")))
    assert catalogue(db.session()).business.country == "NO"


def test_the_dump_is_plain_yaml(load_business, app):
    load_business("rental")
    document = yaml.safe_load(dump(pictures_dir=app.config["SETTINGS"].pictures))
    assert [each["slug"] for each in document["services"]] == [
        "van-hire",
        "bench-time",
        "laser-induction",
        "design-talk",
    ]


def test_a_dump_fills_an_empty_database_with_the_same_business(load_business, app, tmp_path, clock):
    load_business(DEMO, demo=True)
    path = tmp_path / "copy.yaml"
    first = dump(pictures_dir=app.config["SETTINGS"].pictures, target=path)
    db.session.rollback()
    load(path, pictures_dir=tmp_path, now=clock.now, replace_demo=True)
    assert dump(pictures_dir=tmp_path) == first
