"""One entry of what is offered, edited at the desk: each edit is a version, and nothing else moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from actions import catalogue
from actions.businessfile.dumping import Dump
from actions.catalogue_names import slug_for
from actions.catalogue_versions import versions
from models import snapshot
from models.base import db
from models.booking import Booking
from models.business import Absence, Business
from models.history import History
from rules import errors
from rules.rights import Viewer
from tests.actions.test_booking import confirm_hold
from tests.factories import HANNAH, TOM, booked, free, held

OWNER = Viewer(id=7, name="Olga", email="owner@praxis.example", role="owner")


@pytest.fixture
def clinic(load_business, clock):
    load_business("clinic")
    return clock


def entry(kind, slug=None):
    return catalogue.entry(db.session(), kind, slug)


def save(kind, slug, changed, clock, **more):
    return catalogue.save(kind, slug, changed, by=more.pop("by", OWNER), now=clock.now, **more)


def rows():
    return list(db.session.execute(select(History).where(History.actor == OWNER.actor).order_by(History.id)).scalars())


def everything_but(kind, slug):
    it = Dump(db.session())
    document = it.document()
    return [each for name in ("locations", "resources", "services") for each in document[name] if each["slug"] != slug]


ENTRIES = [("business", None), ("location", "park"), ("resource", "dr-braun"), ("service", "check-up")]


@pytest.mark.parametrize(("kind", "slug"), ENTRIES)
def test_what_is_saved_as_it_is_is_no_edit(clinic, kind, slug):
    version = db.session.execute(select(Business.catalogue_version)).scalar()
    there = entry(kind, slug)
    saved = save(kind, slug, there, clinic, version=catalogue.version_of(there))
    assert not saved.changed
    assert entry(kind, slug) == there
    assert rows() == []
    assert db.session.execute(select(Business.catalogue_version)).scalar() == version


@pytest.mark.parametrize(("kind", "slug"), ENTRIES)
def test_an_edit_is_one_version_with_what_differs_and_leaves_the_rest(clinic, kind, slug):
    there, others = entry(kind, slug), everything_but(kind, slug)
    made = booked("check-up", clinic.now).booking
    saved = save(kind, slug, {**there, "name": "Otherwise"}, clinic, version=catalogue.version_of(there))
    assert saved.changed and not saved.added
    assert saved.version == catalogue.version_of(entry(kind, slug))
    (version,) = versions(db.session(), kind, slug)
    assert (version.actor, version.at, version.action) == (OWNER.actor, clinic.now, "edited")
    assert (dict(version.before), dict(version.after)) == ({"name": there["name"]}, {"name": "Otherwise"})
    assert version.earlier == there
    assert everything_but(kind, slug) == others
    assert db.session.get(Booking, made.id).revision == made.revision
    assert snapshot.catalogue(db.session()).version == db.session.execute(select(Business.catalogue_version)).scalar()


def test_a_second_tap_says_so_and_a_colleague_in_between_is_not_overwritten(clinic):
    there = entry("location", "park")
    carried = catalogue.version_of(there)
    mine = {**there, "directions": "Ring twice"}
    assert save("location", "park", mine, clinic, version=carried).changed
    assert not save("location", "park", mine, clinic, version=carried).changed
    with pytest.raises(errors.EditedMeanwhile) as refused:
        save("location", "park", {**there, "directions": "Knock"}, clinic, version=carried)
    assert refused.value.params == {"by": OWNER.actor, "at": clinic.now}
    assert entry("location", "park")["directions"] == "Ring twice"
    assert len(rows()) == 1


def test_an_earlier_version_can_be_put_back(clinic):
    there = entry("resource", "dr-braun")
    save("resource", "dr-braun", {**there, "name": "Anna Chen", "weight": "3"}, clinic)
    save("resource", "dr-braun", {**there, "name": "Anna Chen"}, clinic)
    latest, first = versions(db.session(), "resource", "dr-braun")
    assert latest.earlier == {**there, "name": "Anna Chen", "weight": 3}
    save("resource", "dr-braun", first.earlier, clinic)
    assert entry("resource", "dr-braun") == there


def test_names_and_mailboxes_of_people_stand_beside_the_record(clinic):
    there = entry("resource", "dr-braun")
    save("resource", "dr-braun", {**there, "email": "anna.new@praxis.example", "weight": 2}, clinic)
    (row,) = rows()
    assert "anna.new" not in repr((row.before, row.after))
    assert dict(versions(db.session(), "resource", "dr-braun")[0].after) == {
        "email": "anna.new@praxis.example",
        "weight": 2,
    }


@pytest.mark.parametrize(
    ("kind", "slug", "change", "field"),
    [
        ("business", None, {"timezone": "Europe/Nowhere"}, "timezone"),
        ("location", "park", {"hours": {"mon": ["9-17"]}}, "hours.mon[0]"),
        ("location", "park", {"hours": [{"every": 2, "mon": ["09:00-17:00"]}]}, "hours[0].from"),
        ("location", "park", {"hours": [{"from": "2026-12-02", "until": "2026-12-01"}]}, "hours[0].until"),
        ("resource", "dr-braun", {"capacity": "2", "units": ["one"]}, "units"),
        ("service", "check-up", {"duration": ""}, "duration"),
        # What it would do to others is said with their name.
        ("resource", "dr-braun", {"kind": "room"}, ""),
    ],
)
def test_mistakes_are_named_by_field_and_nothing_is_written(clinic, kind, slug, change, field):
    there = entry(kind, slug)
    with pytest.raises(errors.Invalid) as refused:
        save(kind, slug, {**there, **change}, clinic)
    assert field in refused.value.errors
    assert entry(kind, slug) == there
    assert rows() == []


def test_something_new_is_named_after_its_name(clinic):
    new = {"kind": "staff", "name": {"en": "Zoë Groß", "zh": "佐伊"}, "location": "park"}
    first = save("resource", None, new, clinic)
    second = save("resource", None, {**new, "name": "王芳"}, clinic)
    assert (first.slug, first.added) == ("zoe-gross", True)
    known = snapshot.catalogue(db.session())
    assert known.resources[second.slug].name == "王芳"
    assert known.resources[second.slug].position > known.resources[first.slug].position
    assert [each.action for each in versions(db.session(), "resource", first.slug)] == ["added"]


class Row:
    def __init__(self, slug):
        self.slug = slug


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Müller & Chen", "mueller-chen"),
        ("Anna", "anna-2"),
        ({"en": "Haircut", "zh": "剪发"}, "haircut"),
        ("剪发", "service-2"),
        ("剪发 30", "service-2"),
        ("!", "service-2"),
        (None, "service-2"),
        ("x" * 80, "x" * 50),
    ],
)
def test_slugs_of_names(name, slug):
    assert slug_for("service", name, [Row("anna"), Row("service-1")]) == slug


def test_what_is_booked_ahead_does_not_go(clinic):
    made = booked("check-up", clinic.now, resources=("dr-braun",)).booking
    with pytest.raises(errors.BookedAhead) as refused:
        catalogue.retire("resource", "dr-braun", by=OWNER, now=clinic.now)
    assert [view.reference for view in refused.value.params["bookings"]] == [made.reference]
    assert "dr-braun" in snapshot.catalogue(db.session()).resources


def test_what_others_count_on_does_not_go_either(clinic):
    with pytest.raises(errors.Invalid) as refused:
        catalogue.retire("location", "park", by=OWNER, now=clinic.now)
    assert refused.value.errors[""].code == "elsewhere_in_the_file"


def test_retired_and_revived_it_is_as_it_was(clinic):
    new = {"kind": "staff", "name": "Zoe", "location": "park", "skills": ["yoga"]}
    slug = save("resource", None, new, clinic).slug
    there = entry("resource", slug)
    assert catalogue.retire("resource", slug, by=OWNER, now=clinic.now)
    assert not catalogue.retire("resource", slug, by=OWNER, now=clinic.now)
    assert slug not in snapshot.catalogue(db.session()).resources
    assert entry("resource", slug) == there
    assert catalogue.revive("resource", slug, by=OWNER, now=clinic.now)
    assert not catalogue.revive("resource", slug, by=OWNER, now=clinic.now)
    assert slug in snapshot.catalogue(db.session()).resources
    assert [each.action for each in versions(db.session(), "resource", slug)] == ["revived", "retired", "added"]


def test_the_last_one_that_a_need_names_stays_and_the_file_stays_whole(clinic):
    there = entry("service", "check-up")
    there["needs"][0] = {"kind": "staff", "any_of": ["dr-braun", "dr-yilmaz"]}
    save("service", "check-up", there, clinic)
    assert catalogue.retire("resource", "dr-yilmaz", by=OWNER, now=clinic.now)
    only = entry("service", "check-up")
    assert only["needs"][0]["any_of"] == ["dr-braun"]
    assert not save("service", "check-up", only, clinic).changed
    ultrasound = {**entry("service", "ultrasound"), "needs": [{"kind": "room"}]}
    save("service", "ultrasound", ultrasound, clinic)
    with pytest.raises(errors.Invalid) as refused:
        catalogue.retire("resource", "dr-braun", by=OWNER, now=clinic.now)
    assert "General check-up" in str(refused.value.errors[""].params["name"])
    catalogue.revive("resource", "dr-yilmaz", by=OWNER, now=clinic.now)
    assert entry("service", "check-up") == there


def test_units_that_are_booked_do_not_go(load_business, clock):
    load_business("rental")
    slug = "vans"
    answers = {"licence": "X1", "abroad": False}
    made = [
        booked("van-hire", clock.now, location="quay", customer={**TOM, "name": each}, answers=answers) for each in "AB"
    ]
    there = entry("resource", slug)
    with pytest.raises(errors.BookedAhead) as refused:
        save("resource", slug, {**there, "capacity": 1, "units": []}, clock)
    assert {view.reference for view in refused.value.params["bookings"]} <= {each.booking.reference for each in made}
    assert entry("resource", slug) == there


def test_time_off_taken_out_at_the_desk_is_gone_whoever_wrote_it(clinic):
    there = entry("resource", "dr-braun")
    off = [{"from": "2026-12-21", "to": "2026-12-23", "reason": "Skiing"}]
    save("resource", "dr-braun", {**there, "time_off": [*there.get("time_off", []), *off]}, clinic)
    row = db.session.execute(select(Absence).where(Absence.source == "desk")).scalar_one()
    assert row.whole_days
    save("resource", "dr-braun", {**there, "time_off": []}, clinic)
    anna = snapshot.catalogue(db.session()).resources["dr-braun"]
    mine = select(Absence).where(Absence.resource_id == anna.id)
    assert db.session.execute(mine).scalars().all() == []


def test_what_is_held_keeps_its_terms_and_what_comes_after_has_the_new_ones(clinic):
    mine = held("ultrasound", clinic.now)
    there = entry("service", "ultrasound")
    save("service", "ultrasound", {**there, "duration": 60, "price": "90"}, clinic)
    said = {"answers": {"referral": False}}
    kept = confirm_hold(mine, clinic.now, **said).booking
    new = booked("ultrasound", clinic.now, customer=TOM, **said).booking
    lasts = [(each.end - each.start, each.price_minor) for each in (kept, new)]
    assert lasts == [(timedelta(minutes=45), 6500), (timedelta(minutes=60), 9000)]


def test_only_who_may_change_what_is_offered_does(clinic):
    desk = Viewer(id=8, name="D", email="d@praxis.example", role="front_desk")
    with pytest.raises(errors.NotAllowed):
        save("location", "park", {}, clinic, by=desk)
    with pytest.raises(errors.NotAllowed):
        catalogue.retire("location", "park", by=desk, now=clinic.now)
    with pytest.raises(errors.NotAllowed):
        catalogue.revive("location", "park", by=desk, now=clinic.now)


def test_what_is_not_there_is_not_saved(clinic):
    with pytest.raises(errors.UnknownResource):
        save("resource", "nobody", {}, clinic)


def test_a_served_page_shows_the_edit_at_once(clinic):
    before = free("check-up", clinic.now)[0].start
    there = entry("service", "check-up")
    save("service", "check-up", {**there, "min_notice": 14 * 1440}, clinic)
    later = free("check-up", clinic.now, first=before.date() + timedelta(days=14))
    assert later[0].start >= before + timedelta(days=7)
    assert free("check-up", clinic.now) == []


CHANGES: dict[str, tuple[str, str, dict[str, object]]] = {
    "hours of the house": ("location", "park", {"hours": {"tue": ["08:00-12:00"]}}),
    "hours of a person who leaves early": ("resource", "dr-braun", {"hours": {"tue": ["08:00-14:45"]}}),
    "a closed day": ("location", "park", {"closed": ["2026-12-01"]}),
    "hours of a person": ("resource", "dr-braun", {"hours": {"tue": ["08:00-12:00"]}}),
    "time off": ("resource", "dr-braun", {"time_off": [{"from": "2026-12-01", "to": "2026-12-01"}]}),
    "hours of a service": ("service", "check-up", {"hours": {"tue": ["08:00-12:00"]}}),
}


@pytest.mark.parametrize("what", CHANGES)
def test_bookings_that_would_stand_outside_are_listed_first_and_may_be_kept(clinic, what):
    kind, slug, change = CHANGES[what]
    evening, morning = (datetime(2026, 12, day, hour, 30, tzinfo=UTC) for day, hour in ((1, 13), (8, 8)))
    made = booked("check-up", clinic.now, start=evening, resources=("dr-braun",)).booking
    later = booked("check-up", clinic.now, start=morning, resources=("dr-braun",), customer=TOM).booking
    there = entry(kind, slug)
    with pytest.raises(errors.HitsBookings) as refused:
        save(kind, slug, {**there, **change}, clinic)
    assert [view.reference for view in refused.value.params["bookings"]] == [made.reference]
    # 13:30 in UTC is half past two in Berlin; who leaves at a quarter to three is out for the rest of it.
    begins = evening.replace(minute=45) if "early" in what else evening
    spans = [] if kind == "service" else [(begins, made.end)]
    assert refused.value.params["spans"] == spans
    assert entry(kind, slug) == there
    assert save(kind, slug, {**there, **change}, clinic, keep=True).changed
    assert db.session.get(Booking, later.id).status == "confirmed"
    # What stands outside already is no news.
    assert save(kind, slug, {**entry(kind, slug), "name": "Otherwise"}, clinic).changed


def test_visits_are_handled_together_where_nothing_is_open_between_them(clinic):
    at = [datetime(2026, 12, day, hour, tzinfo=UTC) for day, hour in ((1, 8), (1, 9), (1, 13), (8, 8))]
    people = (HANNAH, TOM, {**TOM, "phone": "+49 30 901820"}, {**HANNAH, "phone": "+49 30 901821"})
    made = [
        booked("check-up", clinic.now, start=start, resources=("dr-braun",), customer=who).booking
        for start, who in zip(at, people, strict=True)
    ]
    with pytest.raises(errors.HitsBookings) as refused:
        save("resource", "dr-braun", {**entry("resource", "dr-braun"), "hours": {"tue": ["11:00-13:00"]}}, clinic)
    ends = [each.end for each in made]
    assert refused.value.params["spans"] == [(at[0], ends[1]), (at[2], ends[2]), (at[3], ends[3])]


def test_who_leaves_a_place_leaves_bookings_there(load_business, clock):
    load_business("rental")
    made = booked("design-talk", clock.now, location="quay", resources=("tom",)).booking
    there = {**entry("resource", "tom"), "location": "mill"}
    with pytest.raises(errors.HitsBookings) as refused:
        save("resource", "tom", there, clock)
    assert [view.reference for view in refused.value.params["bookings"]] == [made.reference]
