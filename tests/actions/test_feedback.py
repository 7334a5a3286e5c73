"""How it was: asked once after a completed visit, answered by one link, low marks told at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from actions import erasing, exports, feedback, upkeep
from actions.steps import take_step
from models.base import db
from models.diary import Wanted
from models.feedback import Feedback
from models.feedback_queries import by_person, by_service, latest, satisfaction
from models.figures import Which
from models.history import History
from models.outbox import Message
from models.people import Staff, StaffLocation
from models.snapshot import catalogue
from models.staff_queries import viewer_of
from rules.errors import Invalid, NotAllowed, StateChanged
from rules.feedback import Marks
from tests.factories import booked
from tests.support.houses import BUSINESSES
from tests.support.staff import account
from wire.links import feedback_token, feedback_url, manage_token

# What does not depend on the database.
ONE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def house(load_business, app, clock, tmp_path):
    path = tmp_path / "clinic.yaml"
    text = (BUSINESSES / "clinic.yaml").read_text()
    path.write_text(text.replace("    duration: 30\n", "    duration: 30\n    feedback: true\n", 1))
    load_business(path)
    return app


def visited(clock, **more):
    """A visit that has been completed."""
    made = booked("check-up", clock.now, **more).booking
    clock.set(made.end + timedelta(minutes=5))
    return take_step(reference=made.reference, step="complete", actor="staff:1", now=clock.now).booking


def asked():
    db.session.rollback()
    return list(db.session.execute(select(Message).where(Message.kind == "feedback")).scalars())


@ONE
def test_the_question_leaves_hours_after_the_visit_by_one_way(house, clock):
    done = visited(clock)
    (message,) = asked()
    assert (message.channel, message.audience) == ("mail" if done.email else "sms", "customer")
    assert message.due_at - done.end >= timedelta(hours=3)


def test_only_services_that_ask_and_visits_that_came_about_are_asked_about(house, clock):
    other = booked("ultrasound", clock.now, answers={"referral": False}).booking
    clock.set(other.end + timedelta(days=1))
    upkeep.sweep(now=clock.now)
    missed = booked("check-up", clock.now).booking
    clock.set(missed.start + timedelta(minutes=20))
    take_step(reference=missed.reference, step="miss", actor="staff:1", now=clock.now)
    assert asked() == []
    over = booked("check-up", clock.now).booking
    clock.set(over.end + timedelta(days=1))
    upkeep.sweep(now=clock.now)
    assert len(asked()) == 1
    # Nobody is asked about what was long ago.
    old = booked("check-up", clock.now).booking
    clock.set(old.end + timedelta(days=4))
    upkeep.sweep(now=clock.now)
    assert len(asked()) == 1


def test_an_answer_is_one_and_can_be_changed_for_a_week(house, clock):
    done = visited(clock)
    said = {"reference": done.reference, "now": clock.now}
    feedback.answer(stars="5", words=" Lovely\x00 ", **said)
    feedback.answer(stars="5", words="Lovely", **said)
    row = db.session.execute(select(Feedback)).scalar_one()
    assert (row.stars, row.words) == (5, "Lovely")
    clock.tick(days=6)
    feedback.answer(stars="3", words="", reference=done.reference, now=clock.now)
    steps = db.session.execute(select(History).where(History.action == "rated").order_by(History.id)).scalars().all()
    assert [(each.before, each.after) for each in steps] == [(None, {"stars": 5}), ({"stars": 5}, {"stars": 3})]
    clock.tick(days=1)
    with pytest.raises(NotAllowed):
        feedback.answer(stars="1", words="", reference=done.reference, now=clock.now)
    assert feedback.said(db.session(), done.id).stars == 3


@ONE
def test_what_is_no_answer_is_refused_by_field(house, clock):
    done = visited(clock)
    for stars in ("", "0", "6", "٣", "5.0"):
        with pytest.raises(Invalid) as refusal:
            feedback.answer(reference=done.reference, stars=stars, words="x" * 1001, now=clock.now)
        assert set(refusal.value.errors) == {"stars", "words"}
    ahead = booked("check-up", clock.now).booking
    with pytest.raises(StateChanged):
        feedback.answer(reference=ahead.reference, stars="5", words="", now=clock.now)


def test_few_stars_reach_the_managers_of_the_place_at_once_and_once(house, clock):
    account("owner", now=clock.now)
    boss = account("manager", now=clock.now, locations=["park"])
    account("staff", now=clock.now)
    db.session.get(Staff, account("manager", email="gone@praxis.example", now=clock.now)).disabled_at = clock.now
    db.session.commit()
    assert db.session.execute(select(StaffLocation.staff_id)).scalars().all() == [boss]
    done = visited(clock)
    for stars in ("2", "1"):
        feedback.answer(reference=done.reference, stars=stars, words="Cold coffee", now=clock.now)
    told = db.session.execute(select(Message).where(Message.kind == "low_mark")).scalars().all()
    assert {each.recipient for each in told} == {"owner@praxis.example", "manager@praxis.example"}
    assert len(told) == 2
    assert {each.due_at for each in told} == {clock.now}
    # The words stay where rights decide who reads them.
    assert "coffee" not in str([each.facts for each in told])


@ONE
def test_the_link_opens_its_page_only_and_looking_changes_nothing(house, client, clock):
    done = visited(clock)
    key = house.config["SECRET_KEY"]
    path = feedback_url("", done, key)
    assert "5 stars" in client.get(path).text
    assert feedback_token(done, key) != manage_token(done, key)
    for wrong in (
        path[:-1],
        path.replace("/f/", "/b/"),
        f"/f/{done.reference}",
        f"/f/{done.reference}?t={manage_token(done, key)}",
    ):
        assert client.get(wrong).status_code == 404
    kept = client.post(path, data={"words": "Warm welcome"})
    assert kept.status_code == 422
    assert "Warm welcome" in kept.text
    answer = client.post(path, data={"stars": "4", "words": "Warm welcome"})
    assert answer.status_code == 303
    assert "Thank you." in client.get(answer.headers["Location"]).text
    clock.tick(days=8)
    assert "The week for changing it is over." in client.get(path).text
    assert client.post(path, data={"stars": "1"}).status_code == 403
    clock.tick(days=30)
    assert client.get(path).status_code == 404


def test_stars_are_summed_for_services_people_and_figures_as_a_slow_count_finds(house, clock):
    views = []
    for n, stars in enumerate("54321"):
        views.append(
            (visited(clock, customer={"name": f"G {n}", "phone": f"+49 151 2000000{n}", "email": None}), int(stars))
        )
        feedback.answer(reference=views[-1][0].reference, stars=stars, words="", now=clock.now)
    viewer = viewer_of(db.session(), db.session.get(Staff, account("owner", now=clock.now)))
    since, known = clock.now - timedelta(days=90), catalogue(db.session())
    slow = Marks(len(views), sum(stars for _, stars in views), sum(stars <= 2 for _, stars in views))
    assert by_service(db.session(), viewer, since) == {known.services["check-up"].id: slow}
    people = by_person(db.session(), viewer, since)
    for id, marks in people.items():
        mine = [stars for view, stars in views if id in view.resource_ids]
        assert marks == Marks(len(mine), sum(mine), sum(each <= 2 for each in mine))
    assert sum(each.answers for each in people.values()) == len(views)
    first, last = min(view.start for view, _ in views).date(), max(view.start for view, _ in views).date()
    which = Which(tuple(known.location_by_id), first, last)
    assert satisfaction(db.session(), which) == slow
    days = {view.start.date() for view, _ in views}
    for day in days:
        mine = [stars for view, stars in views if view.start.date() == day]
        assert satisfaction(db.session(), Which(which.locations, day, day)).stars == sum(mine)
    assert [said.stars for _, said in latest(db.session(), viewer, since, low=True)] == [1, 2]


def test_what_is_looked_for_is_kept_as_it_was():
    from datetime import date

    wanted = Wanted((1, 2), resource=3, first=date(2026, 1, 1), last=date(2026, 2, 1), reasons=("a",))
    assert exports.wanted(exports.kept(wanted)) == wanted


@ONE
def test_who_is_erased_leaves_stars_and_no_words(house, clock):
    done = visited(clock)
    feedback.answer(reference=done.reference, stars="4", words="I am Hannah", now=clock.now)
    erasing.erase(id=done.customer_id, actor="shell", now=clock.now)
    row = db.session.execute(select(Feedback).execution_options(populate_existing=True)).scalar_one()
    assert (row.stars, row.words) == (4, None)
