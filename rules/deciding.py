"""Who is asked to decide a request, who is reminded of it, and who is told when nobody has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rules.messages import Planned
from rules.policies import decide_by
from scheduling.hours import Absence


@dataclass(frozen=True, slots=True)
class Member:
    """A staff account. ``locations`` empty means everywhere; ``absences`` are those of her as customers book her, in wall-clock
    time of ``zone``; ``leader`` leads her team."""

    id: int
    email: str
    role: str
    locale: str | None = None
    locations: frozenset[int] = frozenset()
    deputy: int | None = None
    leader: int | None = None
    absences: tuple[Absence, ...] = ()
    zone: str = "UTC"

    def works_at(self, location: int) -> bool:
        """True where she has no locations, or this one."""
        return not self.locations or location in self.locations

    def is_away(self, at: datetime) -> bool:
        """True on days and in hours that she has off."""
        local = at.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None)
        return any(each.unit is None and each.from_local <= local < each.to_local for each in self.absences)


def deciders(members: Mapping[int, Member], role: str, location: int) -> list[Member]:
    """Those with the role at a location, by id; where there are none, who leads somebody there."""
    here = [each for each in sorted(members.values(), key=lambda each: each.id) if each.works_at(location)]
    found = [each for each in here if each.role == role]
    return found or _leaders(members, here)


def escalated_to(members: Mapping[int, Member], asked: Sequence[Member], location: int) -> list[Member]:
    """The leaders of those who were asked; without any, the owners. Nobody of those who were asked themselves."""
    owners = [each for each in members.values() if each.role == "owner" and each.works_at(location)]
    found = _leaders(members, asked) or sorted(owners, key=lambda each: each.id)
    return [each for each in found if each not in asked]


def plan(
    members: Mapping[int, Member],
    *,
    role: str,
    location: int,
    start: datetime,
    now: datetime,
    within: int | None,
    locale: str,
) -> list[Planned]:
    """The mails of a request: to those who decide at once, again at half the time that they have (``within`` minutes, the
    start of the visit at the latest), and to their leaders when it is over. A deputy gets those of somebody who is away."""
    asked = deciders(members, role, location)
    deadline = max(start, now + timedelta(hours=1))
    found = _mails("staff_request", members, asked, now, deadline, locale)
    if within is not None:
        over = decide_by(start, now, {"decide_within": within})
        found += _mails("request_reminder", members, asked, now + (over - now) / 2, deadline, locale)
        if over < start:
            found += _mails(
                "request_escalated", members, escalated_to(members, asked, location), over, deadline, locale
            )
    return found


def _mails(
    kind: str, members: Mapping[int, Member], whom: Sequence[Member], at: datetime, deadline: datetime, locale: str
) -> list[Planned]:
    people = {each.email: each for each in (_present(members, person, at) for person in whom)}
    return [
        Planned(kind, "staff", "mail", email, each.locale or locale, at, deadline, 0, 4)
        for email, each in people.items()
    ]


def _present(members: Mapping[int, Member], person: Member, at: datetime) -> Member:
    """Her deputy when she is away and the deputy is not."""
    deputy = members.get(person.deputy) if person.deputy is not None else None
    return deputy if deputy is not None and person.is_away(at) and not deputy.is_away(at) else person


def _leaders(members: Mapping[int, Member], of: Sequence[Member]) -> list[Member]:
    ids = dict.fromkeys(each.leader for each in of if each.leader in members)
    return [members[id] for id in ids if id is not None]
