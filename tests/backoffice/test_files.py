"""Files at the desk: brought, matched, looked at, written, taken out; and what customers said."""

from __future__ import annotations

import csv
import io
import os
import re
from datetime import timedelta

import pytest
import python_calamine
from sqlalchemy import select, true

from actions import exports, feedback, lease
from actions.importing import running
from actions.steps import take_step
from actions.transaction import run
from backoffice import figures_files
from models.base import db
from models.history import History
from models.imports import ExportFile
from models.people import RightSwitch
from notifications import exporting
from tests.actions.importing import csv as lines
from tests.factories import booked
from tests.support.staff import PASSWORD, account, signed_in

# What does not depend on the database.
ONE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def clinic(load_business, app, clock):
    load_business("clinic")
    return app


@pytest.fixture
def owner(clinic, clock):
    return signed_in(clinic, account("owner", now=clock.now))


PARTS = (
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nName\n%s\r\n'
    b'--x\r\nContent-Disposition: form-data; name="kind"\r\n\r\nresources\r\n--x--\r\n'
)


def bring(visitor, body, kind="customers", name="list.csv"):
    return visitor.post("/desk/import", data={"kind": kind, "file": (io.BytesIO(body), name)})


def fetched(visitor, path):
    """The body of a file that is streamed."""
    with visitor.get(path) as answer:
        assert answer.status_code == 200
        return answer.data


def work(app, clock):
    settings = app.config["SETTINGS"]
    while running.carry_on(folder=settings.imports, clock=lambda: clock.now):
        pass
    while exporting.make(folder=settings.exports, clock=lambda: clock.now):
        pass


def cells(body):
    return python_calamine.load_workbook(io.BytesIO(body)).get_sheet_by_index(0).to_python()


def test_a_file_goes_from_the_desk_to_the_tables(clinic, owner, clock):
    body = lines(
        "Name,Wer,Mobile",
        "Anna,x,+49 151 10000001",
        "=1+1,x,1.38E+10",
        "Anna,x,+49 151 10000001",
        "B\x07en,x,+49 151 10000002",
    )
    where = bring(owner, body, name='../"x\u202e.csv').headers["Location"]
    assert "Which column is what?" in owner.get(where).text
    wrong = owner.post(f"{where}/match", data={"column-phone": "2", "column-email": "2"})
    assert wrong.status_code == 422
    assert "Choose the column that holds it." in wrong.text
    assert owner.post(f"{where}/match", data={"column-name": "0", "column-phone": "2"}).status_code == 303
    assert "Looking at row 0 of 4" in owner.get(where).text
    part = owner.get(where, headers={"X-Part": "progress"})
    assert part.headers["X-State"] == "checking"
    work(clinic, clock)
    assert owner.post(f"{where}/again").status_code == 303
    assert "Which column is what?" in owner.get(where).text
    owner.post(f"{where}/match", data={"column-name": "0", "column-phone": "2"})
    work(clinic, clock)
    page = owner.get(where).text
    assert "Twice in the file" in page
    assert "+4915110000001" in page
    assert "figures are lost" in owner.get(where + "?show=refused").text
    assert "Leave the row out" in owner.get(where + "?show=twin").text
    assert owner.post(f"{where}/doubles", data={"double": "twin", "choice": "new"}).status_code == 303
    assert (
        owner.post(
            f"{where}/doubles", data={"double": "twin", "choice": "leave", "group": "+4915110000001"}
        ).status_code
        == 303
    )
    assert owner.post(f"{where}/rows", data={"shown": ["2", "5"], "chosen": ["2", "5", "\u0663"]}).status_code == 303
    for _ in range(2):
        assert owner.post(f"{where}/start").status_code == 303
    assert "Writing row" in owner.get(where).text
    work(clinic, clock)
    assert "What was refused, and why" in owner.get(where).text
    refused = owner.get(f"{where}/refused.xlsx")
    assert cells(refused.data)[1][:3] == [3.0, "=1+1", "1.38E+10"]
    # The same file again is named before it is matched, and is on the list.
    again = bring(owner, body, name="again.csv").headers["Location"]
    assert "This very file was imported on" in owner.get(again).text
    assert owner.post(f"{again}/drop").headers["Location"] == "/desk/import"
    assert "The file is dropped." in owner.get("/desk/import").text
    assert owner.get(again).status_code == 404
    actions = db.session.execute(
        select(History.action).where(History.object_kind == "import").order_by(History.id)
    ).scalars()
    assert list(actions) == ["import_received", "import_started", "imported", "import_received", "import_dropped"]
    history = owner.get("/desk/history?lang=zh&kind=import").text
    assert "类型：客户" in history
    assert not {"made：", "refused：", "unchosen：", "tell：", "kind："} & set(re.findall(r"\w+：", history))


