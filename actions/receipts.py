"""What carriers and customers say of messages that have left."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, false, func, or_, select, text, update
from sqlalchemy.orm import Session as OrmSession

from actions.transaction import run
from models.base import rows_changed
from models.outbox import UNHEARD, Message
from models.people import Contact

_QUIET = {"synchronize_session": False}
# A receipt comes within seconds; most carriers know the end within hours, and say no more after three days.
FIRST_ASKED, LAST_ASKED = timedelta(minutes=10), timedelta(hours=72)
UNCONFIRMED = "unconfirmed"
AT_ONCE = 50


def note(
    *,
    provider_id: str,
    tried: tuple[int, int] | None = None,
    state: str,
    code: str | None,
    suppress: str | None,
    now: datetime,
) -> None:
    """A receipt only raises what is known: ``sent`` becomes ``delivered`` or ``failed``, and the first final word stays.

    ``tried`` are message and attempt, where the carrier was told: its word may come before it has answered us, or though
    that answer was lost. ``suppress`` is the state that the number gets, "bad" or "opted_out", or None.
    """

    why = code or ("the carrier did not say why" if state == "failed" else None)

    def work(session: OrmSession) -> None:
        recipient = session.execute(
            update(Message)
            .where(or_(and_(Message.provider_id == provider_id, Message.state == "sent"), _early(tried, state)))
            .values(state=state, why=why, provider_id=provider_id, settled_at=now, lease_until=None)
            .returning(Message.recipient)
            .execution_options(**_QUIET)
        ).scalar()
        if recipient is not None and suppress is not None:
            _set(session, recipient, suppress, code)

    run(work)


def _early(tried: tuple[int, int] | None, state: str) -> ColumnElement[bool]:
    """The message while its try is not settled. That it arrived stands whatever is tried after that; that it failed says
    nothing of a later try."""
    if tried is None:
        return false()
    message_id, attempt = tried
    open_states = ("claimed", "unknown", "retry") if state == "delivered" else ("claimed", "unknown")
    this = and_(Message.id == message_id, Message.state.in_(open_states))
    return this if state == "delivered" else and_(this, Message.attempt == attempt)


class Unheard(NamedTuple):
    """A text that has left: its id and the carrier's."""

    id: int
    provider_id: str


def unheard(*, now: datetime) -> list[Unheard]:
    """Texts whose end the carrier has not told and that it is to be asked for now, the longest silent first; each is this
    process's until it is as old again as it was."""

    def work(session: OrmSession) -> list[Unheard]:
        due = and_(_SILENT, Message.next_at <= now, Message.settled_at <= now - FIRST_ASKED)
        query = select(Message.id, Message.provider_id, Message.settled_at).where(due)
        found = session.execute(query.order_by(Message.next_at, Message.id).limit(AT_ONCE)).all()
        return [
            Unheard(id, str(carrier))
            for id, carrier, since in found
            if since and _taken(session, and_(Message.id == id, due), now + (now - since))
        ]

    return run(work)


def _taken(session: OrmSession, which: ColumnElement[bool], again: datetime) -> bool:
    return rows_changed(session, update(Message).where(which).values(next_at=again)) > 0


def end_unheard(*, now: datetime) -> None:
    """Marks what the carrier has been silent about for three days: it may have arrived."""
    run(partial(_mark, where=Message.settled_at <= now - LAST_ASKED))


def give_up(*, id: int) -> None:
    """Marks a text that the carrier knows nothing of."""
    run(partial(_mark, where=Message.id == id))


def _mark(session: OrmSession, *, where: ColumnElement[bool]) -> None:
    session.execute(update(Message).where(_SILENT, where).values(why=UNCONFIRMED).execution_options(**_QUIET))


# The first three as the index says them, word for word. What was written to a file has no number of the carrier's.
_SILENT = and_(text(UNHEARD), func.substr(Message.provider_id, 1, 2) == "SM")


def may_be_texted(*, number: str, yes: bool) -> None:
    """STOP and START of the one whose phone it is. Numbers that never booked are not kept."""

    def work(session: OrmSession) -> None:
        _set(session, number, "good" if yes else "opted_out", None)

    run(work)


def _set(session: OrmSession, number: str, state: str, why: str | None) -> None:
    session.execute(
        update(Contact)
        .where(Contact.kind == "phone", Contact.value == number)
        .values(state=state, state_why=why)
        .execution_options(**_QUIET)
    )
