"""What customers are asked for beside a booking, in which words, and what each has said to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, select, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm import Session as OrmSession

from models import prepared
from models.base import Base, Id, Instant, Json
from models.people import Contact, Customer, CustomerContact
from rules.consents import PURPOSES


class ConsentPurpose(Base):
    """Whether customers are asked for a purpose (``asked``), and whether nothing is booked without it (``needed``). A purpose
    without a row is not asked for."""

    __tablename__ = "consent_purpose"

    name: Mapped[str] = mapped_column(primary_key=True)
    asked: Mapped[bool]
    needed: Mapped[bool]

    __table_args__ = (CheckConstraint("NOT needed OR asked", name="needed"),)


class ConsentText(Base):
    """One version of the words of a purpose, per language. Versions stay as they were: what somebody agreed to is one of them."""

    __tablename__ = "consent_text"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    purpose: Mapped[str]
    version: Mapped[int]
    text: Mapped[Any] = mapped_column(Json)
    made_by: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (UniqueConstraint("purpose", "version"),)


class Consent(Base):
    """A customer agreed to one version of a text, by a ``channel``, until it was ``withdrawn_at``. One of a purpose holds at a
    time."""

    __tablename__ = "consent"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    purpose: Mapped[str]
    text_id: Mapped[int] = mapped_column(ForeignKey("consent_text.id"))
    locale: Mapped[str]
    channel: Mapped[str]
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id"))
    given_at: Mapped[datetime] = mapped_column(Instant)
    given_by: Mapped[str]
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)
    withdrawn_by: Mapped[str | None]

    __table_args__ = (
        CheckConstraint("channel IN ('portal', 'link', 'desk', 'telephone', 'paper')", name="channel"),
        Index(
            "uq_consent_holds",
            "customer_id",
            "purpose",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
            sqlite_where=text("withdrawn_at IS NULL"),
        ),
    )


@dataclass(frozen=True, slots=True)
class Wording:
    """A purpose with its words as they are now: ``id`` and ``version`` of the text, 0 while there is none."""

    purpose: str
    asked: bool = False
    needed: bool = False
    id: int = 0
    version: int = 0
    text: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """One consent with the words that were agreed to."""

    id: int
    purpose: str
    version: int
    text: Mapping[str, str]
    locale: str
    channel: str
    given_at: datetime
    given_by: str
    withdrawn_at: datetime | None
    withdrawn_by: str | None


def purposes(session: OrmSession) -> list[Wording]:
    """Every purpose in its order, with its words as they are now. One query."""
    newest = select(ConsentText.purpose, func.max(ConsentText.version).label("version"))
    last = newest.group_by(ConsentText.purpose).subquery()
    query = (
        select(ConsentText.purpose, ConsentText.id, ConsentText.version, ConsentText.text)
        .add_columns(ConsentPurpose.asked, ConsentPurpose.needed)
        .join(last, (last.c.purpose == ConsentText.purpose) & (last.c.version == ConsentText.version))
        .outerjoin(ConsentPurpose, ConsentPurpose.name == ConsentText.purpose)
    )
    known = {
        row.purpose: Wording(row.purpose, bool(row.asked), bool(row.needed), row.id, row.version, row.text)
        for row in session.execute(query)
    }
    return [known.get(name, Wording(name)) for name in PURPOSES]


_NEEDED = select(ConsentPurpose.name).where(ConsentPurpose.needed)


def needed(session: OrmSession) -> list[str]:
    """The purposes without which nothing is booked, in their order. One query, on the way of every booking."""
    found = set(prepared.run(session, _NEEDED).scalars())
    return [purpose for purpose in PURPOSES if purpose in found]


def of_their_purpose(session: OrmSession, given: Mapping[str, int]) -> dict[str, int]:
    """Those of ``given`` (purpose to the id of a text) whose text is one of that purpose. One query."""
    wanted = select(ConsentText.id, ConsentText.purpose).where(ConsentText.id.in_(given.values()))
    of = dict(session.execute(wanted).all())
    return {purpose: id for purpose, id in given.items() if of.get(id) == purpose}


def asked(session: OrmSession) -> list[Wording]:
    """The purposes that customers are asked for. One query."""
    return [each for each in purposes(session) if each.asked and each.id]


def versions(session: OrmSession) -> list[ConsentText]:
    """Every version of every text, latest first."""
    return list(session.scalars(select(ConsentText).order_by(ConsentText.purpose, ConsentText.version.desc())))


def of_customers(session: OrmSession, ids: Sequence[int]) -> list[Given]:
    """What these customers agreed to, latest first, what was withdrawn included. One query."""
    columns = (Consent.id, Consent.purpose, ConsentText.version, ConsentText.text, Consent.locale, Consent.channel)
    times = (Consent.given_at, Consent.given_by, Consent.withdrawn_at, Consent.withdrawn_by)
    query = select(*columns, *times).join(ConsentText, ConsentText.id == Consent.text_id)
    rows = session.execute(query.where(Consent.customer_id.in_(ids)).order_by(Consent.id.desc()))
    return [Given(*row) for row in rows]


def purposes_of(session: OrmSession, customer_id: int) -> set[str]:
    """What a customer agrees to now. One query."""
    query = select(Consent.purpose).where(Consent.customer_id == customer_id, Consent.withdrawn_at.is_(None))
    return set(session.scalars(query))


def held_by_one_of(
    session: OrmSession, purposes: Collection[str], *, name: str | None, contacts: Sequence[str] | None
) -> bool:
    """True where somebody agrees to all of ``purposes`` now who has this folded ``name`` and one of these ``contacts``, as a
    booking would find her; None is any name, any contact. One query."""
    whose = func.coalesce(Customer.merged_into, Customer.id)
    query = select(Customer.id).where(Customer.erased_at.is_(None))
    for purpose in purposes:
        held = select(Consent.id).where(Consent.customer_id == whose, Consent.purpose == purpose)
        query = query.where(held.where(Consent.withdrawn_at.is_(None)).exists())
    if name is not None:
        query = query.where(Customer.folded_name == name)
    if contacts is not None:
        query = query.join(CustomerContact, CustomerContact.customer_id == Customer.id)
        query = query.join(Contact, Contact.id == CustomerContact.contact_id).where(Contact.value.in_(contacts))
    return session.execute(query.limit(1)).first() is not None


def agreed(session: OrmSession, customer_id: int, purpose: str) -> bool:
    """True while the customer agrees to a purpose: to be asked before each use of it."""
    query = select(Consent.id).where(Consent.customer_id == customer_id, Consent.purpose == purpose)
    return session.execute(query.where(Consent.withdrawn_at.is_(None))).first() is not None