@ONE
def test_what_is_no_table_is_refused_on_the_page(owner):
    for data, said in (
        ({"kind": "customers"}, "Choose a file first."),
        ({"kind": "customers", "file": (io.BytesIO(b"%PDF-1"), "a.csv")}, "This is no table."),
    ):
        answer = owner.post("/desk/import", data=data)
        assert answer.status_code == 422
        assert said in answer.text
    for megabytes in (11, 30):
        # The form is read to its end, whatever stands behind the file, and the choice is kept.
        body = PARTS % (b"x" * megabytes * 1_000_000)
        answer = owner.post("/desk/import", data=body, content_type="multipart/form-data; boundary=x")
        assert answer.status_code == 422
        assert "at most 10 MB" in answer.text
        assert re.search(r'value="resources" required checked', answer.text)
    large = {"content_type": "multipart/form-data; boundary=x", "environ_overrides": {"CONTENT_LENGTH": "120000000"}}
    answer = owner.post("/desk/import", data=b"--x", **large)
    assert (answer.status_code, "Code too_large" in answer.text) == (413, True)
    assert owner.post("/desk/import", data={"kind": "odd"}).status_code == 404


@ONE
def test_templates_are_what_can_be_imported(owner):
    for kind, locale in (
        ("customers", "zh"),
        ("resources", "en"),
        ("accounts", "zh"),
        ("bookings", "zh"),
        ("accounts", "en"),
    ):
        owner.get(f"/desk/import?lang={locale}")
        body = owner.get(f"/desk/import/template/{kind}.xlsx").data
        rows = cells(body)
        assert len(rows) == 2
        page = owner.get(bring(owner, body, kind).headers["Location"]).text
        # Each header is known: no field is left without a column.
        assert page.count(" selected>") == len(rows[0])
    assert owner.get("/desk/import/template/odd.xlsx").status_code == 404


def test_customers_leave_as_a_file_that_only_she_may_fetch_within_its_hour(clinic, owner, clock):
    booked("check-up", clock.now, customer={"name": "=Hannah", "phone": "+49 151 23456789"})
    other = signed_in(clinic, account("manager", now=clock.now))
    for form in ("xlsx", "csv"):
        assert owner.post("/desk/exports", data={"form": form}).status_code == 303
    assert "Being made" in owner.get("/desk/exports").text
    work(clinic, clock)
    files = list(db.session.execute(select(ExportFile)).scalars())
    ids, stored = {each.form: each.id for each in files}, [each.stored for each in files]
    assert cells(fetched(owner, f"/desk/exports/{ids['xlsx']}"))[1][:2] == ["=Hannah", "+4915123456789"]
    text = fetched(owner, f"/desk/exports/{ids['csv']}").decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text)))[1][:2] == ["'=Hannah", "'+4915123456789"]
    assert "owner@praxis.example" in text
    assert other.get(f"/desk/exports/{ids['csv']}").status_code == 404
    taken = db.session.execute(select(History.after).where(History.action == "exported")).scalars().all()
    assert [(each["what"], each["rows"]) for each in taken] == [("customers", 1)] * 2
    clock.tick(hours=1)
    owner.post("/desk/sign-in", data={"email": "owner@praxis.example", "password": PASSWORD})
    assert owner.get(f"/desk/exports/{ids['xlsx']}").status_code == 404
    assert exports.forget_old(folder=clinic.config["SETTINGS"].exports, now=clock.now + timedelta(minutes=1)) == 2
    assert not any((clinic.config["SETTINGS"].exports / each).exists() for each in stored)


