"""Customers, how they are reached, and staff."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Id, Instant, Json


class Contact(Base):
    """One phone (E.164) or mailbox (folded): the lock row of caps per customer and the home of suppression.

    ``counted`` bookings were made with it in the hour that began at ``counted_from``. ``backwards`` is the value from its
    end, so that an index finds a number by its last digits; a mailbox is found by its first letters.
    """

    __tablename__ = "contact"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[str]
    value: Mapped[str]
    state: Mapped[str] = mapped_column(default="good")
    state_why: Mapped[str | None]
    counted_from: Mapped[datetime | None] = mapped_column(Instant)
    counted: Mapped[int] = mapped_column(default=0, server_default="0")
    backwards: Mapped[str | None]

    __table_args__ = (
        Index("ix_contact_value", "value", postgresql_ops={"value": "text_pattern_ops"}),
        Index("ix_contact_backwards", "backwards", postgresql_ops={"backwards": "text_pattern_ops"}),
        UniqueConstraint("kind", "value"),
        CheckConstraint("kind IN ('phone', 'email')", name="kind"),
        CheckConstraint("state IN ('good', 'doubtful', 'bad', 'opted_out')", name="state"),
    )


class Customer(Base):
    """A person, known by a name together with a contact. ``folded_name`` is how names are compared, ``family_first`` the same
    beginning with its last word, ``spelled`` the same in plain Latin letters (Chinese as it is spoken) once a worker has
    compared her with others (``compared_at``); an index finds people by the beginning of any of them.

    Where two were found to be one, ``merged_into`` is the other: always one that is not merged itself. ``hold_reason`` says
    why the law keeps her data from being erased. ``revision`` rises with each edit.
    """

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
    family_first: Mapped[str | None]
    spelled: Mapped[str | None]
    compared_at: Mapped[datetime | None] = mapped_column(Instant)
    hold_reason: Mapped[str | None]
    revision: Mapped[int] = mapped_column(default=0, server_default="0")

    __table_args__ = (
        Index("ix_customer_spelled", "spelled", postgresql_ops={"spelled": "text_pattern_ops"}),
        Index("ix_customer_level", "level"),
        Index("ix_customer_merged_into", "merged_into"),
        Index(
            "ix_customer_to_compare",
            "id",
            postgresql_where=text("compared_at IS NULL"),
            sqlite_where=text("compared_at IS NULL"),
        ),
        Index("ix_customer_folded_name", "folded_name", postgresql_ops={"folded_name": "text_pattern_ops"}),
        Index("ix_customer_family_first", "family_first", postgresql_ops={"family_first": "text_pattern_ops"}),
    )


class CustomerContact(Base):
    """Families share a phone, people have several mailboxes."""

    __tablename__ = "customer_contact"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"), primary_key=True, index=True)


class CustomerTag(Base):
    """A word by which staff find customers of one kind."""

    __tablename__ = "customer_tag"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True, index=True)


class Likeness(Base):
    """Two customers (the lower id first) who may be one, by which sign (``why``) and how much (``score``, of 100). Nobody is
    merged by it; ``set_aside_at`` once somebody said that they are two."""

    __tablename__ = "likeness"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), primary_key=True)
    other_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), primary_key=True, index=True)
    score: Mapped[int]
    why: Mapped[str]
    found_at: Mapped[datetime] = mapped_column(Instant)
    set_aside_at: Mapped[datetime | None] = mapped_column(Instant)
    set_aside_by: Mapped[str | None]

    __table_args__ = (CheckConstraint("customer_id < other_id", name="order"),)


class Erasure(Base):
    """The proof that a customer was erased: her public id, when, by whom, and how much went (``counts``), without anything
    about her. What is restored from before is erased again by these rows."""

    __tablename__ = "erasure"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    at: Mapped[datetime] = mapped_column(Instant)
    actor: Mapped[str]
    counts: Mapped[Any] = mapped_column(Json, default=dict)


class Team(Base):
    """People who work together, and who leads them."""

    __tablename__ = "team"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    leader_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id", use_alter=True))
    retired_at: Mapped[datetime | None] = mapped_column(Instant)


class Staff(Base):
    """Somebody who works here and may sign in.

    ``resource_id`` is the person as customers book her. ``password_hash`` is argon2id, empty while an invitation waits;
    ``second_factor`` the secret of the code generator, sealed by the installation's key, ``second_factor_step`` the last
    step of it that was used, ``recovery`` hashes of the codes that are left. ``deputy_id`` decides in her absence.
    """

    __tablename__ = "staff"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    resource_id: Mapped[int | None] = mapped_column(ForeignKey("resource.id"))
    disabled_at: Mapped[datetime | None] = mapped_column(Instant)
    extra: Mapped[Any] = mapped_column(Json, default=dict)
    created_at: Mapped[datetime | None] = mapped_column(Instant)
    password_hash: Mapped[str | None]
    second_factor: Mapped[str | None]
    second_factor_step: Mapped[int | None] = mapped_column(BigInteger)
    recovery: Mapped[Any] = mapped_column(Json, nullable=True)
    locale: Mapped[str | None]
    appearance: Mapped[str | None]
    signed_in_at: Mapped[datetime | None] = mapped_column(Instant)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    deputy_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))


class StaffLocation(Base):
    """Where somebody works; no rows means everywhere."""

    __tablename__ = "staff_location"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    location_id: Mapped[int] = mapped_column(ForeignKey("location.id"), primary_key=True)


class SignIn(Base):
    """One sign-in on one device: the cookie's token as a SHA-256 hash. ``complete`` once the second factor was given too;
    ``proven_at`` when the password was last typed."""

    __tablename__ = "sign_in"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    complete: Mapped[bool]
    device: Mapped[str | None]
    address: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    proven_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class RightSwitch(Base):
    """One switch of the page of rights that differs from what the role has from the start."""

    __tablename__ = "right_switch"

    role: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    on: Mapped[bool]
