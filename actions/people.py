"""What a customer typed about herself, judged field by field before anything is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from actions import contacts
from actions.customers import Person
from rules import questions, text
from rules.errors import FieldError, Invalid
from rules.facts import Catalogue, Location, Service

FIELDS = ("name", "phone", "email", "company")


def asked_of(known: Catalogue, service: Service) -> dict[str, str]:
    """For phone, email and company: ``required``, ``optional`` or ``hidden``, from the service and the business."""
    asks = {"phone": "optional", "email": "optional", "company": "hidden", **service.ask}
    for field in known.business.require:
        asks[field] = "required"
    return asks


def checked(
    known: Catalogue,
    service: Service,
    location: Location,
    customer: Mapping[str, Any],
    answers: Mapping[str, Any],
) -> tuple[Person, dict[str, Any]]:
    """The person and the typed answers. Raises Invalid with every error at once: ``customer.phone``, ``answers.people``."""
    errors: dict[str, FieldError] = {
        f"customer.{key}": FieldError("unknown_field") for key in customer if key not in FIELDS
    }
    asks = asked_of(known, service)
    judge: dict[str, Callable[[str], str | FieldError]] = {
        "name": lambda value: text.line(value, longest=100),
        "phone": partial(contacts.phone, region=location.country),
        "email": contacts.email,
        "company": lambda value: text.line(value, longest=120),
    }
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
    if contactless and not errors.keys() & {"customer.phone", "customer.email"}:
        errors["customer.phone" if asks["phone"] != "hidden" else "customer.email"] = FieldError("contact_required")
    typed, wrong = questions.validate(
        service.questions, answers, phone=partial(contacts.phone, region=location.country), email=contacts.email
    )
    errors.update({f"answers.{key}": error for key, error in wrong.items()})
    if errors:
        raise Invalid(errors=errors)
    person = Person(str(found["name"]), found.get("phone"), found.get("email"), found.get("company"))
    return person, typed
