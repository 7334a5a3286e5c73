"""A business as a file: loaded, edited, refused, dumped."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest
import yaml
from PIL import Image
from sqlalchemy import select

import config
from actions.businessfile.checking import check
from actions.businessfile.dumping import dump
from actions.businessfile.loading import load
from actions.businessfile.reading import Wrong, read
from actions.catalogue_versions import versions
from models.base import Base, db
from models.booking import Booking
from models.business import Business, SpecialDay
from models.catalogue import Definition, Resource, ResourceUnit, Service
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


def test_an_edit_over_what_is_there_is_a_version_of_each_thing_that_differs(load_business, write, clock):
    more = SMALL.replace("services: [", "services: [{slug: more, name: More, duration: 15, needs: [{kind: staff}]}, ")

    def told(kind, slug=None):
        return [
            (each.actor, each.action, dict(each.before), dict(each.after))
            for each in versions(db.session(), kind, slug)
        ]

    load_business(write(more))
    kinds = (("business", None), ("location", "here"), ("resource", "anna"), ("service", "talk"), ("service", "more"))
    assert [told(*each) for each in kinds] == [[]] * 5, "the first file is nobody's edit"
    edited = SMALL.replace("duration: 30", "duration: 45").replace("name: Anna", "name: Anne")
    for _ in range(2):
        load_business(write(edited), retire_missing=True)
    assert told("service", "talk") == [("shell", "edited", {"duration": 30}, {"duration": 45})]
    assert told("resource", "anna") == [("shell", "edited", {"name": "Anna"}, {"name": "Anne"})]
    assert told("service", "more") == [("shell", "retired", {}, {})]
    assert told("business") == told("location", "here") == []
    load_business(write(more.replace("duration: 15", "duration: 20")))
    assert [each[1] for each in told("service", "more")] == ["edited", "revived", "retired"]
    earlier = versions(db.session(), "service", "talk")[-1].earlier
    assert earlier["duration"] == 30, "it can be put back like any other"


def test_a_file_that_is_refused_leaves_no_version(load_business, write, clock):
    more = SMALL.replace("services: [", "services: [{slug: more, name: More, duration: 15, needs: [{kind: staff}]}, ")
    load_business(write(more))
    booked("more", clock.now)
    with pytest.raises(Wrong):
        load_business(write(SMALL.replace("name: Anna", "name: Anne")), retire_missing=True)
    assert versions(db.session(), "resource", "anna") == []


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
    (
        SMALL.replace('hours: {mon: ["09:00-17:00"], tue: ["09:00-17:00"]}', 'hours: [{until: "2026-10-01"}]'),
        "locations[0].hours[0].until",
        "no hours",
    ),
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
    (SMALL.replace("Europe/Berlin", "localtime"), "business.timezone", "time zone"),
    (SMALL.replace("name: Anna", "name: !!python/name:os.system Anna"), "", "tags"),
    (SMALL.replace("name: Anna", "<<: {a: b}"), "resources[0].<<", "unknown key"),
    (SMALL.replace("name: Anna", "name: {en: Anna, zh: ''}"), "resources[0].name.zh", "empty"),
    (SMALL.replace("name: Anna", "name: [Anna]"), "resources[0].name", "text"),
    (SMALL.replace("name: Anna", "capacity: 2, units: [A, A], name: Anna"), "resources[0].units[1]", "twice"),
    (SMALL.replace("name: Anna", "capacity: 2, units: [A, B, C], name: Anna"), "resources[0].units", "3 names"),
    (SMALL.replace("slug: here,", "slug: here, closed: [12-24, 12-24],"), "locations[0].closed[1]", "twice"),
    (SMALL.replace("slug: here,", "slug: here, closed: [02-30],"), "locations[0].closed[0]", "date like"),
    (SMALL.replace("duration: 30", "duration: 30, starts: {mon: ['24:00']}"), "services[0].starts.mon[0]", "an end"),
    (SMALL.replace("duration: 30", "duration: 30, reminders: [60, 60]"), "services[0].reminders[1]", "twice"),
    (SMALL.replace("duration: 30", "duration: 30, place: online"), "services[0].online_link", "missing"),
    (SMALL.replace("duration: 30", "duration: 30, place: phone, ask: {phone: hidden}"), "ask.phone", "asked"),
    (SMALL.replace("duration: 30", "duration: 30, online_link: https://a.example"), "online_link", "only for"),
    (SMALL.replace("duration: 30", "duration: 2d, price: 999999999, price_per: day"), "services[0].price", "too high"),
    (SMALL.replace("currency: EUR", "currency: JPY").replace("on: 30", "on: 30, price: 9.50"), "price", "like 80,"),
    (
        SMALL.replace("needs: [{kind: staff}]", "needs: [{kind: staff, count: 2}]"),
        "services[0].needs[0].count",
        "2 units",
    ),
    (
        SMALL.replace("needs: [{kind: staff}]", "needs: [{kind: room, any_of: [anna]}]"),
        "needs[0].any_of",
        "not of kind",
    ),
    (
        SMALL.replace("locations: [", "locations: [{slug: there, name: There}, ").replace(
            "duration: 30, needs: [{kind: staff}]",
            "duration: 30, locations: [there], needs: [{kind: staff, any_of: [anna]}]",
        ),
        "services[0].needs[0].any_of",
        "none of the locations",
    ),
    (
        SMALL.replace("location: here}", "location: here, time_off: [{from: 12-24, to: 2026-12-26}]}"),
        "resources[0].time_off[0]",
        "one form",
    ),
    ("x" * 3_000_000, "", "larger"),
    ("business: [", "", "while parsing"),
    ("", "business", "missing"),
    ("# nothing yet\n", "business", "missing"),
    ("~", "", "not a mapping"),
    (SMALL + "\n---\n" + SMALL, "", "another document"),
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


@pytest.mark.parametrize("kind", ["stylesheet", "picture", "elsewhere", "utf-16", "other-namespace"])
def test_a_logo_that_could_fetch_or_hide_something_is_refused_or_written_anew(
    load_business, app, tmp_path, write, kind
):
    svg = "xmlns='http://www.w3.org/2000/svg'"
    bodies = {
        "stylesheet": f"<?xml-stylesheet href='https://evil.example/a.css'?><svg {svg}><rect width='1' height='1'/></svg>",
        "picture": f"<svg {svg}><image href='https://evil.example/a.png'/></svg>",
        "elsewhere": f"<svg {svg}><rect fill='url( https://evil.example/a.svg#b)'/></svg>",
        "utf-16": f"<svg {svg}><rect/></svg>",
        "other-namespace": f"<svg {svg} xmlns:h='http://www.w3.org/1999/xhtml'><h:g/></svg>",
    }
    path = tmp_path / "logo.svg"
    path.write_text(bodies[kind], encoding="utf-16" if kind == "utf-16" else "utf-8")
    file = write(SMALL.replace("business: {", "business: {logo: logo.svg, "))
    if kind == "stylesheet":
        load_business(file)
        assert "evil" not in (app.config["SETTINGS"].pictures / "logo.svg").read_text()
        return
    with pytest.raises(Wrong, match="logo"):
        load_business(file)


def photo(path: Path, size: tuple[int, int] = (2000, 1000), mode: str = "RGB", **more: object) -> Path:
    Image.new(mode, size).save(path, **more)
    return path


def test_a_photo_is_made_smaller_and_keeps_no_hidden_data(load_business, app, tmp_path, write):
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    photo(tmp_path / "talk.jpg", exif=exif)
    load_business(write(SMALL.replace("duration: 30", "duration: 30, picture: talk.jpg")))
    kept = app.config["SETTINGS"].pictures / "talk.jpg"
    with Image.open(kept) as picture:
        assert picture.size == (1200, 600)
    assert b"SecretCamera" in (tmp_path / "talk.jpg").read_bytes()
    assert b"SecretCamera" not in kept.read_bytes()


def test_what_is_see_through_stays_see_through(load_business, app, tmp_path, write):
    photo(tmp_path / "talk.png", (4, 4), "P", transparency=0)
    load_business(write(SMALL.replace("duration: 30", "duration: 30, picture: talk.png")))
    with Image.open(app.config["SETTINGS"].pictures / "talk.png") as picture:
        assert picture.convert("RGBA").getpixel((0, 0))[3] == 0


@pytest.mark.parametrize("broken", ["cut", "text", "gif", "vast"])
def test_what_is_no_picture_is_refused_beside_every_other_mistake(load_business, tmp_path, write, broken):
    path = tmp_path / "talk.png"
    if broken == "vast":
        photo(path, (10_000, 6_000), "1")
    elif broken == "gif":
        photo(path, (4, 4), format="GIF")
    else:
        photo(path)
        path.write_bytes(path.read_bytes()[:100] if broken == "cut" else b"not a picture")
    with pytest.raises(Wrong) as wrong:
        load_business(write(SMALL.replace("duration: 30", "duration: x, picture: talk.png")))
    assert [problem.place for problem in wrong.value.problems] == ["services[0].duration", "services[0].picture"]
    assert {problem.line for problem in wrong.value.problems} == {5}


def test_no_picture_changes_when_the_load_is_refused(load_business, app, tmp_path, write, clock):
    pictured = SMALL.replace("duration: 30", "duration: 30, picture: talk.png")
    photo(tmp_path / "talk.png", (4, 4))
    load_business(write(pictured))
    booked("talk", clock.now)
    photo(tmp_path / "talk.png", (8, 8))
    with pytest.raises(Wrong, match="booked ahead"):
        load_business(
            write(pictured.replace("slug: talk", "slug: chat").replace("name: Talk", "name: Chat")), retire_missing=True
        )
    with Image.open(app.config["SETTINGS"].pictures / "talk.png") as kept:
        assert kept.size == (4, 4)
    assert [path.name for path in app.config["SETTINGS"].pictures.glob(".*")] == []


VANS = SMALL.replace(
    "kind: staff, name: Anna", "kind: vehicle, capacity: 3, units: [Robin, Wren, Lark], name: Vans"
).replace("{kind: staff}", "{kind: vehicle}")


def units() -> dict[str, int]:
    """Ids of the units in service by name."""
    query = select(ResourceUnit.name, ResourceUnit.id).where(ResourceUnit.retired_at.is_(None))
    return dict(tuple(row) for row in db.session.execute(query.order_by(ResourceUnit.position)))


def test_a_named_unit_is_the_same_wherever_it_stands_in_the_list(load_business, write):
    load_business(write(VANS))
    before = units()
    load_business(write(VANS.replace("capacity: 3, units: [Robin, Wren, Lark]", "capacity: 2, units: [Lark, Robin]")))
    assert units() == {"Lark": before["Lark"], "Robin": before["Robin"]}
    load_business(write(VANS))
    assert units() == before


def test_a_new_name_in_the_place_of_another_renames_the_unit(load_business, write):
    load_business(write(VANS))
    before = units()
    load_business(write(VANS.replace("Wren", "Swift")))
    assert units() == {"Robin": before["Robin"], "Swift": before["Wren"], "Lark": before["Lark"]}


def test_the_unit_that_is_booked_cannot_go_but_another_can(load_business, write, clock):
    load_business(write(VANS))
    made = booked("talk", clock.now).booking  # the lowest free one: Robin
    with pytest.raises(Wrong, match=rf"Robin.*{made.reference}"):
        load_business(write(VANS.replace("capacity: 3, units: [Robin, ", "capacity: 2, units: [")))
    load_business(write(VANS.replace("capacity: 3, units: [Robin, Wren, ", "capacity: 2, units: [Robin, ")))
    assert list(units()) == ["Robin", "Lark"]


def test_everything_that_cannot_go_is_named_at_once(load_business, write, clock):
    load_business(write(VANS))
    made = booked("talk", clock.now).booking
    with pytest.raises(Wrong) as wrong:
        load_business(
            write(
                VANS.replace("capacity: 3, units: [Robin, Wren, Lark]", "capacity: 2, units: [Wren, Lark]").replace(
                    "slug: talk", "slug: chat"
                )
            ),
            retire_missing=True,
        )
    assert [problem.place for problem in wrong.value.problems] == ["resource anna", "service talk"]
    assert all(made.reference in problem.reason for problem in wrong.value.problems)


def test_a_dump_holds_what_the_last_file_did_not_name_after_what_it_named(load_business, app, tmp_path, write):
    more = SMALL.replace("services: [", "services: [{slug: more, name: More, duration: 15, needs: [{kind: staff}]}, ")
    load_business(write(more))
    load_business(write(SMALL))
    before = rows()
    dump(pictures_dir=app.config["SETTINGS"].pictures, target=tmp_path / "dumped.yaml")
    db.session.rollback()
    report = load_business(tmp_path / "dumped.yaml")
    assert (report.changed, rows()) == ([], before)
    assert list(catalogue(db.session()).services) == ["talk", "more"]


def test_a_new_currency_names_the_prices_that_the_file_does_not(load_business, write):
    more = "services: [{slug: more, name: More, price: 5, duration: 15, needs: [{kind: staff}]}, "
    load_business(write(SMALL.replace("services: [", more)))
    report = load_business(write(SMALL.replace("currency: EUR", "currency: GBP")))
    assert report.notes == ["business.currency: not in the file, and their prices now count in GBP: more"]
    load_business(write(SMALL.replace("services: [", more).replace("currency: EUR", "currency: JPY")))
    assert catalogue(db.session()).services["more"].price_minor == 5


@pytest.mark.parametrize(
    ("currency", "written", "minor"),
    [
        ("EUR", "80.00", 8000),
        ("EUR", "80", 8000),
        ("EUR", '"80.5"', 8050),
        ("JPY", "4500", 4500),
        ("JPY", "4500.0", 4500),
        ("KWD", "1.234", 1234),
    ],
)
def test_a_price_counts_in_the_smallest_unit_of_its_currency(load_business, write, currency, written, minor):
    load_business(write(SMALL.replace("EUR", currency).replace("duration: 30", f"duration: 30, price: {written}")))
    assert db.session.execute(select(Service.price_minor)).scalar() == minor


def test_what_yaml_would_misread_means_what_it_says(load_business, write):
    load_business(
        write(
            SMALL.replace("duration: 30", "duration: 30, starts: {mon: [12:30, 9:00]}, discreet: yes").replace(
                "slug: here,", "slug: here, closed: [2026-12-24], special_hours: {2026-12-31: [09:00-12:00]},"
            )
        )
    )
    assert db.session.execute(select(Service.starts, Service.discreet)).one() == ([[540, 750], *[[]] * 6], True)
    days = db.session.execute(select(SpecialDay.date, SpecialDay.kind).order_by(SpecialDay.date)).all()
    assert [tuple(day) for day in days] == [(date(2026, 12, 24), "closed"), (date(2026, 12, 31), "special_hours")]


def checked(more: str, today: date) -> dict:
    """What the file of one resource with something more means on a day."""
    return check(read(SMALL.replace("location: here}", f"location: here, {more}}}").encode()), today=today)


def test_a_yearly_leave_over_new_year_has_its_end_in_the_next_year():
    leave = "time_off: [{from: 12-24, to: 01-02}]"
    found = checked(leave, date(2027, 1, 1))["resources"][0]["absences"]
    assert len(found) == 11
    assert (found[0]["from_local"], found[0]["to_local"]) == (datetime(2026, 12, 24), datetime(2027, 1, 3))
    assert (found[-1]["from_local"], found[-1]["to_local"]) == (datetime(2036, 12, 24), datetime(2037, 1, 3))


def test_a_yearly_leave_of_a_leap_day_is_only_in_leap_years():
    found = checked("time_off: [{from: 02-29, to: 02-29}]", date(2026, 3, 1))["resources"][0]["absences"]
    assert [each["from_local"] for each in found] == [datetime(2028, 2, 29), datetime(2032, 2, 29)]
    found = checked("time_off: [{from: 02-27, to: 02-29}]", date(2026, 3, 1))["resources"][0]["absences"]
    assert [each["to_local"] for each in found[:3]] == [
        datetime(2026, 3, 1),
        datetime(2027, 3, 1),
        datetime(2028, 3, 1),
    ]


def test_a_date_with_its_year_counts_instead_of_the_yearly_one():
    found = checked("special_hours: {12-31: [09:00-12:00], 2026-12-31: [10:00-11:00]}", date(2026, 3, 1))
    days = {day["date"]: day["windows"] for day in found["resources"][0]["days"]}
    assert (days[date(2026, 12, 31)], days[date(2027, 12, 31)]) == ([[600, 660]], [[540, 720]])
    assert len(found["resources"][0]["days"]) == 10


def test_the_report_says_for_which_years_the_holidays_are_fixed(load_business, write):
    report = load_business(write(SMALL.replace("slug: here,", "slug: here, holidays: DE-BE,")))
    assert len(report.notes) == 1
    assert "locations[0].holidays" in report.notes[0] and report.notes[0].endswith("2026 to 2028")
    announced = load_business(write(SMALL.replace("slug: here,", "slug: here, holidays: CN,"))).notes[0]
    assert announced.endswith("2026 to 2028; those after 2026 are not official yet")


def test_chinese_make_up_days_are_not_guessed(load_business, write):
    load_business(write(SMALL.replace("slug: here,", "slug: here, holidays: CN,")))
    assert db.session.execute(select(SpecialDay.id).where(SpecialDay.kind == "works_as")).first() is None
    national = select(SpecialDay.name).where(SpecialDay.date == date(2026, 10, 1))
    assert db.session.execute(national).scalar() == {"en": "National Day", "zh": "国庆节"}


def test_a_place_where_a_need_cannot_be_served_is_worth_a_word(load_business, write):
    two = SMALL.replace("locations: [", "locations: [{slug: there, name: There}, ")
    assert load_business(write(two)).notes == []
    report = load_business(write(two.replace("duration: 30", "duration: 30, locations: [here, there]")))
    assert report.notes == ["services[0].needs[0]: nothing at there can serve this need"]


def test_a_file_on_top_of_the_demo_leaves_it_a_demo_and_says_so(load_business, write):
    load_business(DEMO, demo=True)
    assert "--replace-demo" in load_business(write(SMALL)).notes[-1]
    assert catalogue(db.session()).business.is_demo


def test_the_example_of_the_documentation_loads(load_business, tmp_path, write):
    text = (config.ROOT / "docs" / "business-file.md").read_text(encoding="utf-8")
    (tmp_path / "logo.svg").write_bytes((DEMO.parent / "logo.svg").read_bytes())
    photo(tmp_path / "tax.jpg")
    load_business(write(text.split("```yaml\n")[1].split("```")[0]))
    assert list(catalogue(db.session()).services) == ["tax-advice", "yoga", "van"]


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


def test_a_dump_is_in_the_order_of_the_documentation_whatever_the_database(load_business, app):
    load_business("clinic")
    text = dump(pictures_dir=app.config["SETTINGS"].pictures)
    document = yaml.safe_load(text)
    assert list(document["services"][0]["name"]) == ["en", "de", "zh"]
    referred = document["services"][1]["questions"][1]
    assert list(referred) == ["key", "type", "label", "required", "max_length", "show_if"]
    assert list(referred["show_if"]) == ["field", "op", "value"]


def test_a_dump_fills_an_empty_database_with_the_same_business(load_business, app, tmp_path, clock):
    load_business(DEMO, demo=True)
    path = tmp_path / "copy.yaml"
    first = dump(pictures_dir=app.config["SETTINGS"].pictures, target=path)
    db.session.rollback()
    load(path, pictures_dir=tmp_path, now=clock.now, replace_demo=True)
    assert dump(pictures_dir=tmp_path) == first


def test_one_example_after_another_loads_over_what_is_there(load_business):
    for name in (DEMO, "clinic", "studio", "rental"):
        load_business(name)
    assert {"check-up", "yoga", "van-hire", "consultation"} <= set(catalogue(db.session()).services)


BY_DAY = 'cancel_until: {days_before: 1, time: "18:00"}, reschedule_until: {days_before: 1}, '


def test_deadlines_by_the_day_are_agreed_for_the_time_that_is_booked(load_business, app, write, clock, tmp_path):
    load_business(write(SMALL.replace("duration: 30", f"{BY_DAY}duration: 30")))
    made = booked("talk", clock.now).booking
    assert made.terms["cancel_rule"] == {"days_before": 1, "time": "18:00"}
    assert made.terms["cancel_until"] > made.terms["reschedule_until"] > 0
    written = dump(pictures_dir=app.config["SETTINGS"].pictures)
    assert yaml.safe_load(written)["services"][0]["reschedule_until"] == {"days_before": 1}
    assert load_business(write(written)).changed == []


@pytest.mark.parametrize(
    ("odd", "place"),
    [
        ("{days_before: 0}", "cancel_until.days_before"),
        ('{days_before: 1, time: "24:00"}', "cancel_until.time"),
        ("{days_before: 1, hour: 18}", "cancel_until.hour"),
        ("[1440]", "cancel_until"),
    ],
)
def test_an_odd_deadline_is_named(load_business, write, odd, place):
    with pytest.raises(Wrong, match=rf"services\[0\]\.{place}"):
        load_business(write(SMALL.replace("duration: 30", f"cancel_until: {odd}, duration: 30")))
