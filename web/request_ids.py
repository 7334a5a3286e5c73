"""A number for each request: history keeps it beside what the request did, and the answer carries it."""

from __future__ import annotations

import secrets

from flask import Flask, Response, g

from models.base import REQUEST, db

HEADER = "X-Request-Id"


def number(app: Flask) -> None:
    """Numbers every request by itself; what a caller says of it is not believed."""

    @app.before_request
    def _number() -> None:
        g.request_id = db.session().info[REQUEST] = secrets.token_hex(8)

    @app.after_request
    def _say(response: Response) -> Response:
        if "request_id" in g:
            response.headers[HEADER] = g.request_id
        return response
