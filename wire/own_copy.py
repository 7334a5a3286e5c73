"""Somebody's own data as she reads them: every name and every value of ours in her language, times in the house's zone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from wire.booking import STATUS
from wire.happened_words import DONE, FIELDS, PROOFS, PURPOSES
from wire.timeline import ACTORS, STEPS
from wire.wording import Wording, n_

NAMES = {
    **FIELDS,
    "number": n_("Number"),
    "also_written": n_("Also written"),
    "phones": n_("Phone"),
    "emails": n_("E-mail"),
    "known_since": n_("Known since"),
    "reference": n_("Reference"),
    "service": n_("Service"),
    "location": n_("Place"),
    "with": n_("With"),
    "language": n_("Language"),
    "zone": n_("Time zone"),
    "price_minor": n_("Price"),
    "currency": n_("Currency"),
    "source": n_("Came by"),
    "booked_at": n_("Booked on"),
    "cancel_reason": n_("Reason of the cancellation"),
    "rated": n_("What you said of it"),
    "stars": n_("Stars"),
    "words": n_("Words"),
    "booking": n_("Booking"),
    "kind": n_("Kind"),
    "to": n_("To"),
    "due_at": n_("To be sent"),
    "state": n_("State"),
    "settled_at": n_("Done on"),
    "said": n_("What it says"),
    "at": n_("When"),
    "text": n_("Text"),
    "purpose": n_("Consent to"),
    "given_at": n_("Agreed on"),
    "withdrawn_at": n_("Taken back on"),
    "by": n_("By whom"),
    "what": n_("What"),
    "before": n_("Before"),
    "after": n_("After"),
    "reason": n_("Reason"),
    "staff": n_("by the house"),
    "type": n_("Kind"),
    "size": n_("Bytes"),
}
_TIMES = frozenset({"start", "end", "at"})
# What holds codes of what the house offers. All else is somebody's own words, whatever it is the code of besides.
_OFFERED = frozenset({"service", "location", "with", "resources"})
# Of a step that names a time or a person beside it, what it is without.
_STEPS = {
    **STATUS,
    **{step: text for step, text in STEPS.items() if "%" not in text},
    **DONE,
    "moved": n_("Moved"),
    "requested_again": n_("Asked to move"),
    "reassigned": n_("Given to somebody else"),
    "class_given": n_("Given to somebody else"),
    "proposed": n_("Another time proposed"),
}
_SPOKEN = {**ACTORS, "staff": n_("by the house")}


class OwnCopy:
    """Makes lines of what is kept. ``codes`` are the words of the desk for kinds, states and ways of messages and consents;
    ``names`` what the house calls its services, places and people, ``questions`` what it asks, both by their codes."""

    def __init__(
        self,
        say: Wording,
        zone: str,
        codes: Mapping[str, Mapping[str, str]],
        names: Mapping[str, str],
        questions: Mapping[str, str],
    ) -> None:
        self.say, self.zone, self.names, self.questions = say, ZoneInfo(zone), names, questions
        self.codes: dict[str, Mapping[str, str]] = {
            "status": STATUS, "purpose": PURPOSES, "purposes": PURPOSES, "by": _SPOKEN, "what": _STEPS,
            "fields": FIELDS, "identified": PROOFS, **codes,
        }  # fmt: skip

    def lines(self, values: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Name and value of each thing; what is empty is left out."""
        minor, currency = values.get("price_minor"), values.get("currency")
        shown = {name: value for name, value in values.items() if value not in (None, "", [], {})}
        if minor is not None and currency:
            shown = {**shown, "price_minor": self.say.money(minor, currency)}
            del shown["currency"]
        return [(self.called(name), self.value(name, value)) for name, value in shown.items()]

    def called(self, name: str) -> str:
        """What a field is called."""
        known = NAMES.get(name)
        return self.say.gettext(known) if known else name.replace("_", " ")

    def value(self, name: str, value: Any) -> str:
        """One value in words."""
        if isinstance(value, Mapping):
            kept = [(each, one) for each, one in value.items() if one not in (None, "", [], {})]
            if name == "answers":
                return "; ".join(f"{self.questions.get(each, each)}: {self.value('', one)}" for each, one in kept)
            return "; ".join(f"{self.called(each)}: {self.value(each, one)}" for each, one in kept)
        if isinstance(value, list):
            return self.say.listed(self.value(name, each) for each in value)
        if isinstance(value, bool):
            return self.say.gettext(n_("yes") if value else n_("no"))
        return self._plain(name, value)

    def _plain(self, name: str, value: Any) -> str:
        word: Callable[[str], str] = self.say.gettext
        known = self.codes.get(name, {}).get(str(value))
        if known:
            return word(known)
        if name in _TIMES or name.endswith(("_at", "_since")):
            return self._time(str(value))
        return self.names.get(str(value), str(value)) if name in _OFFERED else str(value)

    def _time(self, said: str) -> str:
        try:
            at = datetime.fromisoformat(said).astimezone(self.zone)
        except ValueError:
            return said
        return f"{at:%Y-%m-%d %H:%M}"
