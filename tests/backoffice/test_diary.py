"""The diary: who sees what of it, what its address means, what it costs, and what others change meanwhile."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import event, select, text

from actions import blocks, cancel, pauses, rights, steps
from actions import move as moving
from actions.sources import add_campaign
from backoffice.diary_strip import strip
from models import bookings, diary
from models.base import db
from models.booking import Session
from models.desk import SavedView
from models.history import steps_of
from models.outbox import Message
from models.people import Staff
from models.snapshot import catalogue
from models.staff_queries import viewer_of
from notifications.compose import compose
from tests.factories import HANNAH, TOM, booked, free
from tests.support.staff import account, signed_in
from tests.support.statements import statements

NINE = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
TEN = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
WEEK = "/desk/diary?day=2026-12-01"


@pytest.fixture
def clinic(load_business, app, clock):
    load_business("clinic")
    return app


@pytest.fixture
def hannah(clinic, clock):
    return booked("check-up", clock.now, start=NINE, resources=["dr-yilmaz"]).booking


@pytest.fixture
def tom(clinic, clock):
    return booked("check-up", clock.now, start=TEN, customer=TOM, resources=["dr-braun"]).booking


@pytest.fixture
def owner(clinic):
    return signed_in(clinic, account("owner"))


def page(visitor, address=WEEK, **headers):
    answer = visitor.get(address, headers=headers)
    assert answer.status_code == 200, answer.text[:400]
    return BeautifulSoup(answer.text, "html.parser")


def told(found, selector="#diary"):
    return " ".join(found.select_one(selector).get_text(" ").split())


def version(visitor, address=WEEK):
    return visitor.get(address.replace("/diary", "/diary/version")).json["version"]


# What is there


def test_a_line_says_its_time_and_name_and_to_a_reader_its_service_and_status_too(owner, hannah):
    line = page(owner).select_one(f'[data-ref="{hannah.reference}"]')
    assert " ".join(line.get_text().split()) == "09:00 Hannah Vogel, General check-up, confirmed"
    assert line["href"] == f"/desk/b/{hannah.reference}"
    cell = line.find_parent("td")
    assert cell["data-cell"] == "dr-yilmaz:2026-12-01"


def test_who_is_not_in_or_comes_later_is_said_and_a_quiet_weekend_is_left_out(owner):
    found = page(owner)
    assert [each["data-day"][-2:] for each in found.select("thead [data-day]")] == ["30", "01", "02", "03", "04"]
    absent = {each.find_parent("td")["data-cell"]: each.get_text() for each in found.select("td > .off")}
    assert absent == {
        "dr-braun:2026-12-02": "not in",
        "dr-braun:2026-12-03": "in from 14:00",
        "dr-braun:2026-12-04": "not in",
    }


def test_a_closed_today_keeps_its_column(clinic, clock):
    clock.set(datetime(2026, 12, 5, 9, 0, tzinfo=UTC))
    owner = signed_in(clinic, account("owner"))
    found = page(owner, "/desk/diary")
    assert [each["data-day"][-2:] for each in found.select("thead [data-day]")] == ["30", "01", "02", "03", "04", "05"]
    assert told(found, "thead .today .aside") == "closed"
    assert len(page(owner, "/desk/diary?day=2026-12-08").select("thead [data-day]")) == 5


def test_rooms_fold_to_how_much_of_them_is_taken(owner, hannah):
    found = page(owner)
    room = found.select_one(f'[data-cell="{hannah.resources[1]}:2026-12-01"]')
    # Half an hour of eight; the line stands in the row of the person only.
    assert room.get_text(strip=True) == "6 % taken"
    assert len(found.select(f'[data-ref="{hannah.reference}"]')) == 1


def test_more_than_eight_lines_of_a_day_lead_to_the_day(owner, clinic, clock):
    for number in range(9):
        start = datetime(2026, 12, 1, 7, 0, tzinfo=UTC) + timedelta(minutes=40 * number + (120 if number > 5 else 0))
        customer = {"name": f"Guest {number}", "email": f"g{number}@example.com"}
        booked("check-up", clock.now, start=start, customer=customer, resources=["dr-yilmaz"])
    cell = page(owner).select_one('[data-cell="dr-yilmaz:2026-12-01"]')
    assert len(cell.select("[data-ref]")) == 7
    assert cell.select_one(".more").get_text() == "2 more"
    assert len(page(owner, cell.select_one(".more")["href"]).select("[data-ref]")) == 9


def test_the_day_is_to_scale(owner, hannah, tom):
    boxes = page(owner, "/desk/diary?view=day&day=2026-12-01").select("a[data-ref] > svg")
    # From 8 o'clock, 20 pixels a quarter: nine is 80 from the top, half an hour is 40 high.
    assert [(each["y"], each["height"]) for each in boxes] == [("80", "39"), ("160", "39")]


def test_a_month_counts_and_a_list_is_paged(owner, hannah, tom, monkeypatch):
    day = page(owner, "/desk/diary?view=month&day=2026-12-01").select_one('[data-cell="m:2026-12-01"]')
    assert "2 booked" in day.get_text()
    monkeypatch.setattr("backoffice.diary_look.PAGE", 1)
    first = page(owner, "/desk/diary?view=list&day=2026-12-01")
    assert [each["data-ref"] for each in first.select("[data-ref]")] == [hannah.reference]
    following = first.select('nav[aria-label="Pages"] a')[-1]["href"]
    assert [each["data-ref"] for each in page(owner, following).select("[data-ref]")] == [tom.reference]


@pytest.mark.parametrize("view", ["day", "week", "month"])
def test_every_view_has_its_table(owner, hannah, view):
    found = page(owner, f"/desk/diary?view={view}&day=2026-12-01&table=1")
    row = found.select_one("table.list tbody tr")
    assert row.select_one("th a")["data-ref"] == hannah.reference
    assert "Hannah Vogel" in row.get_text()


def test_a_stay_of_several_days_stands_on_each_of_them(load_business, app, clock):
    load_business("rental")
    owner = signed_in(app, account("owner"))
    answers = {"licence": "A 1", "abroad": False}
    made = booked("van-hire", clock.now, length="7d", location="quay", answers=answers).booking
    middle = (made.start + timedelta(days=1)).date()
    for view in ("day", "week"):
        assert page(owner, f"/desk/diary?view={view}&day={middle}").select(f'[data-ref="{made.reference}"]'), view
    after = made.end + timedelta(days=8)
    assert not page(owner, f"/desk/diary?day={after.date()}").select(f'[data-ref="{made.reference}"]')


def test_hours_on_the_night_when_the_clocks_change_are_those_of_the_clock(load_business, app, clock_at):
    clock_at("2027-03-20T09:00Z")
    load_business("night")
    owner = signed_in(app, account("owner"))
    for day in ("2027-03-28", "2026-10-25"):
        for view in ("day", "week", "month", "list"):
            page(owner, f"/desk/diary?view={view}&day={day}")


# The address


def test_filters_narrow_every_view_and_stay_in_its_links(owner, hannah, tom):
    for view in ("day", "week", "list"):
        found = page(owner, f"/desk/diary?view={view}&day=2026-12-01&resource=dr-braun&status=confirmed")
        assert [each["data-ref"] for each in found.select("[data-ref]")] == [tom.reference]
        for link in found.select(".tabs a, .leaf a"):
            assert "resource=dr-braun" in link["href"] and "status=confirmed" in link["href"]
    assert not page(owner, f"{WEEK}&service=ultrasound").select("[data-ref]")
    assert not page(owner, f"{WEEK}&status=arrived").select("[data-ref]")


def test_links_and_signs_by_which_customers_came_have_their_names(owner, clock):
    chief = viewer_of(db.session(), db.session.scalars(select(Staff)).one())
    code = add_campaign(label="Autumn letter", by=chief, now=clock.now)
    options = {each["value"]: each.get_text() for each in page(owner).select("#source option")}
    names = list(options.values())
    assert options[code] == "Autumn letter"
    assert {"Sign: General check-up", "Sign: Praxis am Park", "Sign: Dr. Elif Yılmaz"} <= set(names)
    assert names == ["All", *sorted(names[1:], key=str.casefold)]
    assert not set(options) & set(names), "no code stands there"


def test_what_is_found_nowhere_says_so_and_offers_to_clear_the_filters(owner, hannah):
    found = page(owner, f"{WEEK}&q=nobody+of+that+name")
    assert "Nothing fits what you look for." in told(found)
    cleared = found.select_one(".empty-state .button")["href"]
    assert page(owner, cleared).select("[data-ref]")


def test_places_whose_clock_is_another_are_named_where_they_are_left_out(load_business, app):
    load_business("studio")
    owner = signed_in(app, account("owner"))
    for view in ("day", "week", "month", "list"):
        found = page(owner, f"/desk/diary?view={view}&day=2026-12-01&resource=chen")
        assert told(found, ".elsewhere") == "仅显示上海时间的地点。另有： SoHo"
        (link,) = found.select(".elsewhere a")
        assert link["href"] == f"/desk/diary?view={view}&day=2026-12-01&location=soho"
        back = page(owner, link["href"])
        assert told(back, ".elsewhere") == "仅显示纽约时间的地点。另有： 上海时间的地点"
        assert "location" not in back.select_one(".elsewhere a")["href"]
    assert not page(owner, f"{WEEK}&location=jingan").select(".elsewhere"), "she has chosen it"
    front = signed_in(app, account("front_desk", locations=["soho"]))
    assert not page(front).select(".elsewhere"), "she has no other"


def test_places_on_one_clock_leave_nothing_out(owner):
    assert not page(owner).select(".elsewhere")


@pytest.mark.parametrize(
    "odd",
    ["view=board", "day=2026-02-30", "day=0001-01-01", "day=9999-12-31", "by=x", "location=x", "status=x", "page=-1",
     "page=99999", "q=%00%F0", "q=" + "x" * 500, "resource=x&service=y&source=z", "view=month&day=9999-12-31"],
)  # fmt: skip
def test_an_odd_address_is_still_a_diary(owner, hannah, odd):
    for view in ("", "&view=list", "&view=day"):
        assert owner.get(f"/desk/diary?{odd}{view}").status_code == 200
        assert owner.get(f"/desk/diary/version?{odd}{view}").status_code == 200


@pytest.mark.parametrize("wish", ["vogel", "VOGEL", "hannah@", "0151 2345", "check-up"])
def test_who_may_read_names_finds_by_name_contact_and_service(owner, hannah, wish):
    assert page(owner, f"{WEEK}&q={wish}").select(f'[data-ref="{hannah.reference}"]')


# Rights


def test_of_other_peoples_customers_staff_read_and_find_nothing_but_the_visit(clinic, hannah, tom):
    yilmaz = signed_in(clinic, account("staff", resource="dr-yilmaz"))
    found = page(yilmaz)
    assert "Hannah Vogel" in told(found)
    assert "Fischer" not in found.get_text()
    assert "T*** F***" in found.select_one(f'[data-ref="{tom.reference}"]').get_text()
    for wish in ("fischer", "tom@", "98765432"):
        assert not page(yilmaz, f"{WEEK}&q={wish}").select("[data-ref]"), wish
    assert page(yilmaz, f"{WEEK}&q={tom.reference}").select("[data-ref]"), "a reference is known to who types it"
    assert page(yilmaz, f"{WEEK}&q=vogel").select("[data-ref]")


def test_staff_move_their_own_only(clinic, hannah, tom):
    yilmaz = signed_in(clinic, account("staff", resource="dr-yilmaz"))
    movable = [each["data-ref"] for each in page(yilmaz).select("[data-move]")]
    assert movable == [hannah.reference]
    assert yilmaz.get(f"/desk/b/{tom.reference}/move").status_code == 403


def test_an_auditor_reads_all_masked_and_moves_nothing(clinic, hannah):
    auditor = signed_in(clinic, account("auditor"))
    found = page(auditor)
    assert "Hannah" not in found.get_text()
    assert found.select(f'[data-ref="{hannah.reference}"]')
    assert not found.select("[data-move]")
    assert not page(auditor, f"{WEEK}&q=vogel").select("[data-ref]")


def test_with_own_bookings_only_the_rows_of_others_are_gone_too(clinic, hannah, tom, clock):
    chief = viewer_of(db.session(), db.session.get(Staff, account("owner")))
    rights.switch(role="staff", name="own_only", on=True, by=chief, now=clock.now)
    found = page(signed_in(clinic, account("staff", resource="dr-yilmaz")))
    assert [each["data-row"] for each in found.select("[data-row]")] == ["dr-yilmaz"]
    assert [each["data-ref"] for each in found.select("[data-ref]")] == [hannah.reference]
    assert tom.reference not in found.get_text()


# What it costs


def counted(visitor, address):
    with statements() as asked:
        assert visitor.get(address).status_code == 200
    return len([each for each in asked if each.lstrip().upper().startswith("SELECT")])


@pytest.mark.parametrize("view", ["day", "week", "month", "list"])
def test_a_view_costs_the_same_queries_whatever_it_shows(owner, clinic, clock, view):
    address = f"/desk/diary?view={view}&day=2026-12-01"
    booked("check-up", clock.now, start=NINE, resources=["dr-yilmaz"])
    owner.get(address)
    few = counted(owner, address)
    for hour in range(3):
        customer = {"name": f"Guest {hour}", "email": f"g{hour}@example.com"}
        booked("check-up", clock.now, start=TEN + timedelta(minutes=40 * hour), customer=customer)
    assert counted(owner, address) == few
    assert few <= 20
    assert counted(owner, address.replace("/diary", "/diary/version")) <= few - 5


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_week_is_read_by_its_indexes(clinic, hannah):
    viewer = viewer_of(db.session(), db.session.get(Staff, account("owner")))
    past = """INSERT INTO session (kind, service_id, location_id, starts, ends, busy_from, busy_to, zone, utc_offset, seats,
        seats_taken, live, created_at) SELECT 'service', service_id, location_id, at, at + '30 min', at, at + '30 min', zone,
        utc_offset, 1, 0, true, created_at FROM session, generate_series(timestamptz '2020-01-01', timestamptz '2026-11-01',
        '2 hours') AS at"""
    db.session.execute(text(past))
    db.session.execute(text("ANALYZE session"))
    wanted = diary.Wanted((1,))
    plans = []

    def explain(_connection, cursor, statement, parameters, *_):
        plans.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", explain)
    seen = diary.window(db.session(), wanted.locations, NINE, NINE + timedelta(days=7))
    diary.between(db.session(), viewer, wanted, seen)
    event.remove(db.engine, "before_cursor_execute", explain)
    raw = db.session.connection().connection.cursor()
    read = []
    for statement, parameters in plans[:2]:
        raw.execute("EXPLAIN " + statement, parameters)
        read.append("\n".join(row[0] for row in raw.fetchall()))
    db.session.rollback()
    assert "ix_session_long" in read[0]
    assert "ix_session_location_id_starts" in read[1]


# What others do


def test_everything_that_is_shown_changes_the_version(owner, clinic, hannah, clock):
    seen = [version(owner)]

    def changed():
        seen.append(version(owner))
        return seen[-1] != seen[-2]

    assert version(owner) == seen[0], "looking changes nothing"
    booked("check-up", clock.now, start=TEN, customer=TOM)
    assert changed(), "a booking came"
    moving.move(reference=hannah.reference, start=NINE + timedelta(days=7), actor="staff:1", now=clock.now)
    assert changed(), "one was moved out of the week"
    moving.move(reference=hannah.reference, start=NINE, actor="staff:1", now=clock.now)
    assert changed(), "and back into it"
    clock.set(NINE)
    owner = signed_in(clinic, account("owner", email="late@praxis.example"))
    steps.take_step(reference=hannah.reference, step="arrive", actor="staff:1", now=clock.now)
    assert changed(), "somebody arrived"
    made = blocks.block(
        resources=["room-2"], start=TEN + timedelta(hours=5), end=TEN + timedelta(hours=6), title="", actor="staff:1",
        now=clock.now,
    )  # fmt: skip
    assert changed(), "time was blocked"
    blocks.lift(session_id=made.session_id, actor="staff:1", now=clock.now)
    assert changed(), "time was freed"
    pauses.pause(subject_kind="business", actor="staff:1", now=clock.now)
    assert changed(), "online booking was paused"


def test_a_cancelled_booking_leaves_the_diary_and_is_found_by_its_status(owner, hannah, clock):
    cancel.cancel(reference=hannah.reference, reason="Ill", actor="staff:1", now=clock.now)
    assert not page(owner).select("[data-ref]")
    assert page(owner, f"{WEEK}&status=cancelled").select(f'[data-ref="{hannah.reference}"]')


def test_the_part_is_what_the_page_holds(owner, hannah):
    whole = page(owner)
    part = page(owner, **{"X-Part": "diary"})
    assert not part.select("h1, nav")
    cells = lambda found: [str(each) for each in found.select("[data-cell]")]  # noqa: E731
    assert cells(part) == cells(whole)


def test_a_part_does_not_take_the_word_that_the_page_is_to_say(clinic, hannah, clock):
    clock.set(NINE)
    owner = signed_in(clinic, account("owner"))
    owner.post(f"/desk/b/{hannah.reference}/step", data={"step": "arrive", "to": WEEK})
    page(owner, **{"X-Part": "diary"})
    assert "Hannah Vogel is here" in told(page(owner), ".toast")


# Moving


def ask(visitor, reference, **wish):
    answer = visitor.get(f"/desk/b/{reference}/move", query_string=wish)
    assert answer.status_code == 200
    return BeautifulSoup(answer.text, "html.parser")


def send(visitor, found, **more):
    form = found.select_one("form[method=post][action$=move]")
    fields = [(each["name"], each.get("value", "")) for each in form.select("input[name]")]
    data: dict = {}
    for name, value in fields:
        data.setdefault(name, []).append(value)
    return visitor.post(form["action"], data={**data, **more})


def test_what_follows_is_said_before_it_happens(owner, hannah):
    found = ask(owner, hannah.reference, day="2026-12-03", time="15:20")
    said = told(found, "main")
    assert "Move Hannah Vogel?" in said
    assert re.search(r"From Tue 1 Dec, 09:00 .* To Thu 3 Dec, 15:20", said)
    assert "Free, and within opening hours." in said
    assert "Hannah Vogel by e-mail and by SMS, in English" in said
    assert "Dr. Elif Yılmaz by e-mail" in said
    assert "After two minutes, so that you can take it back." in said
    assert page(owner).select(f'[data-ref="{hannah.reference}"]'), "nothing has happened"


def test_moved_it_stands_there_and_can_be_undone(owner, hannah, clock):
    answer = send(owner, ask(owner, hannah.reference, day="2026-12-03", time="15:20", back=WEEK))
    assert answer.headers["Location"] == WEEK
    found = page(owner)
    assert found.select_one(f'[data-ref="{hannah.reference}"]').find_parent("td")["data-cell"] == "dr-yilmaz:2026-12-03"
    assert "Moved to Thu 3 Dec, 15:20" in told(found, ".toast")
    undone = owner.post(found.select_one(".toast form")["action"], data={"to": WEEK})
    assert undone.status_code == 303
    cell = page(owner).select_one(f'[data-ref="{hannah.reference}"]').find_parent("td")
    assert cell["data-cell"] == "dr-yilmaz:2026-12-01"


def test_without_the_switch_the_customer_is_not_told(owner, hannah):
    def waiting():
        query = select(Message.recipient).where(Message.kind == "moved", Message.state == "ready")
        return set(db.session.execute(query).scalars())

    send(owner, ask(owner, hannah.reference, day="2026-12-03", time="15:20"), tell="")
    assert not waiting() & {HANNAH["email"]}
    send(owner, ask(owner, hannah.reference, day="2026-12-03", time="16:00"))
    assert HANNAH["email"] in waiting()


def test_what_stands_in_the_way_is_named_and_nothing_can_be_sent(owner, hannah, clinic, clock):
    other = booked("check-up", clock.now, start=TEN, customer=TOM, resources=["dr-yilmaz"]).booking
    found = ask(owner, hannah.reference, day="2026-12-01", time="10:00")
    spaced = f"{other.reference[:4]} {other.reference[4:]}"
    assert f"Dr. Elif Yılmaz is taken Tue 1 Dec, 10:00–10:30 by {spaced}." in told(found, "main")
    assert not found.select("form[method=post][action$=move]")
    closed = told(ask(owner, hannah.reference, day="2026-12-02", time="15:00"), "main")
    assert "Praxis am Park is open 08:00–13:00 on Wed 2 December." in closed


def test_its_own_time_does_not_stand_in_its_way(owner, hannah):
    assert "Free, and within opening hours." in told(ask(owner, hannah.reference, time="09:10"), "main")


def test_dropped_on_a_day_it_keeps_its_hour_or_asks_with_the_free_ones(owner, hannah, clock):
    kept = ask(owner, hannah.reference, day="2026-12-03", keep="1", **{"with": "dr-yilmaz", "beside": "dr-yilmaz"})
    assert "To Thu 3 Dec, 09:00" in told(kept, "main")
    asked = ask(owner, hannah.reference, day="2026-12-03", keep="1", **{"with": "dr-braun", "beside": "dr-yilmaz"})
    assert "Dr. Jonas Braun does not work then." in told(asked, "main")
    assert asked.select("button[name=start].pill")[0].get_text() == "14:00"


def test_given_to_a_colleague_at_the_same_time_it_is_given_and_not_moved(owner, hannah, clock):
    answer = send(owner, ask(owner, hannah.reference, keep="1", **{"with": "dr-braun", "beside": "dr-yilmaz"}))
    assert answer.status_code == 303
    found = page(owner)
    assert found.select_one(f'[data-ref="{hannah.reference}"]').find_parent("td")["data-cell"] == "dr-braun:2026-12-01"
    assert "Given to Dr. Jonas Braun" in told(found, ".toast")
    assert steps_of(db.session(), "booking", hannah.id)[0].action == "reassigned"


def test_whoever_was_quicker_is_not_overrun(owner, hannah, clock):
    found = ask(owner, hannah.reference, day="2026-12-03", time="15:20")
    booked(
        "check-up", clock.now, start=datetime(2026, 12, 3, 14, 20, tzinfo=UTC), customer=TOM, resources=["dr-yilmaz"]
    )
    late = send(owner, found)
    assert late.status_code == 409
    assert "This time was just taken." in late.text
    found = ask(owner, hannah.reference, day="2026-12-04", time="09:00")
    again = datetime(2026, 12, 3, 7, 0, tzinfo=UTC)
    moving.move(reference=hannah.reference, start=again, actor="staff:9", now=clock.now)
    assert send(owner, found).status_code == 409, "moved by a colleague meanwhile"


@pytest.mark.parametrize(
    "odd",
    [{"day": "x"}, {"day": "9999-12-31"}, {"day": "0001-01-01"}, {"start": "x"}, {"start": "2026-12-01T10:00"},
     {"start": "0001-01-01T00:00:00+00:00"}, {"time": "99:99", "day": "2026-12-03"}, {"with": "nobody"}, {"with": "room-2"}],
)  # fmt: skip
def test_an_odd_wish_is_asked_again(owner, hannah, odd):
    assert "Move Hannah Vogel?" in told(ask(owner, hannah.reference, **odd), "main")


def test_an_hour_that_the_clocks_skip_is_no_time_to_move_to(owner, hannah):
    found = told(ask(owner, hannah.reference, day="2027-03-28", time="02:30"), "main")
    assert "The clocks go forward then: this time does not exist." in found


# Blocks, pauses, views


def test_blocked_time_stands_in_the_diary_and_is_lifted_there(owner, clinic):
    form = {"with": ["room-2"], "day": "2026-12-02", "begins": "09:00", "last": "2026-12-02", "ends": "11:00"}
    assert owner.post("/desk/diary/block", data={**form, "title": "Painter", "to": WEEK}).status_code == 303
    line = page(owner).select_one('[data-cell="room-2:2026-12-02"] a.block')
    assert " ".join(line.get_text().split()) == "09:00 Painter"
    assert "Painter" in page(owner, "/desk/diary?view=day&day=2026-12-02").get_text()
    one = page(owner, line["href"])
    assert "Wed 2 Dec, 09:00–11:00" in told(one, "main")
    assert owner.post(one.select_one("form[action$=lift]")["action"]).status_code == 303
    assert not page(owner).select("a.block")


def test_a_block_over_bookings_shows_them_and_an_empty_form_what_is_missing(owner, hannah):
    form = {"with": ["dr-yilmaz"], "day": "2026-12-01", "begins": "08:00", "last": "2026-12-01", "ends": "12:00"}
    late = owner.post("/desk/diary/block", data=form)
    assert late.status_code == 409
    assert hannah.reference in late.text
    empty = owner.post("/desk/diary/block", data={**form, "with": [], "ends": "x"})
    assert empty.status_code == 422
    assert "A time is needed" in empty.text


def test_staff_block_their_own_time_only(clinic):
    yilmaz = signed_in(clinic, account("staff", resource="dr-yilmaz"))
    form = {"day": "2026-12-02", "begins": "09:00", "last": "2026-12-02", "ends": "11:00"}
    assert [each["value"] for each in page(yilmaz, "/desk/diary/block").select("input[name=with]")] == ["dr-yilmaz"]
    assert yilmaz.post("/desk/diary/block", data={**form, "with": ["dr-braun"]}).status_code == 403
    assert yilmaz.post("/desk/diary/block", data={**form, "with": ["dr-yilmaz"]}).status_code == 303
    braun = signed_in(clinic, account("staff", email="braun@praxis.example", resource="dr-braun"))
    id = db.session.execute(select(Session.id).where(Session.kind == "block")).scalar_one()
    assert braun.post(f"/desk/diary/block/{id}/lift").status_code == 403
    assert yilmaz.post("/desk/diary/block/99999/lift").status_code == 404


def test_a_pause_is_said_on_top_of_the_diary_and_ended_there(owner, clinic):
    form = {"subject": "service:ultrasound", "say-en": "The machine is away.", "until": "2026-12-04T12:00", "to": WEEK}
    assert owner.post("/desk/diary/pause", data=form).status_code == 303
    note = page(owner).select_one(".paused")
    said = "Online booking is paused until Fri 4 Dec, 12:00: Ultrasound. The machine is away."
    assert said in " ".join(note.get_text(" ").split())
    assert owner.post("/desk/diary/resume", data={"subject": note.select_one("button")["value"]}).status_code == 303
    assert not page(owner).select(".paused")
    assert owner.post("/desk/diary/pause", data={**form, "until": "2020-01-01T12:00"}).status_code == 422


def test_a_view_is_kept_without_its_day_and_shared_when_wanted(owner, clinic, hannah):
    kept = {"view": "list", "day": "2026-12-01", "resource": "dr-braun", "name": "Braun"}
    assert owner.post("/desk/diary/views", data=kept).status_code == 303
    front = signed_in(clinic, account("front_desk"))
    assert not page(front).select(".views .row")
    owner.post("/desk/diary/views", data={**kept, "shared": "1", "view": "day"})
    assert db.session.execute(select(SavedView.query)).scalars().all() == ["view=day&resource=dr-braun"], (
        "the old gave way"
    )
    row = page(front).select_one(".views .row")
    assert row.a["href"] == "/desk/diary?view=day&resource=dr-braun"
    assert not row.select("form")
    id = db.session.execute(select(SavedView.id)).scalar_one()
    assert front.post(f"/desk/diary/views/{id}/drop").status_code == 404
    assert owner.post(f"/desk/diary/views/{id}/drop").status_code == 303
    assert not page(owner).select(".views .row")


def test_a_word_to_the_customer_goes_into_her_message_only(owner, hannah, clock):
    form = {"start": TEN.isoformat(), "with": "dr-yilmaz", "tell": "1", "word": "Dr. Yılmaz is at a birth"}
    assert "A word to the customer" in told(
        page(owner, f"/desk/b/{hannah.reference}/move?start={TEN.isoformat()[:19]}Z"), "main"
    )
    wrong = owner.post(f"/desk/b/{hannah.reference}/move", data={**form, "word": "a\u202eb" * 200})
    assert wrong.status_code == 422
    assert owner.post(f"/desk/b/{hannah.reference}/move", data=form).status_code == 303
    step = next(each for each in steps_of(db.session(), "booking", hannah.id) if each.action == "moved")
    assert step.reason == "Dr. Yılmaz is at a birth"
    moved_ = db.session.scalars(select(Message).where(Message.kind == "moved", Message.channel == "mail")).one()
    assert moved_.facts["word"] == step.reason
    settings, known = owner.application.config["SETTINGS"], catalogue(db.session())
    mail = compose(moved_, bookings.by_id(db.session(), hannah.id), known, settings, now=clock.now)
    assert "A word from us: Dr. Yılmaz is at a birth" in mail.text
    assert "A word from us: Dr. Yılmaz is at a birth" in mail.html


def test_a_class_is_one_block_with_its_count_that_opens_to_its_bookings(load_business, app, clock):
    load_business("studio")
    start, names = None, ("Ada", "Bo", "Cy")
    for name in names:
        offers = free("yoga", clock.now) if start is None else []
        start = start or offers[0].start
        booked("yoga", clock.now, start=start, customer={"name": name, "email": f"{name}@example.com".lower()})
    owner = signed_in(app, account("owner"))
    day = start.astimezone(ZoneInfo("Asia/Shanghai")).date().isoformat()
    week = page(owner, f"/desk/diary?day={day}")
    block = week.select_one("#diary details.session")
    assert [each.get_text(strip=True) for each in block.select("summary .seats")] == ["3/8"]
    assert [each.get_text(strip=True) for each in block.select("ul a > span")] == list(names)
    assert len(week.select("#diary [data-ref]")) == 3 * len(week.select("#diary details.session"))
    in_day = page(owner, f"/desk/diary?view=day&day={day}")
    assert len(in_day.select("#diary a.box")) == len(in_day.select("#diary a.box[href*='session=']"))
    # Somebody in another class of the same day is not in the table of this one.
    assert start is not None
    later = next(each.start for each in free("yoga", clock.now) if each.start > start)
    assert later.astimezone(ZoneInfo("Asia/Shanghai")).date().isoformat() == day
    booked("yoga", clock.now, start=later, customer={"name": "Di", "email": "di@example.com"})
    table = page(owner, in_day.select_one("a.box")["href"])
    assert [each.td.get_text() for each in table.select("table.list tbody tr")] == list(names)
    # What leads elsewhere leaves the class behind; a class that is typed by hand is none.
    assert not [each["href"] for each in table.select("main a[href*='session=']:not(.live a)")]
    assert not page(owner, f"/desk/diary?day={day}&view=day&table=1&session=999999").select("table.list")
    assert page(owner, f"/desk/diary?day={day}&view=day&table=1&session=9x").select("table.list")


def test_a_strip_is_one_path_a_status_inside_of_its_frame():
    taken = [(60, 120, "confirmed"), (300, 330, "confirmed"), (590, 900, "block")]
    drawn = BeautifulSoup(strip([(0, 600)], taken, 0, (0, 600)), "html.parser")
    shapes = {each["class"][0]: each["d"] for each in drawn.select("path")}
    assert shapes == {"g": "M0 0h600v8H0z", "confirmed": "M60 0h57v8H60zM300 0h27v8H300z", "block": "M590 0h7v8H590z"}
    assert strip([], [(700, 800, "confirmed")], 0, (0, 600)) == ""


def test_more_bookings_than_a_page_holds_are_said(owner, hannah, tom, monkeypatch):
    monkeypatch.setattr(diary, "MOST", 1)
    for view in ("week", "day"):
        assert "Only the first 1 bookings are shown." in told(page(owner, f"{WEEK}&view={view}"))
