"""Holding a time while its customer fills the form, swapping it for another, and letting it go."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session as OrmSession

from actions import availability, idempotency
from actions.availability import Asked
from actions.taking import LettingGo, lock_resources, resources_of, settle, take
from actions.transaction import run
from models.base import db, table
from models.booking import Allocation, Booking, Hold, Session
from models.doors import Source
from models.snapshot import catalogue
from rules import errors, pricing

MAX_OPEN = 2


@dataclass(frozen=True, slots=True)
class Held:
    """A hold as its holder sees it. ``secret`` is the only key to it; ``resources`` are slugs of those whom a customer may
    choose; ``terms`` are the price and policies that the booking will have; ``state`` is open, used, released or expired,
    ``reference`` what a used one became. Instants are aware UTC."""

    secret: str
    id: int
    session_id: int
    service: str
    location: str
    start: datetime
    end: datetime
    zone: str
    seats: int
    resources: tuple[str, ...]
    expires_at: datetime
    terms: Mapping[str, Any]
    state: str = "open"
    reference: str | None = None
    replayed: bool = False


def hold(
    *,
    service: str,
    start: datetime,
    location: str | None = None,
    length: int | str | None = None,
    resources: Sequence[str] = (),
    seats: int = 1,
    replaces: str | None = None,
    visitor: str | None = None,
    source: str | None = None,
    who: Collection[str] = availability.PUBLIC,
    minutes: int = 10,
    key: idempotency.Key | None = None,
    secret: str | None = None,
    now: datetime,
) -> Held:
    """Holds a time for ``minutes`` and returns it; with ``replaces`` (a secret) the old hold is let go in the same step.

    ``visitor`` names the browser, which may have two open holds. ``secret`` can be given where a retry must find the same
    one (``key``). Raises SlotTaken with the nearest alternatives, LimitReached, and whatever ``availability.resolve`` and
    ``taking.refusal`` say.
    """
    secret = secret or secrets.token_urlsafe(24)

    def asked_now(session: OrmSession) -> Asked:
        return availability.resolve(
            catalogue(session),
            service=service,
            location=location,
            length=length,
            resources=resources,
            seats=seats,
            who=who,
        )

    def work(session: OrmSession) -> Held:
        if key is not None and idempotency.begin(session, key, now=now) is not None:
            return _replay(session, secret, now)
        asked = asked_now(session)
        old = _replaced(session, replaces)
        if visitor is not None:
            _check_open(session, visitor, old, now)
        expires_at = (now + timedelta(minutes=minutes)).replace(microsecond=0)
        letting_go = _letting_go(session, old, now) if old is not None else None
        seat = take(session, asked, start, now=now, held_until=expires_at, letting_go=letting_go)
        terms = terms_of(asked)
        hold_id = session.execute(
            insert(table(Hold))
            .values(
                token_hash=hashed(secret),
                session_id=seat.session_id,
                seats=seats,
                expires_at=expires_at,
                state="open",
                visitor=visitor,
                source_id=_source(session, source),
                terms=terms,
                created_at=now,
            )
            .returning(table(Hold).c.id)
        ).scalar_one()
        if key is not None:
            idempotency.finish(session, key, {"hold": hold_id})
        return Held(
            secret=secret,
            id=hold_id,
            session_id=seat.session_id,
            service=asked.service.slug,
            location=asked.location.slug,
            start=seat.start,
            end=seat.end,
            zone=asked.location.timezone,
            seats=seats,
            resources=shown(asked, seat.resource_ids),
            expires_at=expires_at,
            terms=terms,
        )

    try:
        return run(work)
    except errors.SlotTaken as refusal:
        raise with_alternatives(refusal, asked_now(db.session()), start, now) from refusal


def release(*, secret: str, now: datetime) -> None:
    """Lets a hold go. Again changes nothing. Raises UnknownHold for one that never was."""

    def work(session: OrmSession) -> None:
        row = _row(session, secret)
        if row is None:
            raise errors.UnknownHold
        if row.state == "open":
            letting_go = _letting_go(session, row, now)
            ids = resources_of(session, [row.session_id])
            lock_resources(session, ids)
            letting_go.release()

    run(work)


def find_hold(*, secret: str, now: datetime) -> Held | None:
    """The hold of this secret as it now is, or None. Reads only."""
    session = db.session()
    row = _row(session, secret)
    if row is None:
        return None
    return _held(session, row, secret, now)


def own_holds(*, secrets_held: Sequence[str], now: datetime) -> list[Held]:
    """Those of a visitor's holds that are open now."""
    found = (find_hold(secret=secret, now=now) for secret in secrets_held)
    return [each for each in found if each is not None and each.state == "open"]


