"""Delivering one message: look again, claim, commit, send, settle. Runs at least once; twice is harmless."""

from __future__ import annotations

import logging
import random
import time
from datetime import datetime, timedelta

from flask import current_app
from rq.timeouts import JobTimeoutException
from sqlalchemy import select, update

import clock
import config
from actions.contacts import may_text
from actions.transaction import transaction
from failpoints import failpoint
from models import bookings, message_queries, sending, staff_queries
from models.base import db
from models.bookings import BookingView
from models.outbox import Message
from models.people import Contact, Staff
from models.snapshot import catalogue
from notifications import account_mail, mail, sms
from notifications.compose import Composed, compose
from notifications.outcome import Permanent, Sent, Temporary, Unknown
from rules import messages
from rules.workflow import LIVE
from wire.links import receipt_url

log = logging.getLogger("frontdesk.messages")


def deliver(message_id: int) -> str | None:
    """Sends one message if it is still wanted and nobody else has it. Returns the state it got, or None when it was not
    ours to send."""
    failpoint("taken")
    now = clock.now()
    with transaction() as session:
        # Restored a moment ago, while this job lay in the queue.
        message = None if sending.paused(session) else message_queries.claim(session, message_id, now)
        if message is None:
            return None
        booking = bookings.by_id(session, message.object_id) if message.object_kind == "booking" else None
        staff = session.get(Staff, message.object_id) if message.object_kind == "staff" else None
        if message.object_kind == "staff":
            why = account_mail.unwanted(message, staff)
        else:
            why = _unwanted(message, booking, now)
        if why is not None or (booking is None and staff is None):
            state = "expired" if now >= message.deadline else "dropped"
            message_queries.settle(session, message, state=state, now=now, why=why)
            return state
        known = catalogue(session)
        others = message_queries.provider_ids(session, message)
    failpoint("claimed")
    settings: config.Settings = current_app.config["SETTINGS"]
    began = time.monotonic()
    try:
        if staff is not None:
            composed = account_mail.compose_account(message, staff, known, settings)
        else:
            assert booking is not None
            composed = compose(message, booking, known, settings, now=now)
        # No connection is held while a carrier thinks.
        db.session.remove()
        sent = _send(message, composed, settings, others=others, now=now)
    except Permanent as problem:
        return _settle(message, "failed", problem.code, problem.why, began, suppress=problem.suppress)
    except Temporary as problem:
        state = "unknown" if isinstance(problem, Unknown) else "retry"
        return _settle(message, state, problem.code, problem.why, began, after=problem.after)
    except JobTimeoutException:
        return _settle(message, "unknown", "timeout", "the carrier took too long", began)
    except Exception as problem:
        log.exception("message %s failed", message_id)
        final = message.attempt >= 5
        return _settle(message, "failed" if final else "retry", "bug", type(problem).__name__, began)
    failpoint("sent")
    state = _settle(message, "sent", None, None, began, provider_id=sent.provider_id)
    failpoint("settled")
    return state


def _unwanted(message: Message, booking: BookingView | None, now: datetime) -> str | None:
    if booking is None:
        return "the booking is gone"
    if message.audience == "customer" and _suppressed(message):
        return "this contact must not be written to"
    if message.audience == "staff" and staff_queries.has_left(db.session(), message.recipient):
        return "whose mailbox this is has left"
    if message.channel == "sms" and not may_text(message.recipient):
        return "this number cannot take a text message"
    return messages.unwanted(
        kind=message.kind,
        revision=message.revision,
        deadline=message.deadline,
        booking_status=booking.status,
        booking_revision=booking.revision,
        start=booking.start,
        has_it=booking.status in LIVE and message.recipient in _mailboxes(booking),
        now=now,
    )


def _mailboxes(booking: BookingView) -> set[str | None]:
    """Of those whom the booking now takes."""
    known = catalogue(db.session()).resource_by_id
    return {known[id].email for id in booking.resource_ids}


def _suppressed(message: Message) -> bool:
    kind = "email" if message.channel == "mail" else "phone"
    value = message.recipient.lower() if kind == "email" else message.recipient
    state = db.session.execute(select(Contact.state).where(Contact.kind == kind, Contact.value == value)).scalar()
    return state in ("bad", "opted_out")


def _send(
    message: Message, composed: Composed, settings: config.Settings, *, others: frozenset[str], now: datetime
) -> Sent:
    failpoint("sending")
    if message.channel == "sms":
        text = sms.Text(
            to=message.recipient,
            body=composed.text,
            reference=f"sms-{message.id}",
            useful_for=int((message.deadline - now).total_seconds()),
            sent_at=message.created_at,
            others=others,
            receipts=receipt_url(settings.base_url, message.id, message.attempt, settings.secret_key),
        )
        # A second try may follow one that arrived without an answer.
        return sms.send(text, settings, look_up=message.attempt > 1)
    host = settings.base_url.partition("://")[2].partition(":")[0]
    return mail.send(
        mail.Mail(
            to=message.recipient,
            subject=composed.subject,
            text=composed.text,
            html=composed.html,
            message_id=f"<frontdesk-{message.id}@{host}>",
            sent_at=message.created_at,
            from_name=composed.from_name,
            calendar=composed.calendar,
        ),
        settings,
    )


def _settle(
    message: Message,
    state: str,
    code: str | None,
    why: str | None,
    began: float,
    *,
    provider_id: str | None = None,
    after: int | None = None,
    suppress: str | None = None,
) -> str:
    now = clock.now()
    next_at = None
    if state in ("retry", "unknown"):
        schedule = mail.RETRY_AFTER if message.channel == "mail" else sms.RETRY_AFTER
        wait = after if after is not None else schedule[min(message.attempt - 1, len(schedule) - 1)]
        next_at = now + timedelta(seconds=wait * random.uniform(1, 1.2))
        if next_at >= message.deadline:
            state, next_at, why = "expired", None, f"too late to be of use; last: {why}"
    with transaction() as session:
        took = int((time.monotonic() - began) * 1000)
        message_queries.settle(
            session,
            message,
            state=state,
            now=now,
            why=why,
            provider_id=provider_id,
            next_at=next_at,
            code=code,
            took_ms=took,
        )
        if suppress is not None and message.audience == "customer":
            kind = "email" if message.channel == "mail" else "phone"
            value = message.recipient.lower() if kind == "email" else message.recipient
            session.execute(
                update(Contact)
                .where(Contact.kind == kind, Contact.value == value)
                .values(state=suppress, state_why=code)
                .execution_options(synchronize_session=False)
            )
    return state
