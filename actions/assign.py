"""Giving a visit to another person, room or thing at the same time, by hand."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session as OrmSession

from actions import change
from actions.availability import Asked
from actions.classes import give_class
from actions.confirm import Booked
from actions.desk_wish import looked, set_aside
from actions.faults import told
from actions.move import Moving, said_to, wish
from actions.overruling import Overruling
from actions.record import record
from actions.squeezing import squeezed
from actions.taking import LettingGo, Seat
from actions.transaction import run
from models import bookings
from models.booking import Allocation, Booking
from models.bookings import BookingView
from models.snapshot import catalogue
from rules import errors
from rules.broken import Broken
from rules.facts import Catalogue, Resource
from scheduling.explaining import OF_THE_TIME, of_the_assigned

GIVEN = ("requested", "confirmed", "arrived")
QUIET = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class Giving:
    """How something is given away: by whom, whether the customer is told of it, and what may be overruled for it."""

    actor: str
    now: datetime
    tell: bool = True
    overruling: Overruling = field(default_factory=Overruling)
    request_id: str | None = None
    word: str | None = None


def reassign(
    *,
    reference: str,
    to: str,
    old: str | None = None,
    need: int | None = None,
    tell: bool = True,
    word: str | None = None,
    overrule: str | None = None,
    may_overrule: bool = False,
    revision: int | None = None,
    actor: str,
    request_id: str | None = None,
    now: datetime,
) -> Booked:
    """Gives a booking, and with it the others of its class, to ``to`` (a slug) for the same time, in the stead of ``old`` or of
    whoever serves ``need``; by default of the one of the same kind. ``replayed`` when it was so already.

    The old and the new person are told, the customer where she might have chosen whom, with a ``word`` to her. Raises Missing, Stale, StateChanged,
    UnknownResource for who cannot serve, SlotTaken for who is taken, MustOverrule or NotAllowed for who is not in.
    """
    giving = Giving(actor, now, tell, Overruling(overrule, may_overrule), request_id, said_to(word))

    def work(session: OrmSession) -> Booked:
        seen = bookings.by_reference(session, reference)
        if seen is None:
            raise errors.Missing
        if revision is not None and revision != seen.revision:
            raise errors.Stale(revision=seen.revision, booking=seen)
        known = catalogue(session)
        target = known.resources.get(to)
        if target is None:
            raise errors.UnknownResource(resource=to)
        if target.id in seen.resource_ids:
            return Booked(seen, replayed=True)
        return give(session, seen, _served_by(session, known, seen, target, old, need), target, giving)

    return run(work)


def _served_by(
    session: OrmSession, known: Catalogue, seen: BookingView, target: Resource, old: str | None, need: int | None
) -> int:
    """The id of the resource that is given up."""
    if need is not None:
        served = select(Allocation.resource_id).where(
            Allocation.session_id == seen.session_id, Allocation.need == need, Allocation.live
        )
        found = session.execute(served.limit(1)).scalar()
    elif old is not None:
        found = next((id for id in seen.resource_ids if known.resource_by_id[id].slug == old), None)
    else:
        found = next((id for id in seen.resource_ids if known.resource_by_id[id].kind == target.kind), None)
    if found is None:
        # Somebody else has given it away meanwhile.
        raise errors.Stale(revision=seen.revision, booking=seen)
    return int(found)


def give(session: OrmSession, seen: BookingView, old: int, target: Resource, giving: Giving) -> Booked:
    """The same in the current transaction, for the resource id ``old``."""
    if seen.status not in GIVEN:
        raise errors.StateChanged(status=seen.status, **change.since(session, seen))
    asked = _asked(seen, old, target)
    before = _reasons(session, seen.session_id)
    named = _against(session, seen, asked, target, giving.now)
    kept = giving.overruling.refuse(named, seen.zone)
    if asked.service.seats > 1:
        done = give_class(session, seen, old, target, asked, giving)
    else:
        lift = OF_THE_TIME | {"hours", "away"}
        easy = set_aside(asked, lift)
        moving = Moving(session, easy, seen, giving.actor, giving.request_id, giving.tell, giving.now)
        moving.word = giving.word
        moving.taking = partial(_squeezing, asked)
        done = moving.to(seen.start, seen.status)
    _keep_reasons(session, done.booking.session_id, before, target.id, giving.actor)
    return _overruled(session, done, kept, giving) if kept else done


def _asked(seen: BookingView, old: int, target: Resource) -> Asked:
    """The wish for the same visit with ``target`` in the stead of ``old``; whoever else serves stays, as far as offered."""
    plain = wish(seen, resources=[], chosen_by="staff")
    able = {id for need in plain.plan.service.needs for id in need.candidates}
    if target.id not in able:
        raise errors.UnknownResource(resource=target.slug)
    stay = [plain.catalogue.resource_by_id[id] for id in seen.resource_ids if id != old and id in able]
    return replace(plain, chosen=(target, *stay))


def _against(session: OrmSession, seen: BookingView, asked: Asked, target: Resource, now: datetime) -> list[Broken]:
    """What has to be set aside so that ``target`` serves. Raises SlotTaken for the time of another visit, NobodyCan."""
    seats = {seen.session_id: asked.service.seats}
    found = looked(session, asked, seen.start, now, seats)
    counts = [need.count for need in asked.plan.service.needs if target.id in need.candidates]
    faults = of_the_assigned(found.case, [(target.id, max(counts))])
    mine = [each for each in faults if each.resource == target.id]
    if any(each.rule == "free" for each in mine):
        raise errors.SlotTaken(start=seen.start, zone=seen.zone)
    return told(session, found, mine)


def _squeezing(
    asked: Asked,
    session: OrmSession,
    easy: Asked,
    start: datetime,
    *,
    now: datetime,
    held_until: None,
    letting_go: LettingGo,
) -> Seat:
    """Takes the time as it is: where buffers had given way for the visit, they do so again."""
    assert held_until is None
    only = {each.id for each in easy.chosen}
    service = set_aside(easy, frozenset({"buffers"})).plan.service
    needs = tuple(
        replace(need, candidates=tuple(id for id in need.candidates if id in only) or need.candidates)
        for need in service.needs
    )
    narrow = replace(easy, plan=replace(easy.plan, service=replace(service, needs=needs)))
    return squeezed(session, asked, narrow, start, now=now, letting_go=letting_go)


def _reasons(session: OrmSession, session_id: int) -> dict[int, Any]:
    rows = select(Allocation.resource_id, Allocation.reason).where(Allocation.session_id == session_id, Allocation.live)
    return {row.resource_id: row.reason for row in session.execute(rows)}


def _keep_reasons(session: OrmSession, session_id: int, before: dict[int, Any], target: int, actor: str) -> None:
    for id, reason in {**before, target: {"code": "by_hand", "by": actor}}.items():
        session.execute(
            update(Allocation)
            .where(Allocation.session_id == session_id, Allocation.resource_id == id, Allocation.live)
            .values(reason=reason)
            .execution_options(**QUIET)
        )


def _overruled(session: OrmSession, done: Booked, kept: dict[str, Any], giving: Giving) -> Booked:
    """Keeps on the booking what was set aside, beside what had been before."""
    view = done.booking
    rules = [*(view.overruled or {}).get("rules", []), *kept["rules"]]
    together = {"rules": list(dict.fromkeys(rules)), "reason": kept["reason"]}
    session.execute(update(Booking).where(Booking.id == view.id).values(overruled=together).execution_options(**QUIET))
    record(
        session,
        at=giving.now,
        actor=giving.actor,
        object_kind="booking",
        object_id=view.id,
        action="overruled",
        after={"overruled": kept["rules"]},
        reason=kept["reason"],
    )
    return replace(done, booking=replace(view, overruled=together))
