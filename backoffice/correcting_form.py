"""The form that corrects what was noted with a booking: only what may be written is in it, never a mask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from werkzeug.datastructures import MultiDict

from actions import contacts, correct
from actions.people import FIELDS, asked_of, without_files
from backoffice import access
from backoffice.words import Card
from models.base import db
from models.snapshot import catalogue
from rules import pricing
from web import questions
from web.locale import words


@dataclass(frozen=True, slots=True)
class Form:
    """What the form has for one booking: ``given`` is what was typed into it, ``priced`` into the one of the price; None where
    it has what is written down."""

    card: Card
    given: MultiDict[str, str] | None = None
    priced: MultiDict[str, str] | None = None

    def writes(self, field: str) -> bool:
        """True when she may write this field: what she only reads or sees masked stays as it is."""
        return self.card.shown.levels[field] == "write"

    @property
    def prices(self) -> bool:
        """True when she may correct the price."""
        return self.writes("price") and access.reaches("booking.price", self.card.view)

    @property
    def asked(self) -> list[Mapping[str, Any]]:
        """The questions of then but those for files, where she may write the answers."""
        if not self.writes("answers"):
            return []
        return without_files(correct.asked_then(db.session(), self.card.view))

    @property
    def fields(self) -> list[str]:
        """Those of name, phone, email, company and address that she may write and that belong to this booking."""
        view, known = self.card.view, catalogue(db.session())
        asks = asked_of(known, self.card.told.service)
        shown = {"name", "phone", "email"} | {each for each in ("company", "address") if getattr(view, each)}
        shown |= {each for each in ("company", "address") if asks.get(each) != "hidden"}
        return [each for each in FIELDS if each in shown and self.writes(each)]

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What she may not write: name of the field and what she reads of it."""
        view = self.card.view
        return [(each, getattr(view, each)) for each in ("name", "phone", "email") if not self.writes(each)]

    def value(self, field: str) -> str:
        """What stands in a field."""
        if self.given is not None:
            return self.given.get(field, "")[:300]
        found = str(getattr(self.card.view, field) or "")
        return contacts.pretty(found) if field == "phone" and found else found

    @property
    def price(self) -> str:
        """What stands in the field of the price."""
        if self.priced is not None:
            return self.priced.get("price", "")[:20].strip()
        amount = self.card.view.price_minor
        return "" if amount is None else pricing.typed(amount, self.currency)

    @property
    def currency(self) -> str:
        """What it is paid in."""
        return self.card.view.currency or catalogue(db.session()).business.currency

    def questions(self) -> list[dict[str, Any]]:
        """The fields of the answers, as they were asked when it was booked."""
        service = replace(self.card.told.service, questions=tuple(self.asked))
        given = self.card.view.answers if self.given is None else self.answers() or {}
        typed = {f"q_{key}": _as_typed(value) for key, value in given.items()}
        return [questions.asked(each, service, typed, words()) for each in self.asked]

    def typed(self) -> dict[str, Any]:
        """The fields of the booking as typed, of those alone that she may write."""
        given = self.given or MultiDict()
        return {field: given[field][:400] for field in self.fields if field in given}

    def answers(self) -> dict[str, Any] | None:
        """The answers as typed; None where she may not write them or nothing was asked."""
        given = self.given or MultiDict()
        return {
            each["key"]: given.getlist(f"q_{each['key']}")
            if each["type"] == "choices"
            else given.get(f"q_{each['key']}", "")[:2000]
            for each in self.asked
            if each["type"] != "section"
        } or None


def _as_typed(value: Any) -> Any:
    """A kept answer as a form has it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return [str(each) for each in value] if isinstance(value, list) else str(value)
