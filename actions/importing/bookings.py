"""Bookings from a file: those that are over with what became of them, those to come with their time taken.

Nobody agrees to anything by it, and no visit is refused for that: it was agreed on before this portal could ask. A consent that
is needed is asked for at the customer's next booking.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select
from sqlalchemy.orm import Session as OrmSession

from actions import contacts
from actions.availability import Asked
from actions.confirm import Making
from actions.customers import contacts_of
from actions.desk_wish import asked_at_the_desk
from actions.hold import terms_of
from actions.importing import values
from actions.importing.names import Names, one_of
from actions.importing.row import LEAVE, NEW, Row
from actions.overruling import Overruling, take_at_the_desk
from actions.people import checked
from actions.record import news, record
from actions.taking import Seat, lock_services
from models.booking import Allocation, Booking, Session
from models.imports import ImportRow
from models.snapshot import catalogue
from rules import pricing, reference
from rules.errors import FieldError
from rules.facts import Catalogue
from rules.rights import Viewer
from rules.text import folded

STATUSES = {
    "confirmed": ("booked", "open", "已确认", "已预约", "确认"),
    "completed": ("done", "finished", "came", "已完成", "完成"),
    "no_show": ("no show", "no-show", "missed", "未到", "爽约"),
    "cancelled": ("canceled", "cancelled by customer", "已取消", "取消"),
}
_STEPS = {"completed": "completed", "no_show": "missed", "cancelled": "cancelled"}
# What the rules are set aside with: the visit was agreed before this portal knew of it.
REASON = "Imported"


class Judge:
    """Looks at rows of bookings."""

    def __init__(self, known: Catalogue, by: Viewer) -> None:  # noqa: ARG002  every kind is judged for somebody
        self.known, self.region = known, known.business.country
        self.services = Names(known.services.values(), "unknown_service")
        self.places = Names(known.locations.values(), "unknown_place")
        self.resources = Names(known.resources.values(), "unknown_person")
        self.digits = pricing.digits(known.business.currency)
        self.seen: set[tuple[str, ...]] = set()
        self.now: datetime | None = None

    def judge(self, row: Row) -> None:
        """Types the fields of a row, and says what is wrong with it."""
        row.keep("name", values.line)
        row.keep("phone", partial(values.phone, region=self.region))
        row.keep("email", contacts.email)
        row.keep("company", values.line)
        row.keep("service", self.services.slug)
        row.keep("location", self.places.slug)
        row.keep("minutes", partial(values.whole, least=1, most=400 * 1440))
        row.keep("with", self.resources.slug)
        row.keep("seats", partial(values.whole, least=1, most=500))
        row.keep("status", partial(one_of, STATUSES))
        row.keep("price", partial(values.money, digits=self.digits))
        day, clock = row.read("day", values.day), row.read("time", values.at)
        row.need("name", "service")
        self._start(row, day, clock)
        self._place(row)

    def _start(self, row: Row, day: date | datetime | None, clock: time | None) -> None:
        if clock is None and isinstance(day, datetime):
            clock = day.time().replace(second=0, microsecond=0)
        if day is None and "day" not in row.wrong:
            row.wrong["day"] = FieldError("required")
        if day is not None and clock is None and "time" not in row.wrong:
            row.wrong["time"] = FieldError("required")
        if day is not None and clock is not None:
            local = datetime.combine(day.date() if isinstance(day, datetime) else day, clock)
            row.fields["local"] = local.isoformat(timespec="minutes")

    def _place(self, row: Row) -> None:
        service = self.known.services.get(row.fields.get("service", ""))
        if service is None or "location" in row.wrong:
            return
        offered = [self.known.location_by_id[id] for id in service.locations if (service.id, id) in self.known.plans]
        slug = row.fields.get("location") or (offered[0].slug if len(offered) == 1 else None)
        place = next((each for each in offered if each.slug == slug), None)
        if place is None:
            row.wrong["location"] = FieldError("place_needed" if slug is None else "not_offered_there")
            return
        row.fields["location"] = place.slug
        if "local" in row.fields:
            self._instant(row, place.timezone)

    def _instant(self, row: Row, zone: str) -> None:
        local = datetime.fromisoformat(row.fields.pop("local")).replace(tzinfo=ZoneInfo(zone))
        start = local.astimezone(UTC)
        if start.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != local.replace(tzinfo=None):
            row.wrong["time"] = FieldError("no_such_time")
            return
        if not 1990 <= start.year <= 2100:
            row.wrong["day"] = FieldError("not_a_day")
            return
        row.fields["start"] = start.isoformat()
        gone = row.fields.get("status") in ("completed", "no_show")
        if gone and self.now is not None and start > self.now:
            row.wrong["status"] = FieldError("not_over_yet")

    def doubles(self, session: OrmSession, rows: Sequence[Row]) -> None:
        """Finds those that are booked already, and those that stand in the file twice."""
        there = _there(session, self.known, [row.fields for row in rows])
        for row in rows:
            key = _key(row.fields)
            if key in self.seen:
                row.doubles("twin", " ".join(key))
            elif key in there:
                row.doubles("known", there[key][1])
            self.seen.add(key)


def _key(fields: Mapping[str, Any]) -> tuple[str, ...]:
    return fields["service"], fields["start"], folded(fields["name"])


def _there(
    session: OrmSession, known: Catalogue, rows: Sequence[Mapping[str, Any]]
) -> dict[tuple[str, ...], tuple[int, str]]:
    """The bookings at these starts, by what makes them the same."""
    starts = {datetime.fromisoformat(each["start"]) for each in rows}
    services = {known.services[each["service"]].id: each["service"] for each in rows}
    query = (
        select(Session.service_id, Session.starts, Booking.name, Booking.id, Booking.reference)
        .join(Booking, Booking.session_id == Session.id)
        .where(Session.starts.in_(starts), Session.service_id.in_(services))
    )
    return {
        (services[each.service_id], each.starts.isoformat(), folded(each.name)): (each.id, each.reference)
        for each in session.execute(query)
    }


@dataclass(slots=True)
class _Importing(Making):
    """A booking with the status of the file. Nobody is told unless that was asked for; reminders to come are planned."""

    status: str = "confirmed"

    def _agreed(self, terms: Mapping[str, Any]) -> dict[str, Any]:
        found = Making._agreed(self, terms) | {"status": self.status}
        return found | ({"cancelled_by": self.created_by} if self.status == "cancelled" else {})

    def _seen(self, values: Mapping[str, Any], *around: Any) -> Any:
        given = {name: value for name, value in values.items() if name != "cancelled_by"}
        return Making._seen(self, given, *around)

    def _step(self, view: Any) -> dict[str, Any]:
        # What became of it is a step of its own.
        return Making._step(self, replace(view, status="confirmed"))

    def _news(self, view: Any) -> list[dict[str, Any]]:
        if self.status != "confirmed" or view.start <= self.now:
            return []
        only = None if self.customer_is_told else frozenset[tuple[str, str]]()
        return news(
            self.session, "confirmed", view, known=self.known, now=self.now, customer=self.customer_is_told, only=only
        )


def write(session: OrmSession, row: ImportRow, *, by: Viewer, tell: bool, now: datetime) -> tuple[str, int | None]:
    """Writes one of them in the current transaction, its time taken by the same rules as at the desk. Raises what
    ``desk_booking.book`` raises."""
    fields, known = row.fields, catalogue(session)
    if row.choice == LEAVE:
        return "left", None
    there = _there(session, known, [fields]).get(_key(fields)) if row.choice != NEW else None
    if there is not None:
        return "used", there[0]
    start = datetime.fromisoformat(fields["start"])
    asked = _asked(known, fields)
    customer = {each: fields.get(each) for each in ("name", "phone", "email", "company")}
    person, answers = checked(known, asked.service, asked.location, customer, {}, name_only=True, unasked=True)
    held = contacts_of(session, person, now=now)
    status = fields.get("status", "confirmed")
    making = _Importing(
        session, known, reference.make(secrets.token_bytes), customer, {}, known.business.locale, None, None, by.actor,
        None, None, now, customer_is_told=tell and start > now, firm=True,
        status="completed" if status == "confirmed" and start <= now else status,
    )  # fmt: skip
    if status == "cancelled":
        seat = _given_up(session, asked, start, now)
    else:
        if asked.plan.service.per_day:
            lock_services(session, [asked.service.id])
        seat, making.overruled = take_at_the_desk(session, asked, start, Overruling(REASON, True), now=now)
    terms = terms_of(asked, start) | ({"price_minor": fields["price"]} if "price" in fields else {})
    made = making.write(asked.service, asked.location, person, answers, held, seat, terms, asked.seats, None, None)
    if making.status != "confirmed":
        record(
            session,
            at=now,
            actor=by.actor,
            object_kind="booking",
            object_id=made.booking.id,
            action=_STEPS[making.status],
            before={"status": "confirmed"},
            after={"status": making.status},
        )
    return "made", made.booking.id


def _asked(known: Catalogue, fields: Mapping[str, Any]) -> Asked:
    return asked_at_the_desk(
        known,
        service=fields["service"],
        location=fields["location"],
        length=fields.get("minutes"),
        resources=[fields["with"]] if "with" in fields else [],
        seats=fields.get("seats", 1),
    )


def _given_up(session: OrmSession, asked: Asked, start: datetime, now: datetime) -> Seat:
    """The time of a booking that was cancelled: nobody's, whoever else has it."""
    end = start + timedelta(minutes=asked.length.minutes, days=asked.length.days)
    offset = start.astimezone(asked.zone).utcoffset() or timedelta()
    whole = {"busy_from": start, "busy_to": end, "live": False}
    place = insert(Session).values(
        kind="service", service_id=asked.service.id, location_id=asked.location.id, starts=start, ends=end,
        zone=asked.location.timezone, utc_offset=int(offset.total_seconds() // 60), seats=asked.service.seats,
        seats_taken=0, created_at=now, **whole,
    )  # fmt: skip
    id = session.execute(place.returning(Session.id)).scalar_one()
    for need, each in enumerate(asked.chosen):
        one = {"session_id": id, "resource_id": each.id, "unit_id": each.units[0], "need": need, "held_until": None}
        session.execute(insert(Allocation).values(**one, **whole))
    return Seat(id, start, end, tuple(each.id for each in asked.chosen))
