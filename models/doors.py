"""What the doors remember: idempotency keys, tokens, sources, counts of visits, and the clock of periodic work."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm import Session as OrmSession

from models.base import Base, Id, Instant, Json


class Idempotency(Base):
    """One key of one client and route, written in the transaction of its effect; only successes stay, for 72 hours."""

    __tablename__ = "idempotency"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    scope: Mapped[str]
    key: Mapped[str]
    fingerprint: Mapped[str]
    answer: Mapped[Any] = mapped_column(Json, nullable=True)
    created_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (UniqueConstraint("scope", "key"), Index("ix_idempotency_created_at", "created_at"))


class Token(Base):
    """A long-lived secret link or key, kept as a hash: ``kind`` feed now, API keys later."""

    __tablename__ = "token"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[str]
    hash: Mapped[str] = mapped_column(unique=True)
    subject_kind: Mapped[str]
    subject_id: Mapped[int] = mapped_column(Id)
    scopes: Mapped[Any] = mapped_column(Json, default=list)
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    last_used_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class Source(Base):
    """Where customers come from: the public link, sign or campaign of a service, place or person."""

    __tablename__ = "source"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    label: Mapped[str | None]
    service_id: Mapped[int | None] = mapped_column(ForeignKey("service.id"))
    location_id: Mapped[int | None] = mapped_column(ForeignKey("location.id"))
    resource_id: Mapped[int | None] = mapped_column(ForeignKey("resource.id"))


class VisitCount(Base):
    """How often a step was reached on a day, per service and source (0 = none): no person, no cookie."""

    __tablename__ = "visit_count"

    day: Mapped[date] = mapped_column(primary_key=True)
    step: Mapped[str] = mapped_column(primary_key=True)
    service_id: Mapped[int] = mapped_column(Id, primary_key=True, default=0, autoincrement=False)
    source_id: Mapped[int] = mapped_column(Id, primary_key=True, default=0, autoincrement=False)
    count: Mapped[int] = mapped_column(default=0)


class PeriodicTask(Base):
    """When a recurring task ran last; the row is its lock. ``worker`` holds the worker's last beat."""

    __tablename__ = "periodic_task"

    name: Mapped[str] = mapped_column(primary_key=True)
    last_run: Mapped[datetime | None] = mapped_column(Instant)
    next_due: Mapped[datetime | None] = mapped_column(Instant)
    lease_until: Mapped[datetime | None] = mapped_column(Instant)


def source_of(session: OrmSession, code: str | None) -> Source | None:
    """The source with this code, or None."""
    return session.execute(select(Source).where(Source.code == code)).scalar_one_or_none() if code else None


def source_id(session: OrmSession, code: str | None) -> int | None:
    """Its id, or None."""
    return session.execute(select(Source.id).where(Source.code == code)).scalar() if code else None


def campaigns(session: OrmSession) -> list[Source]:
    """The links of campaigns, latest first."""
    return list(session.scalars(select(Source).where(Source.kind == "campaign").order_by(Source.id.desc())))


def sign_of(session: OrmSession, kind: str, id: int) -> str | None:
    """The code on the sign of a service, location or resource (``kind``), or None where it has none."""
    column = {"service": Source.service_id, "location": Source.location_id, "resource": Source.resource_id}[kind]
    return session.execute(select(Source.code).where(column == id, Source.kind == "sign")).scalar()


def feed_of(session: OrmSession, hash: str) -> Token | None:
    """The feed whose token has this hash and was not revoked, or None."""
    wanted = select(Token).where(Token.hash == hash, Token.kind == "feed", Token.revoked_at.is_(None))
    return session.execute(wanted).scalar_one_or_none()


def last_beat(session: OrmSession) -> datetime | None:
    """When a worker was last heard of, or None."""
    return session.execute(select(PeriodicTask.last_run).where(PeriodicTask.name == "worker")).scalar()
