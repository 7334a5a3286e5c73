"""What the desk keeps: notes, pauses of online booking, saved views, proposals to customers, and steps that can be undone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Id, Instant, Json


class Note(Base):
    """What staff write down about a booking; no customer ever sees it."""

    __tablename__ = "note"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    object_kind: Mapped[str]
    object_id: Mapped[int] = mapped_column(Id)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[datetime] = mapped_column(Instant)
    text: Mapped[str]

    __table_args__ = (Index("ix_note_object", "object_kind", "object_id", "id"),)


class Pause(Base):
    """Online booking of the business, a location, a service or a resource is off; ``sentence`` is what customers read.

    It holds from ``since`` until ``until`` (None: until somebody ends it) or ``ended_at``.
    """

    __tablename__ = "pause"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    subject_kind: Mapped[str]
    subject_id: Mapped[int | None] = mapped_column(Id)
    sentence: Mapped[Any] = mapped_column(Json, nullable=True)
    since: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime | None] = mapped_column(Instant)
    made_by: Mapped[str]
    ended_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        CheckConstraint("subject_kind IN ('business', 'location', 'service', 'resource')", name="subject_kind"),
        CheckConstraint("(subject_kind = 'business') = (subject_id IS NULL)", name="subject"),
    )


class SavedView(Base):
    """A view of the diary that somebody keeps, as the query of its address."""

    __tablename__ = "saved_view"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    name: Mapped[str]
    query: Mapped[str]
    shared: Mapped[bool]

    __table_args__ = (UniqueConstraint("staff_id", "name"),)


class Proposal(Base):
    """Something that the customer has to answer by the manage link until ``deadline``.

    ``other_time``: ``hold_id`` keeps the new time beside the old one. ``choose``: the house cannot keep the time; the
    booking stays confirmed until the customer has chosen another one, and is cancelled by the house at the deadline.
    """

    __tablename__ = "proposal"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"))
    kind: Mapped[str]
    hold_id: Mapped[int | None] = mapped_column(ForeignKey("hold.id"))
    deadline: Mapped[datetime] = mapped_column(Instant)
    state: Mapped[str] = mapped_column(default="open")
    reason: Mapped[str | None]
    made_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(Instant)
    settled_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        CheckConstraint("kind IN ('other_time', 'choose')", name="kind"),
        CheckConstraint("state IN ('open', 'accepted', 'declined', 'withdrawn', 'ended')", name="state"),
        CheckConstraint("(kind = 'other_time') = (hold_id IS NOT NULL)", name="hold"),
        Index(
            "uq_proposal_open",
            "booking_id",
            unique=True,
            postgresql_where=text("state = 'open'"),
            sqlite_where=text("state = 'open'"),
        ),
        Index(
            "ix_proposal_deadline",
            "deadline",
            postgresql_where=text("state = 'open'"),
            sqlite_where=text("state = 'open'"),
        ),
    )


class Undo(Base):
    """A step at the desk that can be taken back until ``until``: what the booking was (``before``) when the step made
    ``revision`` of it. Messages of the step wait as long."""

    __tablename__ = "undo"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"))
    revision: Mapped[int]
    action: Mapped[str]
    before: Mapped[Any] = mapped_column(Json)
    made_by: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime] = mapped_column(Instant)
    settled_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (UniqueConstraint("booking_id", "revision"),)
