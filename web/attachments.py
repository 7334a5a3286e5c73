"""Files of customers, sent out so that nothing in them can run."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import current_app, send_file
from werkzeug.wrappers import Response

from actions import attachments
from models.bookings import BookingView
from rules import errors
from rules.attachments import KINDS, PICTURES, clean_name

# Nothing of it loads, runs or belongs to our pages, even where a browser shows it.
SANDBOX = "default-src 'none'; sandbox"


def folder() -> Path:
    """Where they are kept."""
    found: Path = current_app.config["SETTINGS"].answers
    return found


def sent(booking: BookingView, key: str) -> Response:
    """The file that answers a question: a picture to look at, everything else to save. Raises Missing."""
    answer: Any = booking.answers.get(key)
    path = attachments.path_of(folder(), booking.id, answer)
    if path is None or not isinstance(answer, Mapping) or answer.get("type") not in KINDS:
        raise errors.Missing
    kind = str(answer["type"])
    try:
        data = path.read_bytes()
    except OSError as error:
        raise errors.Missing from error
    reply = send_file(
        io.BytesIO(data),
        mimetype=KINDS[kind],
        as_attachment=kind not in PICTURES,
        download_name=clean_name(str(answer["name"]), kind),
        max_age=0,
    )
    reply.headers["Content-Security-Policy"] = SANDBOX
    reply.headers["X-Content-Type-Options"] = "nosniff"
    reply.headers["Cache-Control"] = "private, no-store"
    return reply
