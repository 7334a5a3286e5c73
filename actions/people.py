"""What a customer typed about herself, judged field by field before anything is written."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

from actions import contacts
from actions.customers import Person
from rules import attachments, questions, text
from rules.errors import FieldError, Invalid
from rules.facts import Catalogue, Location, Service

FIELDS = ("name", "phone", "email", "company", "address")


def asked_of(known: Catalogue, service: Service) -> dict[str, str]:
    """For phone, email, company and address: ``required``, ``optional`` or ``hidden``, from the service and the business.
    Somebody who comes to the customer has to know where."""
    asks = {"phone": "optional", "email": "optional", "company": "hidden", **service.ask}
    asks["address"] = "required" if service.place == "customer" else "hidden"
    for field in known.business.require:
        asks[field] = "required"
    return asks


def checked(
    known: Catalogue,
    service: Service,
    location: Location,
    customer: Mapping[str, Any],
    answers: Mapping[str, Any],
    *,
    name_only: bool = False,
    unasked: bool = False,
) -> tuple[Person, dict[str, Any]]:
    """The person and the typed answers. Raises Invalid with every error at once: ``customer.phone``, ``answers.people``.

    With ``name_only`` neither a phone nor an e-mail has to be given: somebody who stands at the desk may have none. With
    ``unasked`` nothing else is needed either: it was booked before anybody asked.
    """
    errors: dict[str, FieldError] = {
        f"customer.{key}": FieldError("unknown_field") for key in customer if key not in FIELDS
    }
    asks = asked_of(known, service)
    if name_only:
        asks |= dict.fromkeys(("phone", "email"), "optional")
    if unasked:
        asks = dict.fromkeys(asks, "optional") | {"name": "required"}
    judge = _judges(location)
    found: dict[str, str | None] = {}
    for field in FIELDS:
        wanted = asks.get(field, "required")
        raw = customer.get(field)
        if raw is not None and not isinstance(raw, str):
            errors[f"customer.{field}"] = FieldError("not_text")
            continue
        value: str | FieldError = "" if wanted == "hidden" or raw is None or text.blank(raw) else judge[field](raw)
        if isinstance(value, FieldError):
            errors[f"customer.{field}"] = value
        elif not value and wanted == "required":
            errors[f"customer.{field}"] = FieldError("required")
        else:
            found[field] = value or None
    contactless = not found.get("phone") and not found.get("email")
    if contactless and not name_only and not errors.keys() & {"customer.phone", "customer.email"}:
        errors["customer.phone" if asks["phone"] != "hidden" else "customer.email"] = FieldError("contact_required")
    asked = service.questions if not name_only else without_files(service.questions)
    typed, wrong = answered(() if unasked else asked, location, answers)
    errors.update({f"answers.{key}": error for key, error in wrong.items()})
    if errors:
        raise Invalid(errors=errors)
    return Person(name=str(found.pop("name")), **found), typed


def answered(
    asked: Sequence[Mapping[str, Any]], location: Location, answers: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, FieldError]]:
    """Typed answers to these questions, and an error for each that must be mended."""
    return questions.validate(
        asked, answers, phone=partial(contacts.phone, region=location.country), email=contacts.email
    )


def without_files(asked: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The questions that somebody at the desk can answer for a customer."""
    return [question for question in asked if question["type"] not in attachments.TYPES]


def corrected(
    location: Location, given: Mapping[str, Any], *, needed: Collection[str] = ("name",)
) -> tuple[dict[str, str | None], dict[str, FieldError]]:
    """The given fields, cleaned, None for those that were emptied; and an error for each that must be mended, those of
    ``needed`` that are empty among them."""
    judge, found, errors = _judges(location), {}, {}
    for name, raw in given.items():
        if name not in FIELDS:
            errors[name] = FieldError("unknown_field")
        elif raw is not None and not isinstance(raw, str):
            errors[name] = FieldError("not_text")
        else:
            value = "" if raw is None or text.blank(raw) else judge[name](raw)
            if isinstance(value, FieldError):
                errors[name] = value
            elif not value and name in needed:
                errors[name] = FieldError("required")
            else:
                found[name] = value or None
    return found, errors


def _judges(location: Location) -> dict[str, Callable[[str], str | FieldError]]:
    return {
        "name": lambda value: text.line(value, longest=100),
        "phone": partial(contacts.phone, region=location.country),
        "email": contacts.email,
        "company": lambda value: text.line(value, longest=120),
        "address": lambda value: text.line(value, longest=300),
    }
