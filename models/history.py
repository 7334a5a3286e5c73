"""What happened: append-only rows without personal values, and those values beside them, so that erasing a person never
breaks the record. Triggers of the first migration refuse to change or delete a row of ``history``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, Id, Instant, Json


class History(Base):
    """One step of one object: who, when, what, from, to, why. ``actor`` is a word or ``kind:id`` (``customer``, ``clock``, ``shell``, ``program``)."""

    __tablename__ = "history"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    actor: Mapped[str]
    on_behalf_of: Mapped[str | None]
    object_kind: Mapped[str]
    object_id: Mapped[int] = mapped_column(Id)
    action: Mapped[str]
    before: Mapped[Any] = mapped_column(Json, nullable=True)
    after: Mapped[Any] = mapped_column(Json, nullable=True)
    reason: Mapped[str | None]
    cause: Mapped[str | None]
    request_id: Mapped[str | None]

    __table_args__ = (Index("ix_history_object", "object_kind", "object_id", "id"), Index("ix_history_at", "at", "id"))


class HistoryPersonal(Base):
    """The personal values of one history row."""

    __tablename__ = "history_personal"

    history_id: Mapped[int] = mapped_column(ForeignKey("history.id"), primary_key=True)
    before: Mapped[Any] = mapped_column(Json, nullable=True)
    after: Mapped[Any] = mapped_column(Json, nullable=True)


def asked_at(session: Session, ids: Sequence[int]) -> dict[int, datetime]:
    """For each booking, by id: when it was last asked for, decided since or not; a request that was moved or taken
    back from being cancelled is asked for anew. One query."""
    query = select(History.object_id, func.max(History.at)).where(
        History.object_kind == "booking",
        History.object_id.in_(ids),
        History.action.in_(("requested", "moved", "restored")),
    )
    return {row[0]: row[1] for row in session.execute(query.group_by(History.object_id))} if ids else {}


def steps_of(session: Session, kind: str, id: int) -> list[History]:
    """What happened to one object, latest first."""
    wanted = select(History).where(History.object_kind == kind, History.object_id == id).order_by(History.id.desc())
    return list(session.scalars(wanted))
