"""Messages that leave: written with the change that causes them, claimed and sent by ``notifications/``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import REUSES_NO_ID, Base, Id, Instant, Json

WAITING = ("ready", "retry", "claimed", "unknown")
# Texts whose end the carrier has not told.
UNHEARD = "state = 'sent' AND channel = 'sms' AND why IS NULL"
FINAL = ("sent", "delivered", "failed", "expired", "dropped")


class Message(Base):
    """One message to one recipient by one channel. The unique key makes planning it twice harmless."""

    __tablename__ = "message"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    object_kind: Mapped[str] = mapped_column(default="booking")
    object_id: Mapped[int] = mapped_column(Id)
    revision: Mapped[int]
    kind: Mapped[str]
    offset_minutes: Mapped[int] = mapped_column(default=0)
    copy: Mapped[int] = mapped_column(default=0)
    audience: Mapped[str]
    channel: Mapped[str]
    recipient: Mapped[str]
    locale: Mapped[str]
    due_at: Mapped[datetime] = mapped_column(Instant)
    next_at: Mapped[datetime] = mapped_column(Instant)
    deadline: Mapped[datetime] = mapped_column(Instant)
    priority: Mapped[int] = mapped_column(default=5)
    state: Mapped[str] = mapped_column(default="ready")
    attempt: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    provider_id: Mapped[str | None]
    why: Mapped[str | None]
    facts: Mapped[Any] = mapped_column(Json, default=dict)
    created_at: Mapped[datetime] = mapped_column(Instant)
    settled_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        UniqueConstraint(
            "object_kind",
            "object_id",
            "revision",
            "kind",
            "offset_minutes",
            "channel",
            "recipient",
            "copy",
            name="uq_message_once",
        ),
        CheckConstraint(
            "state IN ('ready', 'claimed', 'retry', 'unknown', 'sent', 'delivered', 'failed', 'expired', 'dropped')",
            name="state",
        ),
        Index(
            "ix_message_waiting",
            "next_at",
            "priority",
            postgresql_where=text("state IN ('ready', 'retry', 'claimed', 'unknown')"),
            sqlite_where=text("state IN ('ready', 'retry', 'claimed', 'unknown')"),
        ),
        Index("ix_message_provider_id", "provider_id"),
        Index("ix_message_unheard", "next_at", postgresql_where=text(UNHEARD), sqlite_where=text(UNHEARD)),
        REUSES_NO_ID,
    )


class MessageAttempt(Base):
    """One try to send one message."""

    __tablename__ = "message_attempt"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), index=True)
    attempt: Mapped[int]
    at: Mapped[datetime] = mapped_column(Instant)
    outcome: Mapped[str]
    code: Mapped[str | None]
    detail: Mapped[str | None]
    took_ms: Mapped[int | None]
