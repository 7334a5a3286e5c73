"""``/api/v1/openapi.json``: what this door takes and gives."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from api import api
from api.paths import paths
from api.shapes import SCHEMAS

_KEYS = {
    "booking": {"type": "http", "scheme": "bearer", "description": "The token of one booking"},
    "staff": {"type": "http", "scheme": "bearer", "description": "A key that somebody of staff has made"},
}


def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Frontdesk", "version": "1", "description": "Book what a business offers."},
        "servers": [{"url": "/api/v1"}],
        "paths": paths(),
        "components": {"schemas": SCHEMAS, "securitySchemes": _KEYS},
    }


@api.get("/openapi.json")
def openapi() -> Response:
    """The document."""
    return jsonify(document())
