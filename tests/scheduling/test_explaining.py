"""Why a start is not a slot: agrees with the one decision, and names who is in the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest
from hypothesis import given

from scheduling import availability, hours
from scheduling.availability import Length, Need, OpenSession, Taken
from scheduling.explaining import Case, Fault, faults, giving_way, of_the_assigned
from scheduling.hours import Absence
from tests.scheduling.businesses import business
from tests.scheduling.shop import ANN, BEN, MONDAY, ROOM, Shop, every_day, minute, person
from tests.scheduling.test_against_oracle import numbers, parts, relaxed


def case(shop: Shop, text: str, core: Taken | None = None, **facts) -> Case:
    ask = shop.ask(date.fromisoformat(text[:10]), **facts)
    return Case(
        shop.service, shop.location, shop.resources, shop.taken, core or shop.taken, ask, minute(text, shop.zone)
    )


def why(shop: Shop, text: str, core: Taken | None = None, **facts) -> list[tuple[str, str, int | None]]:
    return [(each.rule, each.why, each.resource) for each in faults(case(shop, text, core, **facts))]


@relaxed
@given(numbers)
def test_a_start_is_a_slot_exactly_when_nothing_is_said_against_it(number: int) -> None:
    made = business(number)
    first = hours.days(made.middle, made.middle)
    for day in first:
        grid = availability.grid_of(made.service, made.location, day)[::5]
        for start in [*grid, *(each + 7 for each in grid[::6])]:
            asked = Case(*parts(made)[:4], made.taken, made.ask, start)
            slot = availability.at(*parts(made), start)
            assert (slot.reason is None) == (not faults(asked))


def test_a_slot_has_nothing_against_it() -> None:
    assert why(Shop(), "2026-06-01 09:30") == []


def test_the_grid_and_fixed_starts_are_told_apart() -> None:
    assert why(Shop(), "2026-06-01 09:10") == [("grid", "step", None)]
    fixed = Shop().with_service(starts=((600,),) * 7)
    assert why(fixed, "2026-06-01 09:30") == [("grid", "starts", None)]


def test_before_all_calendars_there_is_no_grid() -> None:
    long_ago = replace(case(Shop(), "2026-06-01 09:00"), start=-(10**9))
    assert faults(long_ago) == [Fault("grid", "calendar")]


def test_several_rules_of_the_time_are_all_named() -> None:
    shop = replace(Shop(now="2026-06-01 09:00").with_service(min_notice=60, per_day=1, horizon_days=0))
    shop.taken.per_day = {MONDAY: 1}
    assert why(shop, "2026-06-01 09:30") == [("notice", "short", None), ("limits", "per_day", None)]
    assert why(shop, "2026-06-01 08:30")[0] == ("notice", "past", None)
    assert ("horizon", "far", None) in why(shop, "2026-06-02 09:30")


def test_the_house_the_service_and_the_person_each_have_their_hours() -> None:
    assert why(Shop(), "2026-06-01 12:00") == [("open", "house", None)]
    morning = Shop().with_service(timetable=every_day((540, 600)))
    assert why(morning, "2026-06-01 10:00") == [("open", "service", None)]
    late = Shop(people=(person(ANN, timetable=every_day((600, 720))),))
    assert why(late, "2026-06-01 09:00") == [("open", "hours", ANN)]


def test_who_is_away_is_named_with_who_is_taken() -> None:
    off = Absence(datetime(2026, 6, 1), datetime(2026, 6, 2), whole_days=True)
    start = minute("2026-06-01 09:00")
    shop = Shop(
        people=(person(ANN, absences=(off,)), person(BEN)),
        taken=Taken(busy={BEN * 10: [(start, start + 60)]}),
    ).with_service(needs=(Need((ANN, BEN)),))
    assert why(shop, "2026-06-01 09:00") == [("open", "away", ANN), ("free", "taken", BEN)]


def test_who_is_away_and_taken_and_off_is_told_all_of_it() -> None:
    off = Absence(datetime(2026, 6, 1), datetime(2026, 6, 2), whole_days=True)
    start = minute("2026-06-01 09:00")
    ann = person(ANN, absences=(off,), timetable=every_day((600, 720)))
    shop = Shop(people=(ann,), taken=Taken(busy={ANN * 10: [(start, start + 60)]}))
    assert why(shop, "2026-06-01 09:00") == [("open", "hours", ANN), ("open", "away", ANN), ("free", "taken", ANN)]


def test_buffers_in_the_way_are_told_from_a_visit_in_the_way() -> None:
    start = minute("2026-06-01 10:00")
    taken, core = Taken(busy={ANN * 10: [(start - 15, start + 75)]}), Taken(busy={ANN * 10: [(start, start + 60)]})
    shop = Shop(taken=taken)
    assert why(shop, "2026-06-01 09:00", core) == [("buffers", "taken", ANN)]
    assert why(shop, "2026-06-01 09:30", core) == [("free", "taken", ANN)]


def test_where_the_other_unit_is_taken_the_one_that_is_out_is_in_the_way() -> None:
    start = minute("2026-06-01 09:00")
    off = Absence(datetime(2026, 6, 1), datetime(2026, 6, 2), unit=ANN * 10, whole_days=True)
    shop = Shop(
        people=(person(ANN, units=2, absences=(off,)),), taken=Taken(busy={ANN * 10 + 1: [(start, start + 60)]})
    )
    assert why(shop, "2026-06-01 09:00") == [("open", "away", ANN)]


def test_a_need_that_nobody_meets_is_named() -> None:
    assert why(Shop().with_service(needs=(Need(()),)), "2026-06-01 09:00") == [("needs", "nobody", None)]


def test_one_person_for_two_needs_does_not_fit_together() -> None:
    shop = Shop().with_service(needs=(Need((ANN,)), Need((ANN,))))
    assert why(shop, "2026-06-01 09:00") == [("needs", "together", None)]
    assert why(shop, "2026-06-01 12:00") == [("open", "house", None), ("needs", "together", None)]


def test_two_chosen_for_one_need_cannot_serve() -> None:
    shop = Shop(people=(person(ANN), person(BEN))).with_service(needs=(Need((ANN, BEN), choosable=True),))
    assert why(shop, "2026-06-01 09:00", chosen=frozenset({ANN, BEN})) == [("needs", "chosen", None)]


def test_a_full_class_says_so_and_a_party_larger_than_any_class_too() -> None:
    start = minute("2026-06-01 09:00")
    full = OpenSession(1, start, start + 60, start, start + 60, (ANN,), 3, 1)
    shop = Shop(taken=Taken(busy={ANN * 10: [(start, start + 60)]}, sessions=[full])).with_service(seats=4)
    assert why(shop, "2026-06-01 09:00", seats=2) == [("seats", "full", None)]
    assert why(shop, "2026-06-01 09:00", seats=5) == [("seats", "too_many", None)]


def test_a_class_with_room_outside_hours_is_kept_back_by_the_time_alone() -> None:
    start = minute("2026-06-01 12:30")
    late = OpenSession(1, start, start + 60, start, start + 60, (ANN,), 1, 1)
    shop = Shop(now="2026-06-01 12:00", taken=Taken(sessions=[late])).with_service(seats=4, min_notice=60)
    assert why(shop, "2026-06-01 12:30") == [("notice", "short", None)]


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("2026-06-01 11:00", set()),
        ("2026-06-01 09:07", {"buffers"}),
        ("2026-06-01 12:30", {"hours"}),
        ("2026-06-02 09:00", {"hours", "away"}),
        ("2026-06-01 09:30", None),
    ],
)
def test_the_lightest_rules_give_way_first(text: str, rules: set[str] | None) -> None:
    visit = minute("2026-06-01 10:07")
    taken, core = Taken(busy={10: [(visit - 10, visit + 40)]}), Taken(busy={10: [(visit, visit + 40)]})
    off = Absence(datetime(2026, 6, 2), datetime(2026, 6, 3), whole_days=True)
    shop = Shop(people=(person(ANN, absences=(off,)),), taken=taken)
    found = giving_way(case(shop, text, core))
    assert found == (None if rules is None else frozenset(rules))


def test_what_is_set_aside_for_the_chosen_ones_is_named_once() -> None:
    visit = minute("2026-06-01 13:00")
    taken, core = Taken(busy={10: [(visit - 10, visit + 60)]}), Taken(busy={10: [(visit, visit + 60)]})
    shop = Shop(people=(person(ANN), person(ROOM)), taken=taken).with_service(needs=(Need((ANN,)), Need((ROOM,))))
    found = of_the_assigned(case(shop, "2026-06-01 12:00", core), [(ANN, 1), (ROOM, 1)])
    assert found == [Fault("open", "house"), Fault("buffers", "taken", ANN)]
    night = of_the_assigned(case(shop, "2026-06-01 09:07", core), [(ANN, 1)])
    assert night == [Fault("grid", "step")]


def test_another_length_is_asked_about_as_it_is() -> None:
    assert faults(case(Shop(), "2026-06-01 11:00", length=Length(90))) == [Fault("open", "house")]
