"""One look at the diary: what of it the address asks for, laid out for its page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from flask import request, url_for

import clock
from backoffice import access
from backoffice.diary_address import Address, parse, places_of, today_in, wanted_of
from backoffice.diary_filters import VIEWS, everybody, filters, left_out
from backoffice.diary_grid import Grid, days
from backoffice.diary_lines import Line, clock_at, instant, lines_of, minute_of
from backoffice.diary_month import month
from backoffice.diary_notes import paused, saved
from backoffice.diary_scale import scale, y_of
from backoffice.figure_codes import counted
from models import diary as reading
from models.base import db
from models.figures import WIDE
from models.snapshot import catalogue
from rules import diary as rules
from rules.diary_hours import day_of
from rules.errors import Missing
from rules.facts import Resource
from web.locale import words

PAGE = 50


class Look:
    """One look at the diary: the address, the places, the days."""

    def __init__(self) -> None:
        self.now, self.viewer = clock.now(), access.viewer()
        self.known = catalogue(db.session())
        asked = self._asked(self.now.date())
        self.places = places_of(self.known, self.viewer, asked.location, everywhere=asked.until is not None)
        if not self.places:
            raise Missing
        self.zone = ZoneInfo(self.places[0].timezone)
        self.today = today_in(self.places[0].timezone, self.now)
        self.address: Address = asked if request.args.get("day") else self._asked(self.today)
        self.wanted = wanted_of(self.address, self.known, self.places)
        self.first, self.last = rules.days_of(self.address.view, self.address.day)
        self.since = instant(day_of(self.zone.key, self.first)[0])
        self.until = instant(day_of(self.zone.key, self.last)[1])
        self.seen = reading.window(db.session(), self.wanted.locations, self.since, self.until)

    def _asked(self, today: date) -> Address:
        """The address; what figures count may be listed by whoever may see figures."""
        asked = parse(request.args, self.known, today)
        return asked if self.viewer.may("figures.see") else replace(asked, count=(), until=None)

    def version(self) -> str:
        """What ``models.diary.version`` says, and the minute's day: at midnight today is another one."""
        found = reading.version(db.session(), self.viewer, self.wanted, self.seen)
        return f"{self.today:%m%d}-{found}"

    def values(self) -> dict[str, Any]:
        """Everything that the page shows."""
        address = self.address
        return {
            "address": address,
            "title": self._title(),
            "views": [(view, words().gettext(text)) for view, text in VIEWS.items()],
            "today": self.today,
            "at": words().time(self.now.astimezone(self.zone)),
            "version": self.version(),
            "zone_name": self.zone.key,
            "zone": words().zone(self.zone.key),
            "filters": filters(self.known, self.viewer, self.places),
            "left_out": left_out(self.known, self.viewer, self.places, address),
            "pauses": paused(self.known, self.viewer, self.now),
            "saved": saved(self.viewer),
            "blocks_may": self.viewer.may("block.write"),
            "pause_may": self.viewer.may("pause.write"),
            "weekdays": words().weekdays(),
            "clock_of": lambda minute: clock_at(minute, self.zone),
            "y_of": y_of,
            # Asked for once: building an address for each of a thousand lines takes longer than reading them.
            "of_booking": url_for("desk.booking", reference="X")[:-1],
            "page": 1,
            "following": False,
            **self._shown(),
        }

    def _shown(self) -> dict[str, Any]:
        view = self.address.view
        if view == "month" and not self.address.table:
            return self._month()
        if view == "list":
            return self._listed()
        session = db.session()
        views = reading.between(session, self.viewer, self.wanted, self.seen)
        lines = lines_of(views, self.known, self.zone)
        cut = reading.MOST if len(views) == reading.MOST else 0
        if self.address.table:
            lines = [each for each in lines if self.address.session in (0, each.view.session_id)]
            return {"lines": self._told(lines), "nothing": not lines, "cut": cut}
        blocks = reading.blocked(session, self.seen)
        shown = days(self.places, self.first, self.last, self.today, lines, self.zone.key)
        grid = Grid(self.known, self.places, shown, lines, blocks, whole=not self._filtered())
        rows = grid.rows(self._resources(lines), fold=view == "week")
        found = {"days": shown, "rows": rows, "nothing": not lines and self._filtered(), "empty": not rows, "cut": cut}
        if view == "day":
            begin = shown[0].span[0]
            frame = begin + grid.frame[0], begin + grid.frame[1]
            found["scale"] = scale(rows, frame, minute_of(self.now), self.zone)
        return found

    def _resources(self, lines: Sequence[Line]) -> list[Resource]:
        """The rows: everybody and everything of these places; narrowed, only those with something to show."""
        current = everybody(self.known, self.viewer, self.places)
        busy = {id for line in lines for id in line.view.resource_ids}
        retired = busy - {each.id for each in self.known.resources.values()}
        found = [*current, *(self.known.resource_by_id[id] for id in retired)]
        found.sort(key=lambda each: (each.kind != "staff", each.position, each.id))
        if self.address.by == "person":
            found = [each for each in found if each.kind == "staff"]
        if self.address.resource:
            return [each for each in found if each.slug == self.address.resource]
        return [each for each in found if each.id in busy] if self._filtered() else found

    def _filtered(self) -> bool:
        address = self.address
        return bool(address.service or address.status or address.source or address.q)

    def _month(self) -> dict[str, Any]:
        found = reading.starts(db.session(), self.viewer, self.wanted, since=self.since, until=self.until)
        weeks = month(self.places, self.first, self.last, self.today, found, self.zone.key)
        return {"weeks": weeks, "nothing": not found and self.address.narrowed}

    def _listed(self) -> dict[str, Any]:
        page = self.address.page
        # Elsewhere the first day may have begun before it did here; the dates themselves are compared by each place's clock.
        since = self.since - WIDE if self.address.until else self.since
        views = reading.listed(
            db.session(), self.viewer, self.wanted, since=since, limit=PAGE + 1, skip=(page - 1) * PAGE
        )
        lines = lines_of(views[:PAGE], self.known, self.zone)
        found = {"lines": self._told(lines), "nothing": not lines, "page": page, "following": len(views) > PAGE}
        if self.address.until:
            found["counted"] = counted(self.address.count, self.known, words())
            found["how_many"] = reading.how_many(db.session(), self.viewer, self.wanted)
        return found

    def _told(self, lines: Sequence[Line]) -> list[tuple[Line, str, str]]:
        """Each line with its day and time, and with whom."""
        names = {each.slug: words().text(each.name) for each in self.known.resource_by_id.values()}
        found = []
        for line in lines:
            zone = ZoneInfo(line.view.zone)
            local = instant(line.start).astimezone(zone), instant(line.end).astimezone(zone)
            when = words().day_and_span(*local, "short", today=self.today)
            found.append((line, when, words().listed(names[each] for each in line.view.resources)))
        return found

    def _title(self) -> str:
        say, first, last = words(), self.first, self.last
        if self.address.view == "month":
            return say.date(first, "month")
        if self.address.view == "list" and self.address.until:
            begin, end = (say.date(each, "bare", today=self.today) for each in (first, self.address.until))
            return say.gettext("%(first)s to %(last)s", first=begin, last=end)
        if self.address.view == "list":
            return say.gettext("From %(day)s", day=say.date(first, today=self.today))
        if self.address.view == "day":
            return say.date(first, "long", today=self.today)
        if first.month == last.month and say.locale != "zh":
            return f"{first.day} – {say.date(last, 'bare', today=self.today)}"
        return f"{say.date(first, 'bare', today=self.today)} – {say.date(last, 'bare', today=self.today)}"