@ONE
def test_what_a_killed_worker_left_behind_goes_with_the_hour(clinic, owner, clock):
    folder = clinic.config["SETTINGS"].exports
    for each in folder.glob("*"):
        # Of the tests before.
        each.unlink()
    owner.post("/desk/exports", data={"form": "csv"})
    work(clinic, clock)
    (ready,) = folder.iterdir()
    left, writing = folder / "left", folder / "writing"
    for path, age in ((ready, 2), (left, 2), (writing, 0)):
        path.touch()
        at = (clock.now - timedelta(hours=age)).timestamp()
        os.utime(path, (at, at))
    exports.forget_old(folder=folder, now=clock.now)
    assert set(folder.iterdir()) == {ready, writing}


@pytest.fixture
def long_export(clinic, owner, clock, monkeypatch):
    """A file of three customers, made one after the other; ``long_export(meanwhile)`` makes it, and does something after each
    of them."""
    folder = clinic.config["SETTINGS"].exports
    for n in range(3):
        booked("check-up", clock.now, customer={"name": f"G {n}", "phone": f"+49 151 2000000{n}"})
    owner.post("/desk/exports", data={"form": "csv"})
    monkeypatch.setattr(exporting, "AT_ONCE", 1)
    one = exporting._customer
    before = set(folder.glob("*"))

    def make(meanwhile):
        def slow(*given):
            row = one(*given)
            meanwhile()
            return row

        monkeypatch.setattr(exporting, "_customer", slow)
        exporting.make(folder=folder, clock=lambda: clock.now)
        file = db.session.execute(select(ExportFile).execution_options(populate_existing=True)).scalar_one()
        return file, set(folder.glob("*")) - before

    make.folder, make.one = folder, one
    return make


def test_a_file_that_takes_long_is_held_all_the_time(long_export, clock):
    claimed = []

    def meanwhile():
        clock.tick(minutes=4)
        claimed.append(exports.claim(now=clock.now))

    file, made = long_export(meanwhile)
    assert (file.state, file.rows, claimed, len(made)) == ("ready", 3, [None] * 3, 1)


@ONE
def test_without_that_it_is_taken_while_it_is_made(long_export, clock, monkeypatch):
    """The control of the one above."""
    claimed = []

    def meanwhile():
        clock.tick(minutes=4)
        claimed.append(exports.claim(now=clock.now))

    monkeypatch.setattr(lease.Lease, "hold", lambda *_args, **_more: None)
    long_export(meanwhile)
    assert any(claimed)


def another(long_export, clock, monkeypatch):
    """Another worker makes the whole file once, while the first one sleeps."""
    done: list[bool] = []

    def meanwhile():
        if not done:
            done.append(clock.tick(minutes=6))
            monkeypatch.setattr(exporting, "_customer", long_export.one)
            exporting.make(folder=long_export.folder, clock=lambda: clock.now)
            done.append(db.session.execute(select(ExportFile.stored)).scalar_one())
            db.session.rollback()

    file, made = long_export(meanwhile)
    return done[1], file, made


def test_a_slow_worker_whose_file_another_has_made_settles_nothing(long_export, clock, monkeypatch):
    stored, file, made = another(long_export, clock, monkeypatch)
    assert (file.state, file.stored, file.rows, {each.name for each in made}) == ("ready", stored, 3, {stored})


@ONE
def test_without_the_mark_it_puts_its_own_in_the_place_of_the_other(long_export, clock, monkeypatch):
    """The control of the one above."""
    monkeypatch.setattr(lease.Lease, "mine", true())
    monkeypatch.setattr(exports, "settle", lambda held, *, now, **row: run(lambda session: held.end(session, **row)))
    stored, file, made = another(long_export, clock, monkeypatch)
    assert file.stored != stored
    assert len(made) == 2


