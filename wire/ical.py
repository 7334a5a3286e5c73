"""Calendar files: one booking's, and feeds of many.

METHOD is PUBLISH everywhere: a customer's calendar updates the entry by UID and SEQUENCE and asks nobody to accept; an
invitation would want an organiser's mailbox that reads answers. A cancelled booking stays with STATUS:CANCELLED.
Fields by RFC 5545, names by RFC 7986; the traps are those of the calendars that read them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vDuration, vText

from scheduling.hours import repeated

REFRESH = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Entry:
    """One event in words. Instants are aware; ``zone`` is the venue's."""

    uid: str
    sequence: int
    start: datetime
    end: datetime
    zone: str
    title: str
    place: str
    description: str
    status: str
    created: datetime
    changed: datetime


def calendar(name: str, entries: Sequence[Entry], *, first: date | None = None, last: date | None = None) -> bytes:
    """A calendar file. The same entries give the same bytes. ``first`` and ``last`` bound what is said of each zone."""
    made = Calendar()
    made.add("prodid", "-//Frontdesk//Frontdesk//EN")
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("method", "PUBLISH")
    made.add("name", _Text(plain(name)))
    made.add("x-wr-calname", _Text(plain(name)))
    if entries:
        made.add("x-wr-timezone", entries[0].zone)
    made.add("refresh-interval", vDuration(REFRESH), parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", "PT1H")
    for entry in entries:
        made.add_component(_event(entry))
    if entries:
        begin = first or min(entry.start for entry in entries).date()
        finish = last or max(entry.end for entry in entries).date()
        # Outlook shifts an event whose TZID has no VTIMEZONE; unbounded, one zone alone is 2.5 kB.
        made.add_missing_timezones(first_date=begin - timedelta(days=2), last_date=finish + timedelta(days=2))
    return bytes(made.to_ical())


def _event(entry: Entry) -> Event:
    zone = ZoneInfo(entry.zone)
    event = Event()
    event.add("uid", f"{entry.uid}@frontdesk")
    event.add("sequence", entry.sequence)
    event.add("dtstamp", entry.changed)
    event.add("last-modified", entry.changed)
    event.add("created", entry.created)
    start, end = entry.start.astimezone(zone), entry.end.astimezone(zone)
    if repeated(start) or repeated(end):
        # A local time that comes twice means the first (RFC 5545, 3.3.5), and not every reader knows that.
        start, end = entry.start.astimezone(UTC), entry.end.astimezone(UTC)
    event.add("dtstart", start)
    event.add("dtend", end)
    event.add("summary", _Text(plain(entry.title)))
    if entry.place:
        event.add("location", _Text(plain(entry.place)))
    if entry.description:
        event.add("description", _Text(plain(entry.description)))
    event.add("status", entry.status)
    event.add("transp", "TRANSPARENT" if entry.status == "CANCELLED" else "OPAQUE")
    event.add("class", "PRIVATE")
    return event


class _Text(vText):
    """A text, escaped by RFC 5545, 3.3.11. The library's own way makes a line break of a typed ``\\N``."""

    def to_ical(self) -> bytes:
        return _SPECIAL.sub(lambda sign: "\\n" if sign[0] == "\n" else "\\" + sign[0], self).encode()


_SPECIAL = re.compile(r"[\\;,\n]")


def plain(text: str) -> str:
    """Text without control characters and marks of the byte order; line breaks stay and are escaped by the writer."""
    return "".join(each for each in text if each == "\n" or not _harmful(each))


def _harmful(character: str) -> bool:
    return character == "\ufeff" or unicodedata.category(character) in ("Cc", "Cs")
