"""The fields of a form that somebody is still filling in: what sending would say of them, before it is sent."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response, g, make_response, render_template, request

# More fields than any form has.
_MOST = 100


def said(wrong: Mapping[str, str]) -> Response:
    """The sentences of the fields that ``field`` asks for, as ``static/js/fields.js`` reads them; no content where all of them
    can be used as they are. ``wrong`` has a sentence per field of the form that has to be mended."""
    g.asked_beside = True
    asked = dict.fromkeys(request.form.getlist("field")[:_MOST])
    found = [(name, wrong[name]) for name in asked if name in wrong]
    if not found:
        return Response(status=204)
    return make_response(render_template("web/said.html", said=found))