def hashed(secret: str) -> str:
    """How a secret is kept."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def terms_of(asked: Asked) -> dict[str, Any]:
    """Price and policies as they are shown now; a booking keeps them whatever is edited later."""
    service = asked.service
    return {
        "minutes": asked.length.minutes,
        "days": asked.length.days,
        "price_minor": pricing.price(
            service.price_minor,
            service.price_per,
            minutes=asked.length.minutes,
            days=asked.length.days,
            seats=asked.seats,
        ),
        "currency": asked.catalogue.business.currency,
        "cancel_until": service.cancel_until,
        "reschedule_until": service.reschedule_until,
        "approval": service.approval,
        "decide_within": service.decide_within,
        "definition_id": service.definition_id,
        "chosen": [resource.slug for resource in asked.chosen],
    }


def shown(asked: Asked, resource_ids: Sequence[int]) -> tuple[str, ...]:
    """Slugs of those taken resources that a customer may choose, in the order of the needs."""
    choosable = {id for need in asked.plan.service.needs if need.choosable for id in need.candidates}
    return tuple(asked.catalogue.resource_by_id[id].slug for id in resource_ids if id in choosable)


def with_alternatives(refusal: errors.SlotTaken, asked: Asked, start: datetime, now: datetime) -> errors.SlotTaken:
    """The same refusal with the nearest free times."""
    offers = availability.alternatives(asked, near=start, now=now)
    return errors.SlotTaken(alternatives=offers, **{"start": start, **refusal.params})


def _row(session: OrmSession, secret: str) -> Any:
    return session.execute(
        select(
            Hold.id,
            Hold.session_id,
            Hold.seats,
            Hold.expires_at,
            Hold.state,
            Hold.terms,
            Hold.visitor,
            Hold.source_id,
        ).where(Hold.token_hash == hashed(secret))
    ).one_or_none()


def _held(session: OrmSession, row: Any, secret: str, now: datetime) -> Held:
    place = session.execute(select(Session).where(Session.id == row.session_id)).scalar_one()
    known = catalogue(session)
    assert place.service_id is not None
    service = known.service_by_id[place.service_id]
    taken = session.execute(
        select(Allocation.resource_id).where(Allocation.session_id == place.id).order_by(Allocation.need, Allocation.id)
    ).scalars()
    choosable = {
        id
        for need in service.needs
        if need.customer_may_choose
        for id in known.resource_by_id
        if _serves(known, need, id)
    }
    state = row.state
    if state == "open" and row.expires_at <= now:
        state = "expired"
    reference = None
    if state == "used":
        reference = session.execute(select(Booking.reference).where(Booking.hold_id == row.id)).scalar()
    return Held(
        secret=secret,
        id=row.id,
        session_id=place.id,
        service=service.slug,
        location=known.location_by_id[place.location_id].slug,
        start=place.starts,
        end=place.ends,
        zone=place.zone,
        seats=row.seats,
        resources=tuple(known.resource_by_id[id].slug for id in dict.fromkeys(taken) if id in choosable),
        expires_at=row.expires_at,
        terms=row.terms,
        state=state,
        reference=reference,
    )


def _serves(known: Any, need: Any, resource_id: int) -> bool:
    resource = known.resource_by_id[resource_id]
    return resource_id in need.any_of if need.any_of else resource.kind == need.kind and need.skills <= resource.skills


def _replaced(session: OrmSession, replaces: str | None) -> Any:
    """The row of the hold to swap, or None when it is over already: then there is nothing to let go."""
    if replaces is None:
        return None
    row = _row(session, replaces)
    if row is None:
        raise errors.UnknownHold
    return row if row.state == "open" else None


def _letting_go(session: OrmSession, row: Any, now: datetime) -> LettingGo:
    def let_go() -> None:
        session.execute(
            update(Hold)
            .where(Hold.id == row.id, Hold.state == "open")
            .values(state="released")
            .execution_options(synchronize_session=False)
        )
        settle(session, row.session_id, now=now)

    return LettingGo({row.session_id: row.seats}, let_go)


def _check_open(session: OrmSession, visitor: str, old: Any, now: datetime) -> None:
    """Two open holds per browser; the one about to be swapped does not count."""
    open_holds = session.execute(
        select(func.count()).where(
            Hold.visitor == visitor, Hold.state == "open", Hold.expires_at > now, Hold.id != (old.id if old else 0)
        )
    ).scalar_one()
    if open_holds >= MAX_OPEN:
        raise errors.LimitReached(which="open_holds", limit=MAX_OPEN)


def _source(session: OrmSession, code: str | None) -> int | None:
    if code is None:
        return None
    return session.execute(select(Source.id).where(Source.code == code)).scalar()


def _replay(session: OrmSession, secret: str, now: datetime) -> Held:
    row = _row(session, secret)
    if row is None:
        raise errors.UnknownHold
    held = _held(session, row, secret, now)
    return replace(held, replayed=True)
