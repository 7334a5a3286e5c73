"""Sessions, allocations, holds and bookings.

The guard lives in the first migration: an exclusion constraint (PostgreSQL) or triggers (SQLite), both named
``one_owner``, refuse two live allocations of one unit that overlap, whatever the code above believes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import REUSES_NO_ID, Base, Id, Instant, Json

GUARD = "one_owner"


class Session(Base):
    """A service at a time and place with the resources it takes; an appointment is a session with one seat.

    ``held_until`` is empty once one booking is firm, else the latest expiry of its holds. ``seats_taken`` is kept under
    the locks of the session's resources; the check constraint is its last word. A block (``kind``) has no service and no
    bookings, but a ``title`` for staff and who made it.
    """

    __tablename__ = "session"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(default="service")
    service_id: Mapped[int | None] = mapped_column(ForeignKey("service.id"))
    location_id: Mapped[int] = mapped_column(ForeignKey("location.id"))
    starts: Mapped[datetime] = mapped_column(Instant)
    ends: Mapped[datetime] = mapped_column(Instant)
    busy_from: Mapped[datetime] = mapped_column(Instant)
    busy_to: Mapped[datetime] = mapped_column(Instant)
    zone: Mapped[str]
    utc_offset: Mapped[int]
    seats: Mapped[int] = mapped_column(default=1)
    seats_taken: Mapped[int] = mapped_column(default=0)
    live: Mapped[bool] = mapped_column(default=True)
    held_until: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    title: Mapped[str | None]
    made_by: Mapped[str | None]

    __table_args__ = (
        CheckConstraint("starts < ends", name="range"),
        CheckConstraint("kind IN ('service', 'block', 'outside')", name="kind"),
        CheckConstraint("0 <= seats_taken AND seats_taken <= seats", name="seats"),
        Index("ix_session_service_id_location_id_starts", "service_id", "location_id", "starts"),
        Index("ix_session_location_id_starts", "location_id", "starts"),
        # Few stay longer than a day: who asks for a day finds them without reading all that began before.
        Index(
            "ix_session_long",
            "ends",
            postgresql_where=text("ends - starts > interval '1 day'"),
            sqlite_where=text("ends - starts > 86400"),
        ),
        # Blocks are few among the visits.
        Index(
            "ix_session_block",
            "ends",
            postgresql_where=text("kind <> 'service'"),
            sqlite_where=text("kind <> 'service'"),
        ),
        Index(
            "ix_session_held_until",
            "held_until",
            postgresql_where=text("live AND held_until IS NOT NULL"),
            sqlite_where=text("live AND held_until IS NOT NULL"),
        ),
        REUSES_NO_ID,
    )


class Allocation(Base):
    """This unit of this resource is taken from ``busy_from`` to ``busy_to`` (buffers inside) by that session."""

    __tablename__ = "allocation"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"), index=True)
    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("resource_unit.id"))
    need: Mapped[int]
    busy_from: Mapped[datetime] = mapped_column(Instant)
    busy_to: Mapped[datetime] = mapped_column(Instant)
    live: Mapped[bool] = mapped_column(default=True)
    held_until: Mapped[datetime | None] = mapped_column(Instant)
    reason: Mapped[Any] = mapped_column(Json, nullable=True)

    __table_args__ = (
        # By end, not by start: what is over is never read again, so the cost of a view does not grow with history.
        CheckConstraint("busy_from < busy_to", name="range"),
        Index("ix_allocation_resource_busy_to", "resource_id", "busy_to"),
        Index("ix_allocation_unit_busy_to", "unit_id", "busy_to"),
    )


class Hold(Base):
    """A slot taken out of the offer for some minutes. Its id is a secret of its holder, kept as a SHA-256 hash.

    ``terms`` are the price, length and policies that were shown when it was taken; the booking inherits them.
    """

    __tablename__ = "hold"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"), index=True)
    seats: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(Instant)
    state: Mapped[str] = mapped_column(default="open")
    moves_booking: Mapped[int | None] = mapped_column(Id)
    visitor: Mapped[str | None] = mapped_column(index=True)
    source_id: Mapped[int | None] = mapped_column(ForeignKey("source.id"))
    terms: Mapped[Any] = mapped_column(Json, default=dict)
    created_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (
        CheckConstraint("state IN ('open', 'used', 'released', 'expired')", name="state"),
        CheckConstraint("seats >= 1", name="seats"),
        Index(
            "ix_hold_expires_open",
            "expires_at",
            postgresql_where=text("state = 'open'"),
            sqlite_where=text("state = 'open'"),
        ),
        REUSES_NO_ID,
    )


class Booking(Base):
    """A customer's hold made firm. Name, contact and answers are what was typed, whatever the customer record says later.

    ``overruled``: the rules that staff set aside for it and why, ``{"rules": [code, …], "reason": text}``.
    """

    __tablename__ = "booking"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    uid: Mapped[str] = mapped_column(unique=True)
    reference: Mapped[str] = mapped_column(unique=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"), index=True)
    hold_id: Mapped[int | None] = mapped_column(ForeignKey("hold.id"), unique=True)
    seats: Mapped[int]
    place: Mapped[str]
    status: Mapped[str]
    revision: Mapped[int] = mapped_column(default=0)
    token_version: Mapped[int] = mapped_column(default=0)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id"))
    name: Mapped[str]
    phone: Mapped[str | None]
    email: Mapped[str | None]
    company: Mapped[str | None]
    address: Mapped[str | None]
    answers: Mapped[Any] = mapped_column(Json, default=dict)
    definition_id: Mapped[int | None] = mapped_column(ForeignKey("definition.id"))
    locale: Mapped[str]
    customer_zone: Mapped[str | None]
    price_minor: Mapped[int | None]
    currency: Mapped[str | None]
    terms: Mapped[Any] = mapped_column(Json, default=dict)
    source_id: Mapped[int | None] = mapped_column(ForeignKey("source.id"))
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(Instant)
    changed_at: Mapped[datetime] = mapped_column(Instant)
    cancelled_by: Mapped[str | None]
    cancel_reason: Mapped[str | None]
    extra: Mapped[Any] = mapped_column(Json, default=dict)
    overruled: Mapped[Any] = mapped_column(Json, nullable=True)

    __table_args__ = (
        CheckConstraint(
            "status IN ('requested', 'confirmed', 'declined', 'expired', 'cancelled', 'arrived', 'completed', 'no_show')",
            name="status",
        ),
        CheckConstraint("seats >= 1", name="seats"),
        Index("ix_booking_contact_status", "contact_id", "status"),
        # What time alone may change: the sweep asks for these every few seconds.
        Index(
            "ix_booking_waiting",
            "status",
            postgresql_where=text("status IN ('requested', 'confirmed')"),
            sqlite_where=text("status IN ('requested', 'confirmed')"),
        ),
        REUSES_NO_ID,
    )
