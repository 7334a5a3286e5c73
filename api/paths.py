"""What can be asked of each address of this door, and what it answers."""

from __future__ import annotations

from typing import Any

from api.shapes import (
    BEARER,
    KEY_OF_STAFF,
    SCHEMAS,
    SEATS,
    SLUG,
    STEPS,
    answers,
    body,
    content,
    in_header,
    in_path,
    in_query,
    ref,
)


def paths() -> dict[str, Any]:
    """Every address with its operations."""
    return {**_looking(), **_holding(), **_steps(), **_booking(), **_changing()}


def _looking() -> dict[str, Any]:
    """What can be booked, and when."""
    return {
        "/services": {
            "get": {
                "operationId": "services",
                "summary": "What can be booked",
                "responses": answers({"200": {"description": "The public services", **content(ref("Services"))}}, 422),
            }
        },
        "/services/{slug}/slots": {
            "get": {
                "operationId": "slots",
                "summary": "When it can be booked",
                "parameters": [
                    in_path("slug", "The service"),
                    in_query("from", {"type": "string", "format": "date"}, "First local date; today by default"),
                    in_query("to", {"type": "string", "format": "date"}, "Last local date, included; 62 days at most"),
                    in_query("location", SLUG, "Required when the service is offered at several"),
                    in_query("duration", {"type": "string", "pattern": "^[0-9]{1,6}d?$"}, "Minutes, or days as 2d"),
                    in_query("resource", {"type": "array", "items": SLUG, "maxItems": 10}, "Whom the customer chooses"),
                    in_query("seats", SEATS, "Places wanted"),
                    in_query("timezone", {"type": "string"}, "Changes the rendered offsets only"),
                    in_query("include", {"enum": ["taken"]}, "The other starts inside opening hours too"),
                ],
                "responses": answers(
                    {
                        "200": {"description": "Earliest first", **content(ref("Slots"))},
                        "304": {"description": "Unchanged"},
                    },
                    404,
                    422,
                ),
            }
        },
    }


def _holding() -> dict[str, Any]:
    """Keeping a time, and letting it go."""
    return {
        "/holds": {
            "post": {
                "operationId": "hold",
                "summary": "Keep a time for some minutes",
                "parameters": [in_header("Idempotency-Key", False)],
                "requestBody": body("HoldRequest"),
                "responses": answers({"201": {"description": "Held", **content(ref("Hold"))}}, 404, 409, 413, 415, 422),
            }
        },
        "/holds/{hold}": {
            "delete": {
                "operationId": "release",
                "summary": "Let it go",
                "parameters": [in_path("hold", "The secret of the hold")],
                "responses": answers({"204": {"description": "Let go, now or before"}}, 404),
            }
        },
    }


def _booking() -> dict[str, Any]:
    """Booking, and reading what is booked."""
    return {
        "/bookings": {
            "get": _list(),
            "post": {
                "operationId": "book",
                "summary": "Book a hold or a free time",
                "parameters": [in_header("Idempotency-Key", True)],
                "requestBody": body("BookingRequest"),
                "responses": answers(
                    {"201": {"description": "Booked, or requested", **content(ref("Booking"))}},
                    404,
                    409,
                    413,
                    415,
                    422,
                ),
            },
        },
        "/bookings/{reference}": {
            "get": {
                "operationId": "booking",
                "summary": "One booking",
                "security": [*BEARER, *KEY_OF_STAFF],
                "parameters": [in_path("reference", "The reference")],
                "responses": answers(
                    {
                        "200": {
                            "description": "The booking; with a key of staff as that may read it",
                            **content({"anyOf": [ref("Booking"), ref("StaffBooking")]}),
                        }
                    },
                    401,
                    403,
                    404,
                ),
            }
        },
    }


def _changing() -> dict[str, Any]:
    """Moving and cancelling by the token of the booking."""
    booking = {"200": {"description": "The booking as it now is", **content(ref("Booking"))}}
    return {
        "/bookings/{reference}/reschedule": {
            "post": {
                "operationId": "reschedule",
                "summary": "Move it in one step",
                "security": BEARER,
                "parameters": [in_path("reference", "The reference"), in_header("Idempotency-Key", False)],
                "requestBody": body("RescheduleRequest"),
                "responses": answers(booking, 404, 409, 413, 415, 422),
            }
        },
        "/bookings/{reference}/cancel": {
            "post": {
                "operationId": "cancel",
                "summary": "Cancel it",
                "security": BEARER,
                "parameters": [in_path("reference", "The reference"), in_header("Idempotency-Key", False)],
                "requestBody": body("CancelRequest"),
                "responses": answers(booking, 404, 409, 413, 415, 422),
            }
        },
    }


def _steps() -> dict[str, Any]:
    """The paths of the steps of staff."""
    told = answers(
        {"200": {"description": "The booking as it now is", **content(ref("StaffBooking"))}},
        401, 403, 404, 409, 413, 415, 422,
    )  # fmt: skip
    return {
        f"/bookings/{{reference}}/{name}": {
            "post": {
                "operationId": name,
                "summary": summary,
                "security": KEY_OF_STAFF,
                "parameters": [in_path("reference", "The reference"), in_header("Idempotency-Key", False)],
                "requestBody": {"required": "resource" in holds["properties"], **content(holds)},
                "responses": told,
            }
        }
        for name, (summary, holds) in STEPS.items()
    }


def _list() -> dict[str, Any]:
    """The list of bookings of staff."""
    states = SCHEMAS["Booking"]["properties"]["status"]["enum"]
    return {
        "operationId": "bookings",
        "summary": "Bookings that begin in some days, earliest first",
        "security": KEY_OF_STAFF,
        "parameters": [
            in_query("from", {"type": "string", "format": "date"}, "First local date of the house; today by default"),
            in_query("to", {"type": "string", "format": "date"}, "Last one, included; 366 days at most"),
            in_query("status", {"type": "array", "items": {"enum": states}}, "One or several"),
            in_query("resource", SLUG, "A person, room or thing that they take"),
            in_query("service", SLUG, "The service"),
            in_query(
                "q",
                {"type": "string", "maxLength": 100},
                "A reference, or part of a name or contact that the key may read",
            ),
            in_query("cursor", {"type": "string"}, "What `next` said"),
        ],
        "responses": answers({"200": {"description": "A page", **content(ref("StaffBookings"))}}, 401, 403, 404, 422),
    }
