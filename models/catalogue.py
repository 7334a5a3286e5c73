"""What is offered: resources, services, needs, definitions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Id, Instant, Json


class Resource(Base):
    """Something that a booking takes for a while.

    The row is also the lock of the resource's time, and ``version`` rises with every change of what is taken of it:
    the sum over some resources tells whether their availability can have changed.
    """

    __tablename__ = "resource"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    position: Mapped[int]
    retired_at: Mapped[datetime | None] = mapped_column(Instant)
    kind: Mapped[str]
    name: Mapped[Any] = mapped_column(Json)
    capacity: Mapped[int]
    weight: Mapped[int] = mapped_column(default=1)
    email: Mapped[str | None]
    version: Mapped[int] = mapped_column(BigInteger, default=0)
    extra: Mapped[Any] = mapped_column(Json, default=dict)

    __table_args__ = (
        CheckConstraint("kind IN ('staff', 'room', 'equipment', 'vehicle')", name="kind"),
        CheckConstraint("capacity >= 1", name="capacity"),
        CheckConstraint("weight >= 1", name="weight"),
    )


class ResourceLocation(Base):
    """Where a resource works, in order; ``own_hours`` when the hours of this location are its own."""

    __tablename__ = "resource_location"

    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"), primary_key=True)
    location_id: Mapped[int] = mapped_column(ForeignKey("location.id"), primary_key=True)
    position: Mapped[int]
    own_hours: Mapped[bool] = mapped_column(default=False)


class ResourceUnit(Base):
    """One interchangeable unit of a resource: what an allocation takes."""

    __tablename__ = "resource_unit"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"), index=True)
    position: Mapped[int]
    name: Mapped[str | None]
    retired_at: Mapped[datetime | None] = mapped_column(Instant)


class ResourceSkill(Base):
    """A tag of a resource, in the order of the file."""

    __tablename__ = "resource_skill"

    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"), primary_key=True)
    skill: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(default=0)


class Service(Base):
    """What customers book. The row is the lock of caps per day.

    ``durations`` are minutes or ``"Nd"``; ``starts`` seven lists (Monday first) of minutes since local midnight;
    ``approval`` is ``"none"``, ``"manual"`` or ``{"by": role, "decide_within": minutes}``, as in the business file.
    ``extra`` holds deadlines by the day under the names of the columns that they stand for.
    """

    __tablename__ = "service"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    position: Mapped[int]
    retired_at: Mapped[datetime | None] = mapped_column(Instant)
    group: Mapped[Any] = mapped_column("heading", Json, nullable=True)
    name: Mapped[Any] = mapped_column(Json)
    description: Mapped[Any] = mapped_column(Json, nullable=True)
    picture: Mapped[str | None]
    before_visit: Mapped[Any] = mapped_column(Json, nullable=True)
    who: Mapped[str] = mapped_column(default="public")
    place: Mapped[str] = mapped_column(default="here")
    online_link: Mapped[str | None]
    durations: Mapped[Any] = mapped_column(Json)
    overnight: Mapped[bool] = mapped_column(default=False)
    buffer_before: Mapped[int] = mapped_column(default=0)
    buffer_after: Mapped[int] = mapped_column(default=0)
    slot_step: Mapped[int] = mapped_column(default=15)
    starts: Mapped[Any] = mapped_column(Json, nullable=True)
    min_notice: Mapped[int] = mapped_column(default=0)
    horizon_days: Mapped[int] = mapped_column(default=60)
    seats: Mapped[int] = mapped_column(default=1)
    price_minor: Mapped[int | None]
    price_per: Mapped[str] = mapped_column(default="booking")
    assign: Mapped[str] = mapped_column(default="fewest_bookings")
    approval: Mapped[Any] = mapped_column(Json, default="none")
    cancel_until: Mapped[int] = mapped_column(default=0)
    reschedule_until: Mapped[int] = mapped_column(default=0)
    per_customer: Mapped[int | None]
    per_day: Mapped[int | None]
    reminders: Mapped[Any] = mapped_column(Json, default=list)
    staff_reminders: Mapped[Any] = mapped_column(Json, default=list)
    discreet: Mapped[bool] = mapped_column(default=False)
    feedback: Mapped[bool] = mapped_column(default=False, server_default=false())
    ask: Mapped[Any] = mapped_column(Json, default=dict)
    definition_id: Mapped[int | None] = mapped_column(ForeignKey("definition.id"))
    extra: Mapped[Any] = mapped_column(Json, default=dict)

    __table_args__ = (
        CheckConstraint("who IN ('public', 'link', 'staff')", name="who"),
        CheckConstraint("place IN ('here', 'customer', 'phone', 'online')", name="place"),
        CheckConstraint("seats >= 1", name="seats"),
        CheckConstraint("slot_step >= 1", name="slot_step"),
        CheckConstraint("buffer_before >= 0 AND buffer_after >= 0", name="buffers"),
    )


class ServiceLocation(Base):
    """Where a service is offered; no rows means everywhere."""

    __tablename__ = "service_location"

    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), primary_key=True)
    location_id: Mapped[int] = mapped_column(ForeignKey("location.id"), primary_key=True)
    position: Mapped[int] = mapped_column(default=0)


class Need(Base):
    """One thing that a service takes."""

    __tablename__ = "need"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), index=True)
    position: Mapped[int]
    kind: Mapped[str]
    count: Mapped[int] = mapped_column(default=1)
    customer_may_choose: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (CheckConstraint("count >= 1", name="count"),)


class NeedResource(Base):
    """One resource of a need's ``any_of``, in order."""

    __tablename__ = "need_resource"

    need_id: Mapped[int] = mapped_column(ForeignKey("need.id"), primary_key=True)
    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"), primary_key=True)
    position: Mapped[int]


class NeedSkill(Base):
    """One skill that a need asks for."""

    __tablename__ = "need_skill"

    need_id: Mapped[int] = mapped_column(ForeignKey("need.id"), primary_key=True)
    skill: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(default=0)


class Definition(Base):
    """A versioned document that business people shape: questions now; flows, rules, reports later."""

    __tablename__ = "definition"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[str]
    key: Mapped[str]
    version: Mapped[int]
    state: Mapped[str]
    document: Mapped[Any] = mapped_column(Json)

    __table_args__ = (
        UniqueConstraint("kind", "key", "version"),
        CheckConstraint("state IN ('draft', 'live', 'retired')", name="state"),
    )
