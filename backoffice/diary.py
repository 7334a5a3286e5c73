"""The diary: what is booked, by person and thing, as a day, a week, a month or a list."""

from __future__ import annotations

from flask import jsonify, make_response, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from backoffice.access import door
from backoffice.blueprint import desk
from backoffice.diary_look import Look
from web.locale import words


@desk.get("/diary")
@door("booking.see")
def diary() -> AnyResponse:
    """The page; as a part only what changes in it."""
    looked = Look()
    values = looked.values()
    page = render_template(f"backoffice/{'diary_part' if request.headers.get('X-Part') else 'diary'}.html", **values)
    answer = make_response(page)
    answer.headers["X-Version"] = values["version"]
    return answer


@desk.get("/diary/version")
@door("booking.see")
def diary_version() -> AnyResponse:
    """A text that changes with what the same address of the diary shows, and what time it is."""
    looked = Look()
    return jsonify(version=looked.version(), at=words().time(looked.now.astimezone(looked.zone)))
