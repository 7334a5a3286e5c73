"""The address of the figures: which period, narrowed to what, shown how. It can be shared and kept as it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from flask import url_for
from werkzeug.datastructures import MultiDict

from reports.figures import Ask
from rules import periods
from rules.facts import Catalogue, Service
from rules.figures import SPLITTING
from rules.periods import Period

TABLES = ("service", "person", "place", "channel", "hour", "ahead", "answer")
RESOURCES = ("staff", "room", "equipment", "vehicle")


@dataclass(frozen=True, slots=True)
class Address:
    """What the address says, everything odd left out. ``split`` is a question as ``service:key``; ``table`` what the table
    lists, ``kind`` of which kind of resource the hours are shown."""

    period: Period
    location: str = ""
    service: str = ""
    resource: str = ""
    split: str = ""
    table: str = "service"
    kind: str = "staff"

    def values(self) -> dict[str, Any]:
        """The parts that differ from what is shown anyway."""
        if self.period.name:
            found: dict[str, Any] = {"period": self.period.name}
        else:
            found = {"from": self.period.first.isoformat(), "to": self.period.last.isoformat()}
        parts = {"location": self.location, "service": self.service, "resource": self.resource, "split": self.split}
        found |= {name: value for name, value in parts.items() if value}
        plain = {"table": "answer" if self.split else "service", "kind": "staff"}
        return found | {name: getattr(self, name) for name, value in plain.items() if getattr(self, name) != value}

    def to(self, **changes: Any) -> str:
        """The address with some parts changed."""
        return url_for("desk.figures", **replace(self, **changes).values())

    def named(self, name: str) -> str:
        """The address of today, this week or this month."""
        return self.to(period=Period(self.period.first, self.period.last, name))

    @property
    def narrowed(self) -> bool:
        """True when some bookings of the days are left out."""
        return bool(self.location or self.service or self.resource)

    @property
    def apart(self) -> bool:
        """True when visits and searches, which know no place and no person, say nothing about what is counted."""
        return bool(self.location or self.resource)

    def behind(self, *counted: str, **narrow: str) -> str:
        """The address of the list of what a figure counts, in the diary."""
        values: dict[str, Any] = {
            "location": self.location,
            "service": self.service,
            "resource": self.resource,
            **narrow,
        }
        values |= {"day": self.period.first.isoformat(), "until": self.period.last.isoformat()}
        values |= {"view": "list", "count": counted or ("granted",)}
        return url_for("desk.diary", **{name: value for name, value in values.items() if value})

    def ask(self, known: Catalogue) -> Ask:
        """The question to the figures."""
        places = [known.locations[self.location]] if self.location else known.location_by_id.values()
        service, _, key = self.split.partition(":")
        return Ask(
            period=Period(self.period.first, self.period.last),
            locations=tuple(sorted(each.id for each in places)),
            service=known.services[self.service].id if self.service else None,
            resource=known.resources[self.resource].id if self.resource else None,
            split=(known.services[service].id, key) if self.split else None,
        )


def parse(typed: MultiDict[str, str], known: Catalogue, today: date) -> Address:
    """The address as it was typed, or followed, or kept years ago."""
    period = periods.named(typed.get("period", "month"), today)
    first, last = (_day(typed.get(name, "")) for name in ("from", "to"))
    if first and last:
        period = periods.chosen(first, last)
    split = typed.get("split", "") if typed.get("split") in dict(splits(known)) else ""
    table = _one_of(typed.get("table"), TABLES if split else TABLES[:-1])
    return Address(
        period=period,
        location=_one_of(typed.get("location"), known.locations),
        service=_one_of(typed.get("service"), known.services),
        resource=_one_of(typed.get("resource"), known.resources),
        split=split,
        table=table or ("answer" if split else "service"),
        kind=_one_of(typed.get("kind"), RESOURCES) or "staff",
    )


def _one_of(wanted: str | None, known: Any) -> str:
    return wanted if wanted is not None and wanted in known else ""


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed[:10])
    except ValueError:
        return None


def splits(known: Catalogue) -> list[tuple[str, tuple[Service, Any]]]:
    """The questions with one choice, as ``service:key`` with service and question."""
    return [
        (f"{service.slug}:{question['key']}", (service, question))
        for service in known.services.values()
        for question in service.questions
        if question["type"] in SPLITTING
    ]
