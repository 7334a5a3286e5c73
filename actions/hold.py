"""Holding a time while its customer fills the form, swapping it for another, and letting it go."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session as OrmSession

from actions import availability, idempotency
from actions.availability import Asked
from actions.taking import LettingGo, Seat, lock_resources, lock_session, resources_of, settle, take
from actions.transaction import run
from models import prepared
from models.base import db, table
from models.booking import Allocation, Booking, Hold, Session
from models.doors import source_id
from models.snapshot import catalogue, latest
from rules import errors, policies, pricing
from rules.facts import Catalogue

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
    source_id: int | None = None
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
    per_hour: int | None = None,
    key: idempotency.Key | None = None,
    given: Sequence[str] = (),
    now: datetime,
) -> Held:
    """Holds a time for ``minutes`` and returns it; with ``replaces`` (a secret) the old hold is let go in the same step.

    ``visitor`` names the browser, which may have two open holds, and take ``per_hour``. Of the secrets ``given`` a hold gets the
    first, and a retry (``key``) finds the one that has any of them. Raises SlotTaken with the nearest alternatives, LimitReached, RateLimited, and whatever ``availability.resolve`` and
    ``taking.refusal`` say.
    """
    secret = given[0] if given else secrets.token_urlsafe(24)

    def asked_now(known: Catalogue) -> Asked:
        return availability.resolve(
            known,
            service=service,
            location=location,
            length=length,
            resources=resources,
            seats=seats,
            who=who,
        )

    def work(session: OrmSession) -> Held:
        answer = {"hold": hashed(secret)}
        if key is not None and idempotency.begin(session, key, now=now, answer=answer) is not None:
            return _replay(session, given, now)
        asked = asked_now(latest(session))
        old = _replaced(session, replaces, now)
        if visitor is not None:
            _check_visitor(session, visitor, old, per_hour, now)
        expires_at = (now + timedelta(minutes=minutes)).replace(microsecond=0)
        letting_go = _letting_go(session, old, now) if old is not None else None
        seat = take(session, asked, start, now=now, held_until=expires_at, letting_go=letting_go)
        whose = {"visitor": visitor, "source_id": source_id(session, source), "created_at": now}
        return _kept(session, asked, seat, secret=secret, expires_at=expires_at, whose=whose)

    try:
        return run(work)
    except errors.SlotTaken as refusal:
        raise with_alternatives(refusal, asked_now(catalogue(db.session())), start, now) from refusal


def _kept(
    session: OrmSession, asked: Asked, seat: Seat, *, secret: str, expires_at: datetime, whose: Mapping[str, Any]
) -> Held:
    """Writes the hold of what was taken, on the terms of now."""
    common: dict[str, Any] = {
        "session_id": seat.session_id,
        "seats": asked.seats,
        "expires_at": expires_at,
        "terms": terms_of(asked, seat.start),
    }
    row = {**common, **whose, "token_hash": hashed(secret), "state": "open"}
    return Held(
        **common,
        secret=secret,
        id=prepared.run(session, _HELD, row).scalar_one(),
        service=asked.service.slug,
        location=asked.location.slug,
        start=seat.start,
        end=seat.end,
        zone=asked.location.timezone,
        resources=shown(asked, seat.resource_ids),
    )


_HELD = insert(table(Hold)).returning(table(Hold).c.id)


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


def hashed(secret: str) -> str:
    """How a secret is kept."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def terms_of(asked: Asked, start: datetime) -> dict[str, Any]:
    """Price and policies as they are shown now for ``start``; a booking keeps them whatever is edited later."""
    service = asked.service
    until = {"cancel_until": service.cancel_until, "reschedule_until": service.reschedule_until}
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
        **policies.agreed(until, start, asked.location.timezone),
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
    params = {"start": start, "zone": asked.location.timezone, **refusal.params}
    return errors.SlotTaken(alternatives=offers, **params)


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
        source_id=row.source_id,
    )


def _serves(known: Any, need: Any, resource_id: int) -> bool:
    resource = known.resource_by_id[resource_id]
    return resource_id in need.any_of if need.any_of else resource.kind == need.kind and need.skills <= resource.skills


def _replaced(session: OrmSession, replaces: str | None, now: datetime) -> Any:
    """The row of the hold to swap, or None when it is over already: then there is nothing to let go."""
    if replaces is None:
        return None
    row = _row(session, replaces)
    if row is None:
        raise errors.UnknownHold
    return row if row.state == "open" and row.expires_at > now else None


def _letting_go(session: OrmSession, row: Any, now: datetime) -> LettingGo:
    def let_go() -> None:
        lock_session(session, row.session_id)
        session.execute(
            update(Hold)
            .where(Hold.id == row.id, Hold.state == "open")
            .values(state="released")
            .execution_options(synchronize_session=False)
        )
        settle(session, row.session_id, now=now)

    return LettingGo({row.session_id: row.seats}, let_go)


def _check_visitor(session: OrmSession, visitor: str, old: Any, per_hour: int | None, now: datetime) -> None:
    """Two open holds per browser, the one about to be swapped apart; and so many in an hour."""
    known = select(Hold.id, Hold.state, Hold.expires_at, Hold.created_at).where(Hold.visitor == visitor)
    rows = session.execute(known).all()
    still_open = [row for row in rows if row.state == "open" and row.expires_at > now and row.id != (old and old.id)]
    if len(still_open) >= MAX_OPEN:
        raise errors.LimitReached(which="open_holds", limit=MAX_OPEN)
    if per_hour is not None:
        policies.refuse_often((row.created_at for row in rows), per_hour, now)


def _replay(session: OrmSession, given: Sequence[str], now: datetime) -> Held:
    for secret in given:
        row = _row(session, secret)
        if row is not None:
            return replace(_held(session, row, secret, now), replayed=True)
    raise errors.UnknownHold
