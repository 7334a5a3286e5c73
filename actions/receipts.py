"""What carriers and customers say of messages that have left."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, false, or_, update
from sqlalchemy.orm import Session as OrmSession

from actions.transaction import run
from models.outbox import Message
from models.people import Contact

_QUIET = {"synchronize_session": False}


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
