"""``/api/v1/openapi.json``: what this door takes and gives, kept beside the code that does it."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from api import api

_INSTANT = {"type": "string", "format": "date-time", "examples": ["2026-12-03T08:40:00+01:00"]}
_SLUG = {"type": "string", "minLength": 1, "maxLength": 60}
_SEATS = {"type": "integer", "minimum": 1, "maximum": 1000}
_DURATION = {
    "oneOf": [{"type": "integer", "minimum": 1, "maximum": 999999}, {"type": "string", "pattern": "^[0-9]{1,6}d?$"}]
}
_RESOURCE = {"oneOf": [_SLUG, {"type": "array", "items": _SLUG, "maxItems": 10}]}
_KEY = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$"}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


_PROBLEM = {
    "description": "Refused, with its reason",
    "content": {"application/problem+json": {"schema": _ref("Problem")}},
}


def _answers(good: dict[str, Any], *statuses: int) -> dict[str, Any]:
    return {**good, **{str(status): _PROBLEM for status in (400, *statuses, 429, 500, 503)}}


def _body(name: str) -> dict[str, Any]:
    return {"required": True, **_json(_ref(name))}


def _header(name: str, required: bool) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": required, "schema": _KEY}


def _query(name: str, schema: dict[str, Any], about: str, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": required, "description": about, "schema": schema}


def _path(name: str, about: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": about,
        "schema": {"type": "string", "minLength": 1},
    }


def _object(properties: dict[str, Any], *required: str, closed: bool = True) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": not closed}


_SLOT_FIELDS = {
    "service": _SLUG,
    "start": _INSTANT,
    "location": _SLUG,
    "duration": _DURATION,
    "resource": _RESOURCE,
    "seats": _SEATS,
}
_CUSTOMER = _object(
    {
        "name": {"type": "string", "minLength": 1, "maxLength": 100},
        "phone": {"type": "string", "maxLength": 40},
        "email": {"type": "string", "maxLength": 254},
        "company": {"type": "string", "maxLength": 120},
    },
    "name",
)
_BOOKING_EXTRAS = {
    "customer": _CUSTOMER,
    "answers": {"type": "object"},
    "locale": {"enum": ["en", "zh"]},
    "timezone": {"type": "string"},
    "source": {"type": "string", "maxLength": 40},
}

SCHEMAS: dict[str, Any] = {
    "Problem": _object(
        {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "code": {"type": "string"},
            "detail": {"type": "string"},
            "errors": {
                "type": "object",
                "additionalProperties": _object(
                    {"code": {"type": "string"}, "detail": {"type": "string"}}, "code", "detail"
                ),
            },
            "alternatives": {"type": "array", "items": _ref("Alternative")},
            "revision": {"type": "integer"},
            "booking": {"type": "object"},
            "retry_after": {"type": "integer"},
        },
        "title",
        "status",
        "code",
    ),
    "Alternative": _object(
        {"start": _INSTANT, "end": _INSTANT, "resources": {"type": "array", "items": _SLUG}},
        "start",
        "end",
        "resources",
    ),
    "Service": _object(
        {
            "slug": _SLUG,
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
            "locations": {"type": "array", "items": _SLUG},
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
    "Services": _object({"services": {"type": "array", "items": _ref("Service")}}, "services"),
    "Slot": _object(
        {
            "start": _INSTANT,
            "end": _INSTANT,
            "seats_left": {"type": "integer"},
            "resources": {"type": "array", "items": _SLUG},
            "available": {"type": "boolean"},
            "reason": {"enum": ["taken", "full", "closed", "too_soon", "too_far", "limit"]},
        },
        "start",
        "end",
        "seats_left",
        "resources",
    ),
    "Slots": _object(
        {
            "service": _SLUG,
            "location": _SLUG,
            "timezone": {"type": "string"},
            "slots": {"type": "array", "items": _ref("Slot")},
        },
        "service",
        "location",
        "timezone",
        "slots",
    ),
    "HoldRequest": _object({**_SLOT_FIELDS, "replaces": {"type": "string", "maxLength": 100}}, "service", "start"),
    "Hold": _object(
        {
            "hold": {"type": "string"},
            "expires_at": _INSTANT,
            "start": _INSTANT,
            "end": _INSTANT,
            "resources": {"type": "array", "items": _SLUG},
        },
        "hold",
        "expires_at",
        "start",
        "end",
        "resources",
    ),
    "BookingRequest": {
        "oneOf": [
            _object({"hold": {"type": "string", "maxLength": 100}, **_BOOKING_EXTRAS}, "hold", "customer"),
            _object({**_SLOT_FIELDS, **_BOOKING_EXTRAS}, "service", "start", "customer"),
        ]
    },
    "Booking": _object(
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
            "service": _SLUG,
            "location": _SLUG,
            "start": _INSTANT,
            "end": _INSTANT,
            "resources": {"type": "array", "items": _SLUG},
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
    "RescheduleRequest": _object(
        {
            "start": _INSTANT,
            "duration": _DURATION,
            "resource": _RESOURCE,
            "revision": {"type": "integer", "minimum": 0, "maximum": 10**9},
        },
        "start",
    ),
    "CancelRequest": _object(
        {
            "reason": {"type": "string", "maxLength": 200},
            "revision": {"type": "integer", "minimum": 0, "maximum": 10**9},
        }
    ),
}

_BEARER: list[dict[str, list[str]]] = [{"booking": []}]


def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    booking = {"200": {"description": "The booking as it now is", **_json(_ref("Booking"))}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Frontdesk", "version": "1", "description": "Book what a business offers."},
        "servers": [{"url": "/api/v1"}],
        "paths": {
            "/services": {
                "get": {
                    "operationId": "services",
                    "summary": "What can be booked",
                    "responses": _answers(
                        {"200": {"description": "The public services", **_json(_ref("Services"))}}, 422
                    ),
                }
            },
            "/services/{slug}/slots": {
                "get": {
                    "operationId": "slots",
                    "summary": "When it can be booked",
                    "parameters": [
                        _path("slug", "The service"),
                        _query("from", {"type": "string", "format": "date"}, "First local date; today by default"),
                        _query(
                            "to", {"type": "string", "format": "date"}, "Last local date, included; 62 days at most"
                        ),
                        _query("location", _SLUG, "Required when the service is offered at several"),
                        _query("duration", {"type": "string", "pattern": "^[0-9]{1,6}d?$"}, "Minutes, or days as 2d"),
                        _query(
                            "resource", {"type": "array", "items": _SLUG, "maxItems": 10}, "Whom the customer chooses"
                        ),
                        _query("seats", _SEATS, "Places wanted"),
                        _query("timezone", {"type": "string"}, "Changes the rendered offsets only"),
                        _query("include", {"enum": ["taken"]}, "The other starts inside opening hours too"),
                    ],
                    "responses": _answers(
                        {
                            "200": {"description": "Earliest first", **_json(_ref("Slots"))},
                            "304": {"description": "Unchanged"},
                        },
                        404,
                        422,
                    ),
                }
            },
            "/holds": {
                "post": {
                    "operationId": "hold",
                    "summary": "Keep a time for some minutes",
                    "parameters": [_header("Idempotency-Key", False)],
                    "requestBody": _body("HoldRequest"),
                    "responses": _answers(
                        {"201": {"description": "Held", **_json(_ref("Hold"))}}, 404, 409, 413, 415, 422
                    ),
                }
            },
            "/holds/{hold}": {
                "delete": {
                    "operationId": "release",
                    "summary": "Let it go",
                    "parameters": [_path("hold", "The secret of the hold")],
                    "responses": _answers({"204": {"description": "Let go, now or before"}}, 404),
                }
            },
            "/bookings": {
                "post": {
                    "operationId": "book",
                    "summary": "Book a hold or a free time",
                    "parameters": [_header("Idempotency-Key", True)],
                    "requestBody": _body("BookingRequest"),
                    "responses": _answers(
                        {"201": {"description": "Booked, or requested", **_json(_ref("Booking"))}},
                        404,
                        409,
                        413,
                        415,
                        422,
                    ),
                }
            },
            "/bookings/{reference}": {
                "get": {
                    "operationId": "booking",
                    "summary": "One booking",
                    "security": _BEARER,
                    "parameters": [_path("reference", "The reference")],
                    "responses": _answers(booking, 404),
                }
            },
            "/bookings/{reference}/reschedule": {
                "post": {
                    "operationId": "reschedule",
                    "summary": "Move it in one step",
                    "security": _BEARER,
                    "parameters": [_path("reference", "The reference"), _header("Idempotency-Key", False)],
                    "requestBody": _body("RescheduleRequest"),
                    "responses": _answers(booking, 404, 409, 413, 415, 422),
                }
            },
            "/bookings/{reference}/cancel": {
                "post": {
                    "operationId": "cancel",
                    "summary": "Cancel it",
                    "security": _BEARER,
                    "parameters": [_path("reference", "The reference"), _header("Idempotency-Key", False)],
                    "requestBody": _body("CancelRequest"),
                    "responses": _answers(booking, 404, 409, 413, 415, 422),
                }
            },
        },
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {
                "booking": {"type": "http", "scheme": "bearer", "description": "The token of one booking"}
            },
        },
    }


@api.get("/openapi.json")
def openapi() -> Response:
    """The document."""
    return jsonify(document())
