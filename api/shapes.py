"""The shapes of what this door takes and gives, and how they are written down."""

from __future__ import annotations

from typing import Any

from rules.consents import PURPOSES

INSTANT = {"type": "string", "format": "date-time", "examples": ["2026-12-03T08:40:00+01:00"]}
SLUG = {"type": "string", "minLength": 1, "maxLength": 60}
SEATS = {"type": "integer", "minimum": 1, "maximum": 1000}
DURATION = {
    "oneOf": [{"type": "integer", "minimum": 1, "maximum": 999999}, {"type": "string", "pattern": "^[0-9]{1,6}d?$"}]
}
RESOURCE = {"oneOf": [SLUG, {"type": "array", "items": SLUG, "maxItems": 10}]}
KEY = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$"}


def ref(name: str) -> dict[str, str]:
    """A schema, by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def content(schema: dict[str, Any]) -> dict[str, Any]:
    """A body in JSON."""
    return {"content": {"application/json": {"schema": schema}}}


PROBLEM = {
    "description": "Refused, with its reason",
    "content": {"application/problem+json": {"schema": ref("Problem")}},
}


def answers(good: dict[str, Any], *statuses: int) -> dict[str, Any]:
    """The answers of an operation: what it gives, and the problems with these statuses and the usual ones."""
    return {**good, **{str(status): PROBLEM for status in (400, *statuses, 429, 500, 503)}}


def body(name: str) -> dict[str, Any]:
    """What has to be sent, by the name of its schema."""
    return {"required": True, **content(ref(name))}


def in_header(name: str, required: bool) -> dict[str, Any]:
    """A header of a request."""
    return {"name": name, "in": "header", "required": required, "schema": KEY}


def in_query(name: str, schema: dict[str, Any], about: str, required: bool = False) -> dict[str, Any]:
    """A part of the query."""
    return {"name": name, "in": "query", "required": required, "description": about, "schema": schema}


def in_path(name: str, about: str) -> dict[str, Any]:
    """A part of the address."""
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": about,
        "schema": {"type": "string", "minLength": 1},
    }


def shape(properties: dict[str, Any], *required: str, closed: bool = True) -> dict[str, Any]:
    """An object; ``closed``: with nothing else in it."""
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": not closed}


SLOT_FIELDS = {
    "service": SLUG,
    "start": INSTANT,
    "location": SLUG,
    "duration": DURATION,
    "resource": RESOURCE,
    "seats": SEATS,
}
CUSTOMER = shape(
    {
        "name": {"type": "string", "minLength": 1, "maxLength": 100},
        "phone": {"type": "string", "maxLength": 40},
        "email": {"type": "string", "maxLength": 254},
        "company": {"type": "string", "maxLength": 120},
        "address": {"type": "string", "maxLength": 300},
    },
    "name",
)
BOOKING_EXTRAS = {
    "customer": CUSTOMER,
    "answers": {"type": "object"},
    "consent": shape({purpose: {"type": "integer", "minimum": 1} for purpose in PURPOSES}),
    "locale": {"enum": ["en", "zh"]},
    "timezone": {"type": "string"},
    "source": {"type": "string", "maxLength": 40},
}

SCHEMAS: dict[str, Any] = {
    "Problem": shape(
        {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "code": {"type": "string"},
            "detail": {"type": "string"},
            "errors": {
                "type": "object",
                "additionalProperties": shape(
                    {"code": {"type": "string"}, "detail": {"type": "string"}}, "code", "detail"
                ),
            },
            "alternatives": {"type": "array", "items": ref("Alternative")},
            "revision": {"type": "integer"},
            "booking": {"type": "object"},
            "retry_after": {"type": "integer"},
        },
        "title",
        "status",
        "code",
    ),
    "Alternative": shape(
        {"start": INSTANT, "end": INSTANT, "resources": {"type": "array", "items": SLUG}},
        "start",
        "end",
        "resources",
    ),
    "Service": shape(
        {
            "slug": SLUG,
            "name": {"type": "string"},
            "description": {"type": ["string", "null"]},
            "group": {"type": ["string", "null"]},
            "durations": {"type": "array", "items": {"type": ["integer", "string"]}},
            "price": {"type": ["string", "null"]},
            "currency": {"type": "string"},
            "price_per": {"enum": ["booking", "seat", "hour", "day"]},
            "seats": {"type": "integer"},
            "approval": {"type": "boolean"},
            "place": {"enum": ["here", "customer", "phone", "online"]},
            "locations": {"type": "array", "items": SLUG},
            "questions": {"type": "array", "items": {"type": "object"}},
        },
        "slug",
        "name",
        "durations",
        "currency",
        "seats",
        "approval",
        "place",
        "locations",
        "questions",
    ),
    "Consent": shape(
        {
            "purpose": {"enum": list(PURPOSES)},
            "id": {"type": "integer"},
            "text": {"type": "string"},
            "needed": {"type": "boolean"},
        },
        "purpose",
        "id",
        "text",
        "needed",
    ),
    "Services": shape(
        {
            "services": {"type": "array", "items": ref("Service")},
            "consent": {"type": "array", "items": ref("Consent")},
        },
        "services",
        "consent",
    ),
    "Slot": shape(
        {
            "start": INSTANT,
            "end": INSTANT,
            "seats_left": {"type": "integer"},
            "resources": {"type": "array", "items": SLUG},
            "available": {"type": "boolean"},
            "reason": {"enum": ["taken", "full", "closed", "too_soon", "too_far", "limit"]},
        },
        "start",
        "end",
        "seats_left",
        "resources",
    ),
    "Slots": shape(
        {
            "service": SLUG,
            "location": SLUG,
            "timezone": {"type": "string"},
            "slots": {"type": "array", "items": ref("Slot")},
        },
        "service",
        "location",
        "timezone",
        "slots",
    ),
    "HoldRequest": shape({**SLOT_FIELDS, "replaces": {"type": "string", "maxLength": 100}}, "service", "start"),
    "Hold": shape(
        {
            "hold": {"type": "string"},
            "expires_at": INSTANT,
            "start": INSTANT,
            "end": INSTANT,
            "resources": {"type": "array", "items": SLUG},
        },
        "hold",
        "expires_at",
        "start",
        "end",
        "resources",
    ),
    "BookingRequest": {
        "oneOf": [
            shape({"hold": {"type": "string", "maxLength": 100}, **BOOKING_EXTRAS}, "hold", "customer"),
            shape({**SLOT_FIELDS, **BOOKING_EXTRAS}, "service", "start", "customer"),
        ]
    },
    "Booking": shape(
        {
            "reference": {"type": "string"},
            "status": {
                "enum": [
                    "requested",
                    "confirmed",
                    "declined",
                    "expired",
                    "cancelled",
                    "arrived",
                    "completed",
                    "no_show",
                ]
            },
            "revision": {"type": "integer"},
            "service": SLUG,
            "location": SLUG,
            "start": INSTANT,
            "end": INSTANT,
            "resources": {"type": "array", "items": SLUG},
            "seats": {"type": "integer"},
            "manage_url": {"type": "string"},
            "token": {"type": "string"},
            "calendar_url": {"type": "string"},
        },
        "reference",
        "status",
        "revision",
        "service",
        "location",
        "start",
        "end",
        "resources",
        "seats",
    ),
    "RescheduleRequest": shape(
        {
            "start": INSTANT,
            "duration": DURATION,
            "resource": RESOURCE,
            "revision": {"type": "integer", "minimum": 0, "maximum": 10**9},
        },
        "start",
    ),
    "CancelRequest": shape(
        {
            "reason": {"type": "string", "maxLength": 200},
            "revision": {"type": "integer", "minimum": 0, "maximum": 10**9},
        }
    ),
}

BEARER: list[dict[str, list[str]]] = [{"booking": []}]
KEY_OF_STAFF: list[dict[str, list[str]]] = [{"staff": []}]
REVISION = {"type": "integer", "minimum": 0, "maximum": 10**9}
# What each step of staff may hold.
STEPS: dict[str, tuple[str, dict[str, Any]]] = {
    "approve": ("Confirm a request", shape({})),
    "decline": ("Decline a request", shape({"reason": {"type": "string", "maxLength": 200}})),
    "assign": (
        "Give it to somebody else",
        shape({"resource": SLUG, "instead_of": SLUG, "revision": REVISION}, "resource"),
    ),
    "arrive": ("The customer is here", shape({"revision": REVISION})),
    "complete": ("The visit is over", shape({"revision": REVISION})),
    "no-show": ("The customer did not come", shape({"revision": REVISION})),
}
SCHEMAS["StaffBooking"] = shape(
    {
        **{
            name: each
            for name, each in SCHEMAS["Booking"]["properties"].items()
            if not name.endswith("_url") and name != "token"
        },
        "customer": {"type": "object", "description": "What the key may read; masked values have stars"},
        "answers": {"type": "object"},
        "price": {"type": ["string", "null"]},
        "currency": {"type": "string"},
        "cancel_reason": {"type": ["string", "null"]},
        "source": {"type": ["string", "null"]},
        "created_at": INSTANT,
        "history": {"type": "array", "items": ref("Step")},
    },
    *SCHEMAS["Booking"]["required"],
    "customer",
    "created_at",
)
SCHEMAS["Step"] = shape(
    {
        "at": INSTANT,
        "action": {"type": "string"},
        "by": {"type": "string"},
        "before": {"type": "object"},
        "after": {"type": "object"},
        "reason": {"type": "string"},
    },
    "at",
    "action",
    "by",
)
SCHEMAS["StaffBookings"] = shape(
    {"bookings": {"type": "array", "items": ref("StaffBooking")}, "next": {"type": ["string", "null"]}},
    "bookings",
    "next",
)