@ONE
def test_rights_that_are_taken_meanwhile_close_the_file(clinic, clock):
    manager = signed_in(clinic, account("manager", now=clock.now))
    for _ in range(2):
        manager.post("/desk/exports", data={"form": "csv"})
    exporting.make(folder=clinic.config["SETTINGS"].exports, clock=lambda: clock.now)
    first, second = (each.id for each in db.session.execute(select(ExportFile).order_by(ExportFile.id)).scalars())
    assert fetched(manager, f"/desk/exports/{first}")
    db.session.add(RightSwitch(role="manager", name="own_only", on=True))
    db.session.commit()
    assert manager.get(f"/desk/exports/{first}").status_code == 403
    work(clinic, clock)
    assert db.session.get(ExportFile, second, populate_existing=True).state == "failed"
    db.session.add(RightSwitch(role="manager", name="export", on=False))
    db.session.commit()
    assert manager.get(f"/desk/exports/{first}").status_code == 403


def test_many_bookings_are_made_in_the_background_and_none_is_left_out(clinic, owner, clock, monkeypatch):
    days = [clock.now + timedelta(days=n) for n in (7, 8, 21)]
    made = {
        booked(
            "check-up",
            clock.now,
            start=day.replace(hour=8),
            customer={"name": f"G {n}", "phone": f"+49 151 2000000{n}"},
        ).booking.reference
        for n, day in enumerate(days)
    }
    monkeypatch.setattr(figures_files, "MOST", 2)
    monkeypatch.setattr(exporting, "AT_ONCE", 1)
    answer = owner.post("/desk/figures/export-bookings?from=2026-12-01&to=2026-12-31", data={"form": "csv"})
    assert answer.headers["Location"] == "/desk/exports"
    assert "There are many of them" in owner.get("/desk/exports").text
    work(clinic, clock)
    id = db.session.execute(select(ExportFile.id)).scalar_one()
    rows = list(csv.reader(io.StringIO(fetched(owner, f"/desk/exports/{id}").decode("utf-8-sig"))))
    assert {each[0] for each in rows[1:4]} == made
    assert rows[4] == []


@ONE
def test_words_of_customers_pass_rights_as_answers_do(clinic, owner, clock):
    done = booked("check-up", clock.now).booking
    clock.set(done.end)
    take_step(reference=done.reference, step="complete", actor="staff:1", now=clock.now)
    feedback.answer(reference=done.reference, stars="2", words="Cold <coffee>", now=clock.now)
    owner = signed_in(clinic, account("manager", now=clock.now))
    page = owner.get("/desk/feedback?low=1&days=30").text
    assert "Cold &lt;coffee&gt;" in page
    assert "2 of 5 stars" in page
    auditor = signed_in(clinic, account("auditor", now=clock.now)).get("/desk/feedback").text
    assert "Cold" not in auditor
    assert "You may not read the words." in auditor
    clock.tick(days=40)
    owner.post("/desk/sign-in", data={"email": "manager@praxis.example", "password": PASSWORD})
    assert "Nobody has said anything" in owner.get("/desk/feedback?days=30").text


@ONE
def test_the_shell_imports_as_the_desk_does(clinic, owner, tmp_path):
    file = tmp_path / "list.csv"
    file.write_bytes(lines("Name,Mobile", "Anna,+49 151 10000001", "Ben,x"))
    runner = clinic.test_cli_runner()
    command = ["import", "customers", str(file), "--as", "owner@praxis.example"]
    tried = runner.invoke(args=[*command, "--dry-run"])
    assert "to be written: 1" in tried.output
    assert "row 3: Phone" in tried.output
    assert "made: 1\n" in runner.invoke(args=command).output
    assert "taken as they were: 1\n" in runner.invoke(args=command).output
    file.write_bytes(b"Wer\nAnna")
    assert "no column for: name" in runner.invoke(args=command).output
    assert "there is no account" in runner.invoke(args=[*command[:-1], "x@example.com"]).output
