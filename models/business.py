"""The business, its locations, and when they are open."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Id, Instant, Json


class Business(Base):
    """The one row of this installation. ``catalogue_version`` rises with every change of what is offered.

    ``extra``: ``at_day_end`` what becomes of visits that nobody touched, ``complete`` (the default) or ``ask``.
    """

    __tablename__ = "business"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[Any] = mapped_column(Json)
    timezone: Mapped[str]
    country: Mapped[str]
    locale: Mapped[str]
    currency: Mapped[str]
    phone: Mapped[str | None]
    email: Mapped[str | None]
    logo: Mapped[str | None]
    colour: Mapped[str | None]
    imprint_url: Mapped[str | None]
    privacy_url: Mapped[str | None]
    cancel_reasons: Mapped[Any] = mapped_column(Json, default=list)
    require: Mapped[Any] = mapped_column(Json, default=list)
    is_demo: Mapped[bool] = mapped_column(default=False)
    catalogue_version: Mapped[int] = mapped_column(default=1)
    extra: Mapped[Any] = mapped_column(Json, default=dict)

    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)


class Location(Base):
    """A place with an address and a zone."""

    __tablename__ = "location"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    position: Mapped[int]
    retired_at: Mapped[datetime | None] = mapped_column(Instant)
    name: Mapped[Any] = mapped_column(Json)
    timezone: Mapped[str]
    country: Mapped[str]
    address: Mapped[Any] = mapped_column(Json, nullable=True)
    directions: Mapped[Any] = mapped_column(Json, nullable=True)
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    region: Mapped[str | None]
    extra: Mapped[Any] = mapped_column(Json, default=dict)


class WeeklyHours(Base):
    """One window of a week, in wall-clock minutes; ``to_minute`` above 1440 runs into the next day.

    ``owner_kind`` is location, resource or service; ``location_id`` is set where a resource has hours per location.
    """

    __tablename__ = "weekly_hours"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    owner_kind: Mapped[str]
    owner_id: Mapped[int] = mapped_column(Id)
    location_id: Mapped[int | None] = mapped_column(ForeignKey("location.id"))
    weekday: Mapped[int]
    from_minute: Mapped[int]
    to_minute: Mapped[int]
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    every_weeks: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint(
            "0 <= from_minute AND from_minute < 1440 AND from_minute < to_minute AND to_minute <= 2880", name="window"
        ),
        Index("ix_weekly_hours_owner", "owner_kind", "owner_id"),
    )


class SpecialDay(Base):
    """One date that differs: ``kind`` is closed, special_hours (``windows``: pairs of wall-clock minutes), works_as or holiday.

    ``source`` tells who set it (``file``, ``yearly``, ``holidays:DE-BE``), so that a dump writes it back as it was given.
    """

    __tablename__ = "special_day"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    owner_kind: Mapped[str]
    owner_id: Mapped[int] = mapped_column(Id)
    location_id: Mapped[int | None] = mapped_column(ForeignKey("location.id"))
    date: Mapped[date]
    kind: Mapped[str]
    windows: Mapped[Any] = mapped_column(Json, nullable=True)
    weekday: Mapped[int | None]
    source: Mapped[str] = mapped_column(default="file")
    name: Mapped[Any] = mapped_column(Json, nullable=True)

    __table_args__ = (Index("ix_special_day_owner", "owner_kind", "owner_id", "date"),)


class Absence(Base):
    """Time off of a resource, or of one of its units, in wall-clock time of the resource's first location; ``source`` tells
    who set it (``file``, ``desk``): a load of the business file leaves that of the desk alone."""

    __tablename__ = "absence"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"), index=True)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("resource_unit.id"))
    from_local: Mapped[datetime] = mapped_column(DateTime())
    to_local: Mapped[datetime] = mapped_column(DateTime())
    whole_days: Mapped[bool]
    reason: Mapped[Any] = mapped_column(Json, nullable=True)
    source: Mapped[str] = mapped_column(default="file", server_default="file")

    __table_args__ = (CheckConstraint("from_local < to_local", name="range"),)
