"""History in words: what anybody did to anything, from what to what, as far as its reader may read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from models.history import History
from wire import edits, service_edits
from wire.booking import STATUS, Described, clock_of
from wire.desk import Shown
from wire.happened_words import DONE, FIELDS, PROOFS, PURPOSES, RULES
from wire.importing import KINDS as IMPORTED
from wire.importing import ROWS
from wire.timeline import ACTORS, STEPS, WHY
from wire.wording import Wording, n_

VISITOR = n_("by somebody not signed in")
_PERSONAL = ("name", "phone", "email", "company", "address", "answers")


@dataclass(frozen=True, slots=True)
class Names:
    """What ids and codes are called in the reader's words: staff by ``staff:ID``, objects by kind and id, and codes of roles,
    actions and switches."""

    staff: Mapping[str, str]
    objects: Mapping[tuple[str, int], str]
    codes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """One value: what it is called, what it was and what it is; "" for none."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Happened:
    """One step for its reader. ``about`` names the object, ``reference`` its booking, if it is one."""

    id: int
    when: str
    who: str
    what: str
    about: str
    reference: str
    changes: tuple[Change, ...]
    why: str
    request: str


class Teller:
    """Says steps to one reader, those of a booking by its own clock, which is named where it is not that of ``zone``; with
    ``addresses`` also where from somebody signed in."""

    def __init__(self, say: Wording, names: Names, *, zone: str, now: datetime, addresses: bool = False) -> None:
        self.say, self.names, self.zone, self.now, self.addresses = say, names, zone, now, addresses

    def step(
        self,
        step: History,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
        *,
        shown: Shown | None,
        told: Described | None,
    ) -> Happened:
        """One step; ``before`` and ``after`` are its personal values, ``shown`` and ``told`` its booking within her rights."""
        zone = told.booking.zone if told else self.zone
        values = self._values(step, before, after, shown)
        changes = [self._change(key, old, new, zone) for key, (old, new) in values.items()]
        if step.object_kind in edits.KINDS and step.action in edits.EDITS:
            was, became = {**(step.before or {}), **before}, {**(step.after or {}), **after}
            tell = service_edits.changes if step.object_kind == "service" else edits.changes
            changes = [Change(*each) for each in tell(self.say, was, became, self.names.codes)]
        return Happened(
            id=step.id,
            when=self._at(step.at, zone),
            who=self._who(step),
            what=self._what(step, told, zone),
            about=self._about(step, shown, told),
            reference=told.booking.reference if told else "",
            changes=tuple(each for each in changes if each.before or each.after),
            why=self._why(step, shown),
            request=step.request_id or "",
        )

    def _values(
        self, step: History, before: Mapping[str, Any], after: Mapping[str, Any], shown: Shown | None
    ) -> dict[str, tuple[Any, Any]]:
        """The values that she may read, old and new; the order is that of ``FIELDS``."""
        old, new = _priced({**(step.before or {})}), _priced({**(step.after or {})})
        if step.object_kind == "staff" and self.addresses:
            new |= {"from": after["address"]} if "address" in after else {}
        if shown is not None:
            # Of a booking only what has its level is told.
            old, new = ({key: values[key] for key in values if key in FIELDS} for values in (old, new))
            reads = [key for key in _PERSONAL if shown.reads(key)]
            old |= {key: before[key] for key in reads if key in before}
            new |= {key: after[key] for key in reads if key in after}
            if shown.levels["price"] == "hidden":
                old.pop("price", None), new.pop("price", None)
        order = {key: number for number, key in enumerate(FIELDS)}
        keys = sorted({*old, *new} - {"revision", "booking"}, key=lambda key: (order.get(key, 99), key))
        return {key: (old.get(key), new.get(key)) for key in keys}

    def _change(self, key: str, old: Any, new: Any, zone: str) -> Change:
        text = FIELDS.get(key) or ROWS.get(key)
        label = self.say.gettext(text) if text else self.names.codes.get(key, key)
        return Change(label, self._value(key, old, zone), self._value(key, new, zone))

    def _value(self, key: str, value: Any, zone: str) -> str:
        if value is None or value == []:
            return ""
        if isinstance(value, bool):
            return self.say.gettext(_YES if value else _NO)
        told = self._as().get(key)
        if told is not None:
            return told(value)
        if key in ("start", "end", "until", "made_at"):
            return self._at(datetime.fromisoformat(value), zone)
        if isinstance(value, list):
            return self.say.listed([self._code(each) for each in value])
        return self._code(value)

    def _as(self) -> dict[str, Callable[[Any], str]]:
        objects, say = self.names.objects, self.say
        return {
            "status": lambda value: say.gettext(STATUS[value]),
            "price": lambda value: say.money(*value),
            "overruled": lambda value: say.listed([say.gettext(RULES.get(each, each)) for each in value]),
            "fields": lambda value: say.listed([say.gettext(FIELDS.get(each, each)) for each in value]),
            "locations": lambda value: say.listed([objects.get(("location", each), "") for each in value]),
            "resource_id": lambda value: objects.get(("resource", value), ""),
            "team_id": lambda value: objects.get(("team", value), ""),
            "deputy_id": lambda value: objects.get(("staff", value), ""),
            "leader": lambda value: objects.get(("staff", value), ""),
            "owner_id": lambda value: objects.get(("staff", value), ""),
            "purposes": lambda value: say.listed([say.gettext(PURPOSES.get(each, each)) for each in value]),
            "identified": lambda value: say.gettext(PROOFS.get(value, value)),
            "sentence": lambda value: say.text(value),
            "locale": say.language,
            "kind": lambda value: say.gettext(IMPORTED[value]) if value in IMPORTED else self._code(value),
            "answers": lambda value: say.gettext(_CHANGED) if value else "",
        }

    def _code(self, value: Any) -> str:
        return self.names.codes.get(str(value), str(value))

    def _what(self, step: History, told: Described | None, zone: str) -> str:
        text = STEPS.get(step.action) if step.object_kind == "booking" else DONE.get(step.action)
        after = step.after or {}
        start = after.get("start")
        when = self._at(datetime.fromisoformat(start), zone) if start else self._begins(told) if told else ""
        who = self.say.listed([self._code(each) for each in after.get("resources") or ()])
        return self.say.gettext(text, when=when, who=who) if text else step.action

    def _about(self, step: History, shown: Shown | None, told: Described | None) -> str:
        if shown is not None and told is not None:
            name = shown.view.name or self.say.gettext(_CUSTOMER)
            return f"{name}{self.say.comma}{self._begins(told)}"
        return self.names.objects.get((step.object_kind, step.object_id), "")

    def _who(self, step: History) -> str:
        if step.actor == "visitor":
            return self.say.gettext(VISITOR)
        if step.actor in ACTORS:
            return self.say.gettext(ACTORS[step.actor])
        return self.say.gettext("by %(name)s", name=self.names.staff.get(step.actor, step.actor))

    def _why(self, step: History, shown: Shown | None) -> str:
        if step.action == "revealed":
            return self.say.gettext(WHY.get(step.reason or "", step.reason or ""))
        return step.reason or "" if shown is None or shown.levels["reason"] != "hidden" else ""

    def _begins(self, told: Described) -> str:
        return self._at(told.booking.start, told.booking.zone)

    def _at(self, at: datetime, zone: str) -> str:
        local = at.astimezone(ZoneInfo(zone))
        when = self.say.day_and_time(local, today=self.now.astimezone(local.tzinfo).date())
        if zone == self.zone:
            return when
        return self.say.gettext("%(when)s (%(zone)s)", when=when, zone=clock_of(self.say, local, zone))


_YES, _NO, _CHANGED, _CUSTOMER = n_("yes"), n_("no"), n_("changed"), n_("a customer")


def _priced(values: dict[str, Any]) -> dict[str, Any]:
    """The price with its currency as one value."""
    minor, currency = values.pop("price_minor", None), values.pop("currency", None)
    return values | ({"price": (minor, currency)} if minor is not None and currency else {})
