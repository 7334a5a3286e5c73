"""Who is told what, when, by which way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from rules.facts import Business, Location, Resource, Service

# What happened -> what the customer is told, what the assigned people are told ("": each by herself).
EVENTS: dict[str, tuple[str, str]] = {
    "confirmed": ("confirmation", "staff_booked"),
    "requested": ("request_received", "staff_request"),
    "approved": ("approved", "staff_booked"),
    "declined": ("declined", "staff_cancelled"),
    "expired": ("expired", "staff_cancelled"),
    "moved": ("moved", "staff_moved"),
    "requested_again": ("request_received", "staff_request"),
    "cancelled": ("cancelled", "staff_cancelled"),
    "restored": ("confirmation", "staff_booked"),
    "reassigned": ("reassigned", ""),
}
REMINDERS = frozenset({"reminder", "staff_reminder"})
REQUESTS = frozenset({"staff_request", "request_reminder", "request_escalated"})
# What is planned for later and is no news of the step that planned it.
LATER = REMINDERS | {"request_reminder", "request_escalated"}
WITH_REMINDERS = frozenset({"confirmed", "approved", "moved", "restored", "reassigned"})
ENDED = frozenset({"declined", "expired", "cancelled"})
# That a booking is not hers any more, as those who work here are told.
LOST = "staff_cancelled"
QUIET_FROM, QUIET_TO = 22, 8
TOO_CLOSE = timedelta(minutes=15)
USEFUL_FOR = timedelta(days=2)
FEEDBACK, LOW_MARK = "feedback", "low_mark"
# How long after a visit its customer is asked how it was; what ended longer ago is not asked about.
ASKED_AFTER, ASKED_WITHIN = timedelta(hours=3), timedelta(days=2)
NOT_OVER = "the visit has not been completed"
NOT_FIRM, CHANGED = "the booking is not confirmed any more", "the booking has changed since"
DECIDED = "the request is decided"


@dataclass(frozen=True, slots=True)
class Planned:
    """One message to be written into the outbox. The smaller ``priority`` leaves first."""

    kind: str
    audience: str
    channel: str
    recipient: str
    locale: str
    due_at: datetime
    deadline: datetime
    offset_minutes: int
    priority: int


class Bookable(Protocol):
    """What planning reads of a booking."""

    @property
    def status(self) -> str: ...
    @property
    def revision(self) -> int: ...
    @property
    def start(self) -> datetime: ...
    @property
    def phone(self) -> str | None: ...
    @property
    def email(self) -> str | None: ...
    @property
    def locale(self) -> str: ...


def plan(
    event: str,
    *,
    booking: Any,
    service: Service,
    location: Location,
    business: Business,
    staff: Sequence[Resource],
    now: datetime,
) -> list[Planned]:
    """The messages of one event: the customer by each way that she gave, each assigned person by mail, and the
    reminders still to come. Each person is told once per way."""
    to_customer, to_people = EVENTS[event]
    soon = booking.start - now < timedelta(hours=24)
    # News of a visit is useless once it has begun; news that there is none is useful for two days.
    deadline = now + USEFUL_FOR if event in ENDED else max(booking.start, now + timedelta(hours=1))
    found = [
        Planned(to_customer, "customer", channel, recipient, booking.locale, now, deadline, 0, 1 if soon else 3)
        for channel, recipient in _ways(booking)
    ]
    if to_people:
        found += to_staff(to_people, staff, business=business, start=booking.start, now=now)
    if event in WITH_REMINDERS:
        found += reminders(booking=booking, service=service, location=location, business=business, staff=staff, now=now)
    return found


def to_staff(
    kind: str, staff: Sequence[Resource], *, business: Business, start: datetime, now: datetime
) -> list[Planned]:
    """One mail to each of these people who has a mailbox."""
    return [to_mailbox(kind, email, business.locale, start=start, now=now) for email in _mailboxes(staff)]


def to_mailbox(kind: str, email: str, locale: str, *, start: datetime, now: datetime) -> Planned:
    """One mail to somebody of the house."""
    return Planned(kind, "staff", "mail", email, locale, now, max(start, now + timedelta(hours=1)), 0, 4)


def question(kind: str, booking: Any, now: datetime, deadline: datetime) -> list[Planned]:
    """A question to the customer by each way that she gave, of use until ``deadline``."""
    return [
        Planned(kind, "customer", channel, recipient, booking.locale, now, deadline, 0, 1)
        for channel, recipient in _ways(booking)
    ]


def how_it_was(booking: Any, *, zone: str, now: datetime) -> list[Planned]:
    """The question how a visit was, by the first way that its customer gave: three hours after its end, outside the quiet
    hours of its place."""
    if now - booking.end > ASKED_WITHIN:
        return []
    due = _awake(max(booking.end, now) + ASKED_AFTER, zone)
    return [
        Planned(FEEDBACK, "customer", channel, recipient, booking.locale, due, due + USEFUL_FOR, 0, 5)
        for channel, recipient in list(_ways(booking))[:1]
    ]


def _awake(at: datetime, zone: str) -> datetime:
    """The instant itself, or eight in the morning after the quiet hours that it falls into."""
    local = at.astimezone(ZoneInfo(zone))
    if QUIET_TO <= local.hour < QUIET_FROM:
        return at
    day = local.date() + timedelta(days=1 if local.hour >= QUIET_FROM else 0)
    return datetime(day.year, day.month, day.day, QUIET_TO, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _ways(booking: Bookable) -> Iterator[tuple[str, str]]:
    if booking.email:
        yield "mail", booking.email
    if booking.phone:
        yield "sms", booking.phone


def _mailboxes(staff: Sequence[Resource]) -> list[str]:
    return list(dict.fromkeys(person.email for person in staff if person.email))


def reminders(
    *,
    booking: Any,
    service: Service,
    location: Location,
    business: Business,
    staff: Sequence[Resource],
    now: datetime,
) -> Iterator[Planned]:
    """The reminders of a firm booking that are still to come."""
    # By their time, so that two which wait for the same morning are sent once, as the later of them.
    waiting: dict[datetime, int] = {}
    for offset in _still_ahead(service.reminders, booking.start, now):
        waiting[reminder_due(booking.start, offset, location.timezone)] = offset
    for due, offset in waiting.items():
        # A late one is useful as long as a quarter of an hour is left, one of the last minutes until the start.
        last = booking.start - TOO_CLOSE if timedelta(minutes=offset) > TOO_CLOSE else booking.start
        for channel, recipient in _ways(booking):
            yield Planned("reminder", "customer", channel, recipient, booking.locale, due, last, offset, 2)
    for offset in _still_ahead(service.staff_reminders, booking.start, now):
        due = booking.start - timedelta(minutes=offset)
        for email in _mailboxes(staff):
            yield Planned("staff_reminder", "staff", "mail", email, business.locale, due, booking.start, offset, 4)


def _still_ahead(offsets: Iterable[int], start: datetime, now: datetime) -> list[int]:
    """The largest first. Who books later than a reminder would have been due has just read the confirmation."""
    return sorted((offset for offset in set(offsets) if start - timedelta(minutes=offset) > now), reverse=True)


def reminder_due(start: datetime, offset: int, zone: str) -> datetime:
    """When a reminder leaves: ``offset`` elapsed minutes before the start; in the quiet hours (22 to 8, the location's
    clock) it waits until 8, unless that is less than two hours before the start: then it leaves at its own time."""
    start = start.astimezone(UTC)
    due = start - timedelta(minutes=offset)
    morning = _awake(due, zone)
    return morning if start - morning >= timedelta(hours=2) else due


def unwanted(
    *,
    kind: str,
    revision: int,
    deadline: datetime,
    booking_status: str,
    booking_revision: int,
    start: datetime,
    has_it: bool = False,
    now: datetime,
) -> str | None:
    """Why a message must not leave any more, or None: asked again just before sending. ``has_it``: the booking is on the
    recipient's calendar as it now stands."""
    if now >= deadline:
        return "too late to be of use"
    if kind in REMINDERS:
        if booking_status != "confirmed":
            return NOT_FIRM
        if now >= start:
            return "the visit has begun"
    if kind == FEEDBACK and booking_status != "completed":
        return NOT_OVER
    if kind in REQUESTS and booking_status != "requested":
        return DECIDED
    if kind == LOST:
        # Whoever lost it hears of it however often it changes after that, unless it came back to her.
        return CHANGED if has_it else None
    if revision != booking_revision:
        return CHANGED
    return None
