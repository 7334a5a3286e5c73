"""What staff may ask for: any service, any length, any resource that can serve, whether or not customers may choose it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session as OrmSession

from actions import availability
from actions.availability import Asked
from actions.taking import NONE, look
from models import neighbours
from models.neighbours import Neighbour
from models.snapshot import length as parse_length
from rules import errors
from rules.facts import Catalogue
from scheduling.availability import Length, concerned
from scheduling.explaining import OF_THE_TIME, Case, lifted

LONGEST = timedelta(days=400)


def asked_at_the_desk(
    known: Catalogue,
    *,
    service: str,
    location: str | None = None,
    length: int | str | None = None,
    resources: Sequence[str] = (),
    seats: int = 1,
) -> Asked:
    """The facts of a wish of the desk; every need may be chosen for. A class keeps the lengths that it has.

    Raises UnknownService, UnknownLocation, LocationRequired, UnknownResource, BadDuration, TooManySeats.
    """
    asked = availability.resolve(known, service=service, location=location, seats=seats, who=availability.EVERYONE)
    needs, plan = asked.plan.service.needs, asked.plan
    able = {id for need in needs for id in need.candidates}
    chosen = []
    for slug in dict.fromkeys(resources):
        resource = known.resources.get(slug)
        if resource is None or resource.id not in able:
            raise errors.UnknownResource(resource=slug)
        chosen.append(resource)
    if not {each.id for each in chosen} <= {id for need in needs if need.choosable for id in need.candidates}:
        free = tuple(replace(need, choosable=True) for need in needs)
        plan = replace(plan, service=replace(plan.service, needs=free))
    by = "staff" if chosen else "customer"
    return replace(asked, plan=plan, length=_length(asked, length), chosen=tuple(chosen), chosen_by=by)


def _length(asked: Asked, wanted: int | str | None) -> Length:
    lengths = asked.service.lengths
    if wanted is None:
        return asked.length
    try:
        found = parse_length(wanted)
    except (ValueError, TypeError) as error:
        raise errors.BadDuration(lengths=lengths) from error
    lasting = timedelta(minutes=found.minutes, days=found.days)
    custom = asked.service.seats == 1 and timedelta() < lasting <= LONGEST
    if found not in lengths and not custom:
        raise errors.BadDuration(lengths=lengths)
    return found


def set_aside(asked: Asked, rules: frozenset[str]) -> Asked:
    """The same wish with these rules left out: the decision that follows is the one that everybody gets."""
    plan = asked.plan
    service, location, resources = lifted(plan.service, plan.location, plan.resources, rules)
    return replace(asked, plan=replace(plan, service=service, location=location, resources=resources))


@dataclass(frozen=True, slots=True)
class Looked:
    """What the database says of a start: the question about it, and who has the time around it."""

    asked: Asked
    start: datetime
    case: Case
    around: list[Neighbour]


def looked(
    session: OrmSession, asked: Asked, start: datetime, now: datetime, without: Mapping[int, int] = NONE
) -> Looked:
    """Reads what decides about one start, in a fixed number of queries. ``start`` is a whole minute; ``without`` as for
    ``taking.look``."""
    easy = set_aside(asked, OF_THE_TIME - {"limits"})
    _, reading = look(session, easy, start, now=now, without=without)
    service, day = asked.plan.service, start.astimezone(asked.zone).date()
    ask = availability.question(asked, first=day, last=day, now=now)
    stay = timedelta(minutes=asked.length.minutes, days=asked.length.days + (1 if asked.length.days else 0))
    around = neighbours.around(
        session,
        resource_ids=concerned(service, ask.chosen) or asked.candidates(),
        since=start - timedelta(minutes=service.buffer_before),
        until=start + stay + timedelta(minutes=service.buffer_after),
    )
    around = [each for each in around if each.expired(now) or each.session_id in reading.sessions]
    core = replace(reading.taken, busy=neighbours.cores(around, now), held={})
    plan, minute = asked.plan, int(start.timestamp()) // 60
    case = Case(plan.service, plan.location, plan.resources, reading.taken, core, ask, minute)
    return Looked(asked, start, case, around)
