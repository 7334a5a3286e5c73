"""The page of figures: who may see it, what it says, and that every mark leads to what it counts."""

from __future__ import annotations

import csv
import html
import io
import re
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select

from actions import cancel, rights, visits
from actions.steps import take_step
from models.base import db
from models.booking import Booking
from models.doors import Source
from models.feedback import Feedback
from models.history import History
from models.people import RightSwitch
from tests.factories import HANNAH, TOM, booked
from tests.support.staff import account, signed_in

# The Monday after the clocks went back in Berlin, and the visits of its morning.
MONDAY = datetime(2026, 12, 7, 7, 0, tzinfo=UTC)
DECEMBER = "/desk/figures?from=2026-12-01&to=2026-12-31"


@pytest.fixture
def clinic(load_business, app, clock):
    load_business("clinic")
    return app


@pytest.fixture
def month(clinic, clock):
    """Twelve visits in December: ten completed, one missed, one cancelled by the customer; and what came of one search."""
    made = [
        booked(
            "check-up",
            clock.now,
            start=MONDAY + timedelta(days=n % 2, minutes=40 * (n // 2)),
            customer={**(HANNAH if n % 3 else TOM), "email": f"guest{n}@example.com", "phone": f"+49 151 2345{n:04}"},
        ).booking
        for n in range(12)
    ]
    cancel.cancel(reference=made[0].reference, now=clock.now)
    visits.count("search_empty", service_id=1, now=clock.now)
    for _ in range(30):
        visits.count("visit", now=clock.now)
    visits.flush(clock.now)
    clock.set(MONDAY + timedelta(days=3))
    for number, each in enumerate(made[1:]):
        take_step(reference=each.reference, step="miss" if not number else "complete", actor="staff:1", now=clock.now)
    return clinic


@pytest.fixture
def owner(month, clock):
    return signed_in(month, account("owner", now=clock.now))


def tile(page, key):
    """A tile without its markup: name, figure, change and definition."""
    found = re.search(rf'id="tile-{key}">(.*?)</li>', page.text, re.S)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", found[1]))).strip() if found else None


def behind(page, key):
    """How many bookings the list behind a tile has, and their references."""
    found = re.search(rf'id="tile-{key}">.*?href="([^"]+)"', page.text, re.S)
    return html.unescape(found[1])


def listed(visitor, address):
    text = visitor.get(address).text
    return int(re.search(r'counted">([0-9]+) booking', text)[1]), set(re.findall(r'data-cell="l:([A-Z0-9]+)"', text))


@pytest.mark.parametrize(
    ("role", "status"), [("owner", 200), ("manager", 200), ("auditor", 200), ("staff", 403), ("front_desk", 403)]
)
def test_figures_are_for_those_who_may_see_them(month, clock, role, status):
    visitor = signed_in(month, account(role, now=clock.now))
    assert visitor.get("/desk/figures").status_code == status
    assert ("/desk/figures" in visitor.get("/desk/more").text) is (status == 200)


def test_each_tile_says_what_it_counts(owner):
    page = owner.get(DECEMBER)
    assert tile(page, "bookings").startswith("Bookings 12 up by 12 Every booking whose visit falls in the period.")
    assert tile(page, "fulfilled") == "Fulfilled 90.9 % 10 completed of the 11 that were due."
    assert tile(page, "cancelled").startswith(
        "Cancelled 8.3 % 1 cancelled by customers, of the 12 that were confirmed."
    )
    assert tile(page, "no_show") == "Did not come 9.1 % 1 did not come, of the 11 that were expected."
    assert "Most: General check-up (1)" not in tile(page, "not_found")
    november = owner.get("/desk/figures?from=2026-11-01&to=2026-11-30")
    assert tile(november, "not_found").startswith("Asked for, not found 1 up by 1")
    assert "12 bookings by links and the portal for 0 visits" in tile(page, "conversion")


def test_of_too_few_the_count_is_said_and_no_share(owner):
    page = owner.get("/desk/figures?from=2026-12-07&to=2026-12-07")
    assert "too few to say" in tile(page, "fulfilled")
    assert "%" not in tile(page, "fulfilled").split("too few")[0]


def test_a_time_without_visits_says_so(owner):
    page = owner.get("/desk/figures?from=2026-01-01&to=2026-01-31")
    assert "Nothing was booked in this time." in page.text
    assert '<svg class="pie"' not in page.text


@pytest.mark.parametrize(
    ("key", "count"),
    [
        ("bookings", 12),
        ("fulfilled", 11),
        ("cancelled", 1),
        ("no_show", 1),
        ("by_house", 0),
        ("first", 11),
        ("conversion", 12),
    ],
)
def test_every_tile_leads_to_what_it_counts(owner, key, count):
    page = owner.get(DECEMBER)
    found = owner.get(behind(page, key))
    assert found.status_code == 200
    if count:
        assert listed(owner, behind(page, key))[0] == count
    else:
        assert "Nothing fits" in found.text


def test_every_mark_leads_to_as_many_as_it_says(owner):
    for table in ("service", "person", "channel", "hour", "ahead"):
        page = owner.get(f"{DECEMBER}&table={table}")
        lines = page.text.split('id="table"')[1]
        rows = re.findall(r'<tr><th scope="row"><a href="([^"]+)">.*?</a></th><td[^>]*>([0-9]+)</td>', lines)
        assert rows, table
        for href, count in rows:
            assert listed(owner, html.unescape(href))[0] == int(count), (table, href)


def test_the_hours_lead_to_the_visits_that_take_them(owner):
    page = owner.get(DECEMBER)
    fields = re.findall(r'<td><a href="([^"]+)" aria-label="(Monday|Tuesday) [^"]+">(\d+)</a>', page.text)
    busy = [(html.unescape(href), figure) for href, _, figure in fields if figure != "0"]
    assert busy
    together = set().union(*(listed(owner, href)[1] for href, _ in busy))
    assert len(together) == 11, "all that take time, the cancelled one apart"


def test_a_list_of_figures_is_no_way_round_for_those_who_see_none(month, clock):
    front = signed_in(month, account("front_desk", now=clock.now))
    page = front.get("/desk/diary?view=list&day=2026-12-07&until=2026-12-31&count=by_customer")
    assert "counted" not in page.text
    assert page.text.count("data-cell") == 11, "the plain list of what takes time"


@pytest.mark.parametrize(
    "query",
    [
        "period=yesterday", "from=2026-99-99&to=x", "from=0001-01-01&to=9999-12-31", "location=nowhere&service=%00&resource=';--",
        "split=ultrasound:referral", "split=ultrasound:nothing", "split=:", "table=x&kind=y", "table=answer", "from=2026-12-31&to=2026-12-01",
        "period=today", "period=week", "resource=dr-braun", "service=ultrasound&table=hour",
    ],
)  # fmt: skip
def test_whatever_is_asked_the_page_answers(owner, query):
    assert owner.get(f"/desk/figures?{query}").status_code == 200


@pytest.mark.parametrize(
    "code",
    [
        "nothing",
        "channel:9999999999999",
        "during:999",
        "ahead:77",
        "clock:x",
        "answer:a:b:c",
        "kind:ghost",
        "channel:%00",
        "answer:ultrasound:referral:true",
    ],
)
def test_whatever_a_list_is_asked_it_answers(owner, code):
    assert owner.get(f"/desk/diary?view=list&day=2026-12-01&until=2026-12-31&count={code}").status_code == 200


def test_income_is_hidden_from_who_may_not_see_prices(month, clock):
    db.session.execute(insert(RightSwitch).values(role="manager", name="prices", on=False))
    db.session.commit()
    manager = signed_in(month, account("manager", now=clock.now))
    page = manager.get(DECEMBER)
    assert tile(page, "income") is None
    assert "Income" not in page.text
    taken = manager.post(f"{DECEMBER.replace('figures?', 'figures/export?')}", data={"form": "csv"})
    assert "Income" not in taken.get_data(as_text=True)


def test_names_in_charts_are_text(owner, month):
    from sqlalchemy import update

    from models.business import Business
    from models.catalogue import Service

    db.session.execute(update(Service).where(Service.slug == "check-up").values(name='<script>"&'))
    db.session.execute(update(Business).values(catalogue_version=Business.catalogue_version + 1))
    db.session.commit()
    page = owner.get(DECEMBER)
    assert '<script>"' not in page.text
    assert "&lt;script&gt;" in page.text


# Files


def export(visitor, what, form, query="from=2026-12-01&to=2026-12-31"):
    path = "/desk/figures/export" if what == "figures" else "/desk/figures/export-bookings"
    return visitor.post(f"{path}?{query}", data={"form": form})


def rows_of(answer):
    return list(csv.reader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))


def test_the_files_carry_the_figures_of_the_page_and_who_took_them(owner):
    answer = export(owner, "figures", "csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="figures-2026-12-01-2026-12-31.csv"'
    rows = rows_of(answer)
    assert ["Fulfilled", "90.9 %", "", "10 completed of the 11 that were due."] in rows
    assert ["General check-up", "12", "10", "90.9", "1", "1", "0.0"] in rows
    assert ["Taken by", "Owner <owner@praxis.example>"] in rows
    book = export(owner, "figures", "xlsx")
    with zipfile.ZipFile(io.BytesIO(book.data)) as parts:
        texts = parts.read("xl/sharedStrings.xml").decode()
        sheets = [parts.read(name).decode() for name in parts.namelist() if name.startswith("xl/worksheets/sheet")]
    assert "10 completed of the 11 that were due." in texts
    assert "owner@praxis.example" in texts
    assert not any("<f>" in each for each in sheets), "no formula"


def test_the_list_holds_each_booking_as_she_may_read_it(owner):
    rows = rows_of(export(owner, "bookings", "csv"))
    assert len([row for row in rows if row and row[1:2] in (["completed"], ["missed"], ["cancelled"])]) == 12
    head = rows[0]
    first = dict(zip(head, rows[1], strict=True))
    assert first["Name"] in ("Hannah Vogel", "Tom Fischer")
    assert first["Phone"].startswith("'+49"), "a number that begins with + is no formula"


def test_every_file_is_written_down(owner):
    export(owner, "bookings", "xlsx")
    db.session.rollback()
    step = db.session.scalars(select(History).where(History.action == "exported")).one()
    assert (step.object_kind, step.after["what"], step.after["form"], step.after["rows"]) == (
        "staff",
        "bookings",
        "xlsx",
        12,
    )
    page = owner.get("/desk/history?action=exported")
    assert "File taken" in page.text


@pytest.mark.parametrize(("role", "what"), [("auditor", "figures"), ("front_desk", "bookings"), ("staff", "figures")])
def test_who_may_not_export_gets_no_file(month, clock, role, what):
    visitor = signed_in(month, account(role, now=clock.now))
    assert export(visitor, what, "csv").status_code == 403


def test_the_right_to_export_alone_shows_no_figures(month, clock):
    db.session.execute(insert(RightSwitch).values(role="front_desk", name="export", on=True))
    db.session.commit()
    assert export(signed_in(month, account("front_desk", now=clock.now)), "figures", "csv").status_code == 403


def test_a_right_that_was_taken_away_is_gone_at_once(month, clock):
    visitor, id = signed_in(month, account("manager", now=clock.now)), account("owner", now=clock.now)
    assert export(visitor, "figures", "csv").status_code == 200
    from models.people import Staff
    from models.staff_queries import viewer_of

    owner = viewer_of(db.session(), db.session.get(Staff, id))
    rights.switch(role="manager", name="export", on=False, by=owner, now=clock.now)
    assert export(visitor, "figures", "csv").status_code == 403


def test_an_odd_form_of_file_is_not_there(owner):
    assert export(owner, "figures", "pdf").status_code == 404


def test_signs_and_sources_are_called_by_what_they_stand_beside(owner):
    db.session.execute(insert(Source).values(code="spring", kind="campaign", label="Spring letter"))
    db.session.commit()
    visits.count(
        "visit", source_id=db.session.execute(select(Source.id).where(Source.code == "spring")).scalar_one(), now=MONDAY
    )
    visits.flush(MONDAY)
    page = owner.get(f"{DECEMBER}&table=channel")
    assert "Spring letter" in page.text


@pytest.mark.parametrize(("answers", "said"), [(0, "– no answers yet"), (1, "1 too few to say")])
def test_no_answers_are_no_figure_and_one_is_too_few_to_say(month, owner, clock, answers, said):
    visits_ = db.session.scalars(select(Booking.id).where(Booking.status == "completed").limit(answers)).all()
    for visit in visits_:
        db.session.add(Feedback(booking_id=visit, stars=5, words=None, created_at=clock.now, changed_at=clock.now))
    db.session.commit()
    assert tile(owner.get(DECEMBER), "satisfaction").startswith(f"Satisfaction {said}")
