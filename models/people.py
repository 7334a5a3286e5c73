"""Customers, how they are reached, and staff."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Id, Instant, Json


class Contact(Base):
    """One phone (E.164) or mailbox (folded): the lock row of caps per customer and the home of suppression."""

    __tablename__ = "contact"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[str]
    value: Mapped[str]
    state: Mapped[str] = mapped_column(default="good")
    state_why: Mapped[str | None]

    __table_args__ = (
        UniqueConstraint("kind", "value"),
        CheckConstraint("kind IN ('phone', 'email')", name="kind"),
        CheckConstraint("state IN ('good', 'doubtful', 'bad', 'opted_out')", name="state"),
    )


class Customer(Base):
    """A person, known by a name together with a contact."""

    __tablename__ = "customer"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    folded_name: Mapped[str]
    level: Mapped[str | None]
    region: Mapped[str | None]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    erased_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    extra: Mapped[Any] = mapped_column(Json, default=dict)


class CustomerContact(Base):
    """Families share a phone, people have several mailboxes."""

    __tablename__ = "customer_contact"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"), primary_key=True, index=True)


class Staff(Base):
    """Somebody who works here and may sign in."""

    __tablename__ = "staff"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    resource_id: Mapped[int | None] = mapped_column(ForeignKey("resource.id"))
    disabled_at: Mapped[datetime | None] = mapped_column(Instant)
    extra: Mapped[Any] = mapped_column(Json, default=dict)
