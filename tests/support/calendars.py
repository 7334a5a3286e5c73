"""A calendar file as two independent parsers read it."""

from __future__ import annotations

from typing import Any

import icalendar
import vobject


def read_twice(raw: bytes) -> tuple[icalendar.Calendar, Any]:
    """The file by icalendar and by vobject. The latter keeps the first definition of a zone that it sees for ever; here
    each file counts by itself."""
    known = vars(vobject.icalendar)["__tzidMap"]
    for zone in [each for each in known if each != "UTC"]:
        del known[zone]
    return icalendar.Calendar.from_ical(raw), vobject.readOne(raw.decode())


def pairs(raw: bytes) -> list[tuple[icalendar.Event, Any]]:
    """Its events, each as both read it."""
    one, other = read_twice(raw)
    return list(zip(one.walk("VEVENT"), other.contents.get("vevent", []), strict=True))
