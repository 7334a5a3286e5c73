"""The small pages, and the language and zone that a visitor has chosen by hand."""

from __future__ import annotations

from flask import current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

import clock
from portal import portal
from web import frames
from web.locale import COOKIE, ZONE_COOKIE, customer_zone, exists, words, zones
from wire.wording import LOCALES


@portal.after_request
def _remember_language(response: Response) -> Response:
    """A language chosen by hand stays; the link itself changes nothing else."""
    wish = request.args.get("lang")
    if wish in LOCALES and not frames.inside():
        settings = current_app.config["SETTINGS"]
        response.set_cookie(COOKIE, wish, max_age=31536000, samesite="Lax", secure=settings.production, httponly=True)
    return response


@portal.get("/accessibility")
def accessibility() -> str:
    """How this portal can be used, and by whom one is helped."""
    say = words()
    return render_template(
        "portal/plain.html",
        title=say.gettext("Accessibility"),
        paragraphs=[
            say.gettext(
                "Every step works with the keyboard alone, with a screen reader, at twice the text size, and without scripts."
            ),
            say.gettext("Days say how many times are free, and errors are said aloud where they stand."),
            say.gettext("If something stands in your way, call or write to us: we book for you and mend it."),
        ],
        contact=True,
    )


@portal.get("/zone")
def zone() -> Response | str:
    """The customer's own zone, chosen by hand."""
    back = _own_path(request.args.get("back"))
    wish = request.args.get("tz")
    if wish and exists(wish):
        answer = redirect(back)
        answer.set_cookie(
            ZONE_COOKIE, wish, max_age=31536000, samesite="Lax", secure=current_app.config["SETTINGS"].production
        )
        return answer
    say, chosen = words(), customer_zone()
    return render_template(
        "portal/plain.html",
        title=say.gettext("Change my zone"),
        paragraphs=[say.gettext("Times are those of the place. Yours stand below them where they differ.")],
        zones=zones(say, clock.now(), chosen),
        chosen=chosen,
        back=back,
    )


def _own_path(value: str | None) -> str:
    """A path of the portal, or the start: never another host, whatever its spelling."""
    plain = (value or "").split("#")[0]
    odd = any(each in plain for each in ("\\", "\r", "\n", "\t", "//"))
    if plain.startswith(("/book/", "/b/")) and not odd:
        return plain
    return url_for("portal.services")
