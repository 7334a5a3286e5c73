"""Every mail and every text message, in both languages, as they are read: what is sent through a whole story of bookings."""

from __future__ import annotations

from datetime import timedelta

import pytest

from actions import cancel, confirm, feedback, heard, move, proposals, review, unanswered
from actions.steps import take_step
from models import bookings
from models.base import db
from models.booking import Session
from models.people import Staff
from notifications import dispatch, jobs
from notifications.compose import SUBJECTS, TEXTS, Composed
from notifications.outcome import Sent
from tests.conftest import BUSINESSES
from tests.factories import HANNAH, TOM
from tests.support.time import instant

WORDS = {
    "en": ("Praxis am Park", "Hannah Vogel", "Tom Fischer", "The doctor is ill"),
    "zh": ("公园诊所", "王小明", "李雷", "医生临时停诊"),
}
PREPARE = """reminders: [1440, 60]
    feedback: true
    staff_reminders: [60]
    before_visit: {en: Please come without breakfast., zh: 请空腹前来。}"""

FOUND = "{en: Second courtyard; ring Park, zh: 第二个院子，按“Park”门铃}"


@pytest.fixture(params=["en", "zh"])
def sent(request, app, load_business, clock, monkeypatch, tmp_path, same_ids):
    """What was sent of each kind and by each way, in one language for customers and house alike."""
    locale = request.param
    house, her, his, reason = WORDS[locale]
    text = (BUSINESSES / "clinic.yaml").read_text()
    path = tmp_path / "clinic.yaml"
    text = text.replace("business: {name: Praxis am Park", f"business: {{name: {house}").replace(
        "locale: en", f"locale: {locale}"
    )
    path.write_text(
        text.replace("reminders: [1440, 60]", PREPARE)
        .replace("name: Room 1,", "name: {en: Room 1, zh: 1 号诊室},")
        .replace("    coordinates:", f"    directions: {FOUND}\n    coordinates:")
    )
    load_business(path)
    found: dict[tuple[str, str], Composed] = {}

    def keep(message, composed, settings, *, others, now):
        assert message.locale == locale
        # The first reminder leaves at the deadline, the last one after it.
        late = "-too-late" if message.kind == "reminder" and message.offset_minutes == 60 else ""
        found.setdefault((message.kind + late, message.channel), composed)
        return Sent("kept")

    def book(service, start, customer, **answers):
        wish = confirm.Wish(service, instant(start), resources=["dr-yilmaz"] if service == "check-up" else [])
        done = confirm.confirm(wish=wish, customer=customer, answers=answers, locale=locale, now=clock.now)
        return done.booking.reference

    def tell():
        while dispatch.deliver_due():
            pass

    monkeypatch.setattr(jobs, "_send", keep)
    hannah, tom = {**HANNAH, "name": her}, {**TOM, "name": his}
    book("check-up", "2026-12-08T08:00Z", hannah)
    tell()
    moved = book("check-up", "2026-12-09T08:00Z", tom)
    tell()
    move.move(reference=moved, start=instant("2026-12-10T14:30Z"), now=clock.now)
    tell()
    cancel.cancel(reference=moved, reason={"en": "Ill", "zh": "生病"}[locale], now=clock.now)
    tell()
    times = ("2026-12-07T08:15Z", "2026-12-08T08:15Z", "2026-12-10T14:15Z")
    asked = [book("ultrasound", start, hannah, referral=False) for start in times]
    tell()
    review.approve(reference=asked[0], actor="shell", now=clock.now)
    review.decline(reference=asked[1], actor="shell", reason=reason, now=clock.now)
    review.expire(reference=asked[2], now=clock.now)
    tell()
    given = book("check-up", "2026-12-10T15:30Z", tom)
    tell()
    move.move(
        reference=given, start=instant("2026-12-10T15:30Z"), resources=["dr-braun"], actor="staff:1", now=clock.now
    )
    heard.send_now(reference=given, actor="staff:1", now=clock.now)
    tell()
    later, deadline = instant("2026-12-10T16:00Z"), instant("2026-12-05T12:00Z")
    why = {"en": "A colleague is ill", "zh": "同事临时请假"}[locale]
    ask = {"reference": given, "deadline": deadline, "reason": why, "actor": "shell", "now": clock.now}
    proposals.propose_time(start=later, **ask)
    tell()
    proposals.let_choose(**ask)
    tell()
    asker = Staff(name="A", email="anna@example.com", role="front_desk", extra={})
    db.session.add(asker)
    db.session.flush()
    anna = f"staff:{asker.id}"
    db.session.commit()
    for reply in (proposals.decline, proposals.accept):
        proposals.propose_time(start=later, **{**ask, "actor": anna})
        reply(reference=given, now=clock.now)
        tell()
    path.write_text(path.read_text().replace("approval: manual", "approval: {by: manager, decide_within: 1440}"))
    load_business(path)
    boss = Staff(name="B", email="boss@example.com", role="owner", extra={})
    db.session.add_all([boss, Staff(name="M", email="mei@example.com", role="manager", extra={})])
    db.session.commit()
    book("ultrasound", "2026-12-10T14:15Z", tom, referral=False)
    for _ in range(2):
        clock.tick(hours=12)
        tell()
    for hours in (24, 1):
        clock.set(instant("2026-12-08T08:00Z") - timedelta(hours=hours))
        tell()
    last = clock.tick(hours=1)
    proposals.propose_time(
        start=instant("2026-12-10T15:30Z"),
        **{**ask, "actor": anna, "now": last, "deadline": last + timedelta(hours=1)},
    )
    unanswered.end(booking_id=bookings.by_reference(db.session(), given).id, now=clock.tick(hours=1))
    clock.set("2026-12-08T08:31Z")
    book("check-up", "2026-12-10T08:00Z", {**tom, "phone": "+49 151 11111111", "email": None})
    visit = bookings.many(db.session(), bookings.columns().where(Session.starts == instant("2026-12-08T08:00Z")))[0]
    take_step(reference=visit.reference, step="complete", actor="shell", now=clock.now)
    feedback.answer(reference=visit.reference, stars="2", words="Cold coffee", now=clock.now)
    tell()
    clock.tick(hours=3)
    tell()
    # Whoever gave a number only is asked by text message.
    clock.set("2026-12-10T08:31Z")
    texted = bookings.many(db.session(), bookings.columns().where(Session.starts == instant("2026-12-10T08:00Z")))[0]
    take_step(reference=texted.reference, step="complete", actor="shell", now=clock.now)
    clock.tick(hours=3)
    tell()
    return locale, found


def test_every_message_is_as_it_was(sent, golden):
    locale, found = sent
    # A story that leaves a kind out would let it change unseen.
    assert {kind for kind, channel in found if channel == "mail"} == {*SUBJECTS, "reminder-too-late"}
    assert {kind for kind, channel in found if channel == "sms"} == {*TEXTS, "reminder-too-late"}
    for (kind, channel), composed in sorted(found.items()):
        if channel == "sms":
            golden(f"{kind}.{locale}.sms.txt", f"{composed.text}\n".encode())
            continue
        head = f"From: {composed.from_name}\nSubject: {composed.subject}\n\n"
        golden(f"{kind}.{locale}.mail.txt", (head + composed.text.rstrip("\n") + "\n").encode())
        golden(f"{kind}.{locale}.mail.html", (composed.html.rstrip("\n") + "\n").encode())
