"""When is a start a slot? One rule at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from scheduling import availability
from scheduling.availability import Length, Need, OpenSession, Taken
from scheduling.hours import Absence, Timetable
from tests.scheduling.shop import ANN, BEN, MONDAY, ROOM, Shop, every_day, minute, person

TUESDAY = MONDAY + timedelta(days=1)
NIGHT = every_day((0, 360))
DAY_AND_NIGHT = every_day((0, 1440))


def busy(unit: int, start: str, end: str) -> dict[int, list[tuple[int, int]]]:
    return {unit: [(minute(start), minute(end))]}


# Clocks that change (the half hours of a night from midnight to six)


def night(zone: str, day: date) -> list[str]:
    return Shop(zone=zone, timetable=NIGHT).with_service(lengths=(Length(30),)).times(day)


def test_a_skipped_hour_is_never_offered():
    times = night("Europe/Berlin", date(2026, 3, 29))
    assert len(times) == 10
    assert not {"02:00", "02:30"} & set(times)


def test_both_readings_of_a_repeated_hour_are_offered():
    times = night("Europe/Berlin", date(2026, 10, 25))
    assert len(times) == 14
    assert times.count("02:00") == times.count("02:30") == 2


def test_either_reading_can_be_taken_alone():
    shop = Shop(
        timetable=NIGHT, taken=Taken(busy={10: [(minute("2026-10-25 02:00"), minute("2026-10-25 03:00") - 60)]})
    )
    assert shop.at("2026-10-25 02:00", fold=0).reason == "taken"
    assert shop.at("2026-10-25 02:00", fold=1).reason is None


def test_a_change_of_half_an_hour_leaves_the_grid_on_the_clock():
    assert len(night("Australia/Lord_Howe", date(2026, 4, 5))) == 13
    assert len(night("Australia/Lord_Howe", date(2026, 10, 4))) == 11


def test_a_date_that_was_skipped_has_no_slots():
    assert night("Pacific/Apia", date(2011, 12, 30)) == []
    assert len(night("Pacific/Apia", date(2011, 12, 31))) == 12


def test_new_york_is_no_different():
    assert len(night("America/New_York", date(2026, 3, 8))) == 10
    assert len(night("America/New_York", date(2040, 11, 4))) == 14


def test_a_date_that_comes_back_for_an_hour_keeps_its_order():
    # Clocks in St John's went from a minute past midnight back to the evening before.
    shop = Shop(zone="America/St_Johns", timetable=DAY_AND_NIGHT)
    starts = [slot.start for slot in shop.slots(date(2006, 10, 28), date(2006, 10, 29))]
    assert starts == sorted(starts)
    assert len(starts) == 98


# Grid


def test_the_grid_counts_from_local_midnight():
    assert Shop(timetable=every_day((550, 720))).times(MONDAY) == ["09:30", "10:00", "10:30", "11:00"]


def test_fixed_starts_alone_count():
    starts = ((545, 600, 700), *[()] * 6)
    shop = Shop().with_service(starts=starts)
    assert shop.times(MONDAY, TUESDAY) == ["09:05", "10:00"]
    assert shop.at("2026-06-01 09:30").reason == "off_grid"


def test_fixed_starts_follow_the_weekday_that_is_worked():
    house = replace(every_day((540, 720)), works_as={TUESDAY: 0})
    assert Shop(timetable=house).with_service(starts=((545,), *[()] * 6)).times(TUESDAY) == ["09:05"]


def test_a_start_off_the_grid_is_refused_as_such_and_one_in_the_past_as_past():
    assert Shop().at("2026-06-01 09:10").reason == "off_grid"
    assert Shop(now="2026-06-02 09:00").at("2026-06-01 09:10").reason == "too_soon"


# Open


def test_the_whole_stay_lies_inside_opening_hours():
    assert Shop().times(MONDAY) == ["09:00", "09:30", "10:00", "10:30", "11:00"]


def test_a_stay_may_run_across_two_windows_that_touch_but_not_over_a_break():
    assert "11:30" in Shop(timetable=every_day((540, 720), (720, 1020))).times(MONDAY)
    assert "11:30" not in Shop(timetable=every_day((540, 720), (780, 1020))).times(MONDAY)


def test_a_stay_may_cross_midnight_where_the_hours_do():
    shop = Shop(timetable=every_day((1320, 1500)))
    assert shop.times(MONDAY) == ["00:00", "22:00", "22:30", "23:00", "23:30"]


def test_the_service_and_the_resource_narrow_the_hours():
    assert Shop().with_service(timetable=every_day((600, 1020))).times(MONDAY) == ["10:00", "10:30", "11:00"]
    early = person(ANN, timetable=every_day((480, 630)))
    assert Shop(people=[early]).times(MONDAY) == ["09:00", "09:30"]


def test_those_with_the_same_hours_are_looked_up_once_and_rightly():
    early = every_day((480, 630))
    shop = Shop(people=[person(ANN, timetable=early), person(BEN, timetable=early)])
    assert shop.with_service(needs=(Need((ANN, BEN)),)).times(MONDAY) == ["09:00", "09:30"]


def test_special_hours_of_the_location_are_narrowed_by_the_resource():
    house = replace(every_day((540, 720)), special={MONDAY: ((0, 1440),)})
    assert Shop(timetable=house, people=[person(ANN, timetable=every_day((480, 540)))]).times(MONDAY) == ["08:00"]


def test_who_is_away_is_named_when_nobody_else_would_do():
    off = Absence(datetime(2026, 6, 1, 10), datetime(2026, 6, 1, 11))
    slot = Shop(people=[person(ANN, absences=(off,))]).at("2026-06-01 10:00")
    assert (slot.reason, slot.who) == ("closed", ANN)


def test_outside_the_house_hours_nobody_is_named():
    slot = Shop().at("2026-06-01 20:00")
    assert (slot.reason, slot.who) == ("closed", None)


def test_a_chosen_person_who_is_away_is_named():
    off = Absence(datetime(2026, 6, 1), datetime(2026, 6, 2), whole_days=True)
    shop = Shop(people=[person(ANN, absences=(off,)), person(BEN)]).with_service(
        needs=(Need((ANN, BEN), choosable=True),)
    )
    assert shop.at("2026-06-01 10:00").reason is None
    slot = shop.at("2026-06-01 10:00", chosen=frozenset({ANN}))
    assert (slot.reason, slot.who) == ("closed", ANN)


def test_two_who_are_away_are_not_told_apart():
    off = Absence(datetime(2026, 6, 1), datetime(2026, 6, 2), whole_days=True)
    shop = Shop(people=[person(ANN, absences=(off,)), person(BEN, absences=(off,))])
    slot = shop.with_service(needs=(Need((ANN, BEN)),)).at("2026-06-01 10:00")
    assert (slot.reason, slot.who) == ("closed", None)


def test_time_off_of_one_unit_leaves_the_others():
    off = Absence(datetime(2026, 6, 1), datetime(2026, 6, 2), unit=10, whole_days=True)
    shop = Shop(people=[person(ANN, 2, absences=(off,))])
    assert shop.assign("2026-06-01 09:00") == [(0, ANN, (11,))]
    assert shop.with_service(needs=(Need((ANN,), count=2),)).times(MONDAY) == []


def test_a_whole_day_off_of_a_unit_takes_the_tail_of_its_night():
    off = Absence(datetime(2026, 6, 1), datetime(2026, 6, 2), unit=10, whole_days=True)
    shop = Shop(timetable=every_day((1320, 1800)), people=[person(ANN, absences=(off,))])
    assert shop.times(TUESDAY) == ["22:00", "22:30", "23:00", "23:30"]


# Overnight


def overnight(**facts: Any) -> Shop:
    shop = Shop(timetable=every_day((540, 1020)), **facts)
    return shop.with_service(overnight=True, lengths=(Length(days=1),), step=60)


def test_overnight_what_is_closed_in_between_does_not_matter():
    assert overnight().times(MONDAY)[0] == "09:00"
    assert overnight().times(MONDAY)[-1] == "17:00"
    assert Shop(timetable=every_day((540, 1020))).with_service(lengths=(Length(days=1),)).times(MONDAY) == []


def test_overnight_time_off_in_between_does_matter():
    off = Absence(datetime(2026, 6, 1, 22), datetime(2026, 6, 1, 23))
    assert overnight(people=[person(ANN, absences=(off,))]).times(MONDAY) == []


def test_overnight_neither_end_may_lie_on_a_closed_date():
    house = replace(every_day((540, 1020)), closed=frozenset({TUESDAY}))
    shop = replace(overnight(), timetable=house)
    assert shop.times(MONDAY, TUESDAY) == []
    assert replace(shop, service=replace(shop.service, lengths=(Length(days=2),))).times(MONDAY)


def test_days_through_a_change_end_at_the_same_time_on_the_clock():
    slot = overnight().at("2026-10-24 12:00")
    assert slot.end - slot.start == 25 * 60


def test_days_whose_ends_are_out_of_order_are_still_exact():
    # From the repeated hour a day on: the second 02:30 begins after the first 02:59 and ends before it.
    shop = Shop(timetable=DAY_AND_NIGHT).with_service(lengths=(Length(days=1),), step=30)
    slots = {slot.start: slot.end for slot in shop.slots(date(2026, 10, 25))}
    assert len(slots) == 50
    assert slots[minute("2026-10-25 02:00", fold=1)] == minute("2026-10-26 02:00")
    taken = Taken(busy={10: [(minute("2026-10-26 02:15"), minute("2026-10-26 02:20"))]})
    left = {slot.start for slot in replace(shop, taken=taken).slots(date(2026, 10, 25))}
    assert minute("2026-10-25 02:30", fold=0) not in left
    assert {minute("2026-10-25 02:00", fold=0), minute("2026-10-25 02:00", fold=1)} <= left
    over = shop.with_service(overnight=True)
    assert {slot.start: slot.end for slot in over.slots(date(2026, 10, 25))} == slots


# Free


def test_a_taken_time_stands_in_the_way_and_its_edges_do_not():
    shop = Shop(taken=Taken(busy=busy(10, "2026-06-01 10:00", "2026-06-01 11:00")))
    assert shop.times(MONDAY) == ["09:00", "11:00"]
    assert shop.reasons(MONDAY)["10:00"] == "taken"
    assert shop.at("2026-06-01 10:00").who == ANN


def test_buffers_keep_their_distance():
    shop = Shop(taken=Taken(busy=busy(10, "2026-06-01 10:30", "2026-06-01 10:35")))
    assert shop.times(MONDAY) == ["09:00", "09:30", "11:00"]
    assert shop.with_service(buffer_after=15).times(MONDAY) == ["09:00", "11:00"]
    assert shop.with_service(buffer_before=30).times(MONDAY) == ["09:00", "09:30"]


def test_buffers_may_lie_outside_opening_hours():
    assert Shop().with_service(buffer_before=60, buffer_after=60).times(MONDAY)[0] == "09:00"
    assert Shop().with_service(buffer_before=60, buffer_after=60).times(MONDAY)[-1] == "11:00"


def test_what_is_only_held_is_said_to_be_held():
    taken = busy(10, "2026-06-01 09:00", "2026-06-01 10:00")
    assert Shop(taken=Taken(busy=taken, held=taken)).reasons(MONDAY)["09:00"] == "held"
    twice = {10: [*taken[10], (minute("2026-06-01 09:30"), minute("2026-06-01 10:00"))]}
    assert Shop(taken=Taken(busy=twice, held=taken)).reasons(MONDAY)["09:00"] == "taken"


# Needs


def test_all_needs_are_met_at_once_or_not_at_all():
    taken = Taken(busy=busy(30, "2026-06-01 09:00", "2026-06-01 11:00"))
    shop = Shop(people=[person(ANN), person(ROOM)], taken=taken).with_service(needs=(Need((ANN,)), Need((ROOM,))))
    assert shop.times(MONDAY) == ["11:00"]
    assert shop.at("2026-06-01 09:00").who == ROOM


def test_one_resource_never_serves_two_needs():
    shop = Shop(people=[person(ANN, 2), person(BEN)]).with_service(needs=(Need((ANN, BEN)), Need((ANN,))))
    assert shop.assign("2026-06-01 09:00") == [(0, BEN, (20,)), (1, ANN, (10,))]
    assert shop.with_service(needs=(Need((ANN,)), Need((ANN,)))).times(MONDAY) == []


def test_units_of_one_resource_make_up_a_count():
    taken = Taken(busy=busy(10, "2026-06-01 09:00", "2026-06-01 10:00"))
    shop = Shop(people=[person(ANN, 3)], taken=taken).with_service(needs=(Need((ANN,), count=2),))
    assert shop.assign("2026-06-01 09:00") == [(0, ANN, (11, 12))]
    assert shop.assign("2026-06-01 10:00") == [(0, ANN, (10, 11))]
    apart = Shop(people=[person(ANN), person(BEN)]).with_service(needs=(Need((ANN, BEN), count=2),))
    assert apart.times(MONDAY) == []
    assert apart.at("2026-06-01 09:00").reason == "closed"


def test_the_best_comes_first_unless_another_need_has_nobody_else():
    people = [person(id) for id in (1, 2, 3)]
    shop = Shop(people=people).with_service(needs=(Need((1, 2, 3)), Need((1, 3)), Need((1, 3))))
    assert shop.assign("2026-06-01 09:00", {0: [1, 2, 3], 1: [3, 1], 2: [3, 1]}) == [
        (0, 2, (20,)),
        (1, 3, (30,)),
        (2, 1, (10,)),
    ]


def test_a_hard_choice_is_found_without_trying_everything():
    many = tuple(range(1, 41))
    needs = tuple(Need(many[: n + 1]) for n in range(40))
    shop = Shop(people=[person(id) for id in many]).with_service(needs=needs)
    everyone = {n: sorted(many, reverse=True) for n in range(40)}
    found = shop.assign("2026-06-01 09:00", everyone)
    assert found is not None
    assert [id for _, id, _ in found] == list(many)


def test_nothing_is_assigned_where_there_is_no_slot():
    assert Shop().assign("2026-06-01 20:00") is None


# Choosing


def pair(**facts: Any) -> Shop:
    return Shop(people=[person(ANN), person(BEN)], **facts).with_service(needs=(Need((ANN, BEN), choosable=True),))


def test_those_are_named_with_whom_the_booking_is_possible():
    shop = pair(taken=Taken(busy=busy(10, "2026-06-01 09:00", "2026-06-01 10:00")))
    assert shop.at("2026-06-01 09:00").choosable == (BEN,)
    assert shop.at("2026-06-01 10:00").choosable == (ANN, BEN)


def test_a_chosen_person_is_among_those_taken():
    shop = pair(taken=Taken(busy=busy(10, "2026-06-01 09:00", "2026-06-01 10:00")))
    slot = shop.at("2026-06-01 09:00", chosen=frozenset({ANN}))
    assert (slot.reason, slot.who) == ("taken", ANN)
    assert shop.assign("2026-06-01 10:00", {0: [BEN, ANN]}, chosen=frozenset({ANN})) == [(0, ANN, (10,))]


def test_nobody_is_named_when_either_of_two_would_have_done():
    both = busy(10, "2026-06-01 09:00", "2026-06-01 10:00") | busy(20, "2026-06-01 09:00", "2026-06-01 10:00")
    slot = pair(taken=Taken(busy=both)).at("2026-06-01 09:00")
    assert (slot.reason, slot.who) == ("taken", None)


def test_a_chosen_person_who_is_free_is_not_blamed_for_the_room():
    taken = Taken(busy=busy(30, "2026-06-01 09:00", "2026-06-01 10:00"))
    shop = Shop(people=[person(ANN), person(ROOM)], taken=taken)
    slot = shop.with_service(needs=(Need((ANN,), choosable=True), Need((ROOM,)))).at(
        "2026-06-01 09:00", chosen=frozenset({ANN})
    )
    assert (slot.reason, slot.who) == ("taken", ROOM)
    off = Absence(datetime(2026, 6, 1), datetime(2026, 6, 2), whole_days=True)
    away = Shop(people=[person(ANN), person(ROOM, absences=(off,))])
    slot = away.with_service(needs=(Need((ANN,), choosable=True), Need((ROOM,)))).at(
        "2026-06-01 09:00", chosen=frozenset({ANN})
    )
    assert (slot.reason, slot.who) == ("closed", ROOM)


def test_a_choice_sits_only_where_one_may_choose():
    shop = Shop(people=[person(ANN), person(BEN)])
    service = shop.with_service(needs=(Need((ANN, BEN), choosable=True), Need((ANN, BEN))))
    assert service.at("2026-06-01 09:00").choosable == (ANN, BEN)
    assert service.assign("2026-06-01 09:00", chosen=frozenset({BEN})) == [(0, BEN, (20,)), (1, ANN, (10,))]
    assert service.times(MONDAY, chosen=frozenset({ANN, BEN})) == []


def test_two_choices_sit_at_two_needs():
    people = [person(ANN), person(BEN), person(ROOM)]
    shop = Shop(people=people).with_service(needs=(Need((ANN, BEN), choosable=True), Need((ROOM,), choosable=True)))
    assert shop.at("2026-06-01 09:00", chosen=frozenset({ROOM})).choosable == (ANN, BEN, ROOM)
    assert shop.assign("2026-06-01 09:00", chosen=frozenset({ROOM, BEN})) == [(0, BEN, (20,)), (1, ROOM, (30,))]


def test_with_one_choice_made_only_its_companions_are_left():
    assert pair().at("2026-06-01 09:00", chosen=frozenset({ANN})).choosable == (ANN,)


def test_where_nobody_may_be_chosen_nobody_is_named():
    assert Shop().at("2026-06-01 09:00").choosable == ()


# Notice and horizon


def test_a_start_at_the_very_end_of_the_notice_is_still_to_be_had():
    shop = Shop(now="2026-06-01 08:00").with_service(min_notice=60)
    now = minute("2026-06-01 08:00") * 60
    assert shop.at("2026-06-01 09:00", now_seconds=now).reason is None
    assert shop.at("2026-06-01 09:00", now_seconds=now + 1).reason == "too_soon"


def test_starts_that_are_past_are_not_shown():
    shop = Shop(now="2026-06-01 10:10")
    assert shop.times(MONDAY) == ["10:30", "11:00"]
    assert shop.reasons(MONDAY)["09:00"] == "too_soon"


def test_the_horizon_counts_local_dates():
    shop = Shop(now="2026-06-01 23:59").with_service(horizon_days=1)
    assert shop.times(MONDAY, MONDAY + timedelta(days=3)) == ["09:00", "09:30", "10:00", "10:30", "11:00"]
    assert shop.at("2026-06-03 09:00").reason == "too_far"


@pytest.mark.parametrize("first", [date.min, date(9999, 12, 1)])
def test_dates_at_the_ends_of_the_calendar_have_no_slots(first: date):
    assert Shop().slots(first, first + timedelta(days=30), include_taken=True) == []


def test_instants_at_the_ends_of_the_calendar_are_no_slots():
    shop = Shop()
    for start, reason in ((-62135596800 // 60, "too_soon"), (253402300740 // 60, "off_grid")):
        slot = availability.at(shop.service, shop.location, shop.resources, shop.taken, shop.ask(MONDAY), start)
        assert slot.reason == reason


# Seats


def session(id: int, taken: int, who: int = ANN, created: int = 0) -> OpenSession:
    start, end = minute("2026-06-01 09:00"), minute("2026-06-01 10:00")
    return OpenSession(id, start, end, start, end, (who,), taken, created)


def course(*sessions: OpenSession, **facts: Any) -> Shop:
    used = {each.resources[0] * 10: [(each.start, each.end)] for each in sessions}
    shop = Shop(people=[person(ANN), person(BEN)], taken=Taken(busy=used, sessions=sessions), **facts)
    return shop.with_service(needs=(Need((ANN, BEN), choosable=True),), seats=4)


def test_a_party_joins_the_fullest_session_with_room_then_the_oldest():
    shop = course(session(1, 1, ANN), session(2, 2, BEN))
    assert shop.at("2026-06-01 09:00").session == 2
    assert shop.at("2026-06-01 09:00", seats=3).session == 1
    assert course(session(1, 2, ANN, created=9), session(2, 2, BEN, created=5)).at("2026-06-01 09:00").session == 2


def test_another_session_opens_beside_when_none_has_room():
    slot = course(session(1, 3)).at("2026-06-01 09:00", seats=2)
    assert (slot.reason, slot.session, slot.seats_left, slot.choosable) == (None, None, 4, (BEN,))


def test_seats_left_is_the_largest_party_that_can_come():
    assert course(session(1, 3, ANN), session(2, 1, BEN)).at("2026-06-01 09:00").seats_left == 3
    assert course(session(1, 3, ANN)).at("2026-06-01 09:00").seats_left == 4


def test_a_full_class_is_full():
    slot = course(session(1, 4, ANN), session(2, 3, BEN)).at("2026-06-01 09:00", seats=2)
    assert (slot.reason, slot.seats_left) == ("full", 1)


def test_nobody_can_come_to_what_is_refused_whatever_seats_there_are():
    shop = course(session(1, 1, ANN), now="2026-06-01 08:30")
    assert shop.with_service(min_notice=60).at("2026-06-01 09:00").seats_left == 0
    assert shop.with_service(horizon_days=0).at("2026-06-02 09:00").seats_left == 0
    capped = replace(shop, taken=replace(shop.taken, per_day={MONDAY: 2})).with_service(per_day=2)
    assert (capped.at("2026-06-01 09:00").reason, capped.at("2026-06-01 09:00").seats_left) == ("limit", 0)


def test_a_session_is_joined_even_where_no_other_could_open():
    off = Absence(datetime(2026, 6, 1), datetime(2026, 6, 2), whole_days=True)
    shop = replace(course(session(1, 3)), people=[person(ANN, absences=(off,)), person(BEN, absences=(off,))])
    assert shop.times(MONDAY) == ["09:00"]
    assert shop.at("2026-06-01 09:00").choosable == (ANN,)


def test_joining_keeps_to_the_chosen_person():
    shop = course(session(1, 1, ANN), session(2, 2, BEN))
    assert shop.at("2026-06-01 09:00", chosen=frozenset({ANN})).session == 1
    full = course(session(1, 4, ANN), session(2, 2, BEN))
    assert full.at("2026-06-01 09:00", chosen=frozenset({ANN})).reason == "full"


def test_joining_obeys_notice_horizon_and_limits():
    assert course(session(1, 1), now="2026-06-01 09:01").times(MONDAY)[0] == "09:30"
    shop = course(session(1, 1)).with_service(per_day=2)
    assert replace(shop, taken=replace(shop.taken, per_day={MONDAY: 2})).at("2026-06-01 09:00").reason == "limit"


def test_more_than_the_seats_of_the_service_are_never_to_be_had():
    shop = course(session(1, 1))
    assert shop.at("2026-06-01 10:00", seats=5).reason is not None
    assert shop.times(MONDAY, seats=5) == []


def test_a_session_gone_from_someone_who_left_is_still_joined():
    shop = course(session(1, 1, who=99))
    assert shop.at("2026-06-01 09:00").session == 1


# Limits


def test_a_full_day_is_at_its_limit():
    shop = Shop(taken=Taken(per_day={MONDAY: 1})).with_service(per_day=1)
    assert shop.times(MONDAY, TUESDAY) == ["09:00", "09:30", "10:00", "10:30", "11:00"]
    assert shop.at("2026-06-01 09:00").reason == "limit"


# What is shown


def test_what_is_closed_by_the_house_is_not_listed_and_a_class_outside_is():
    assert list(Shop().reasons(MONDAY)) == ["09:00", "09:30", "10:00", "10:30", "11:00"]
    moved = replace(course(session(1, 4)), timetable=every_day((600, 720)))
    assert moved.reasons(MONDAY)["09:00"] == "full"
    assert course(session(1, 4)).reasons(TUESDAY).keys() == Shop().reasons(TUESDAY).keys()


def test_no_days_no_slots():
    assert Shop().slots(TUESDAY, MONDAY) == []


# How long an answer stays true


def until(shop: Shop, day: date = MONDAY) -> int:
    ask = shop.ask(day)
    found = availability.slots(shop.service, shop.location, shop.resources, shop.taken, ask)
    return availability.good_until(shop.service, shop.location, found, ask)


def test_an_answer_is_true_until_notice_drops_its_first_start():
    shop = Shop(now="2026-06-01 07:00").with_service(min_notice=60)
    assert until(shop) == minute("2026-06-01 08:00") * 60 + 1


def test_an_answer_without_starts_is_true_until_midnight():
    shop = Shop(now="2026-06-01 15:00")
    assert until(shop) == minute("2026-06-02 00:00") * 60
    assert until(shop, TUESDAY) == minute("2026-06-02 00:00") * 60


def test_midnight_is_where_the_shop_is_also_when_clocks_skip_it():
    # In Santiago the date begins at one.
    shop = Shop(zone="America/Santiago", now="2026-09-05 20:00")
    assert until(shop) == minute("2026-09-06 01:00", "America/Santiago") * 60


def test_a_week_of_nothing_has_nothing():
    assert Shop(timetable=Timetable(weekly=((),) * 7)).slots(MONDAY, TUESDAY, include_taken=True) == []
