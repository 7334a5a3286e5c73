"""Large files at the desk: asking for one, seeing it become ready, fetching it within its hour."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app, make_response, redirect, render_template, request, send_file, session, url_for
from werkzeug.wrappers import Response as AnyResponse

import clock
from actions import exports as acts
from backoffice import access
from backoffice.access import door
from backoffice.blueprint import desk
from backoffice.figures_files import FORMS
from models.base import db
from rules.errors import LimitReached
from web import limits
from web.locale import here, words
from wire.wording import n_

WHAT = {"bookings": n_("Bookings"), "customers": n_("Customers")}
STATES = {"waiting": n_("Being made"), "ready": n_("Ready"), "failed": n_("Could not be made")}


def _own() -> str:
    return f"export:{access.viewer().id}"


@desk.get("/exports")
@door("export")
def exports() -> AnyResponse:
    """One's own files, and the form for one of the customers."""
    return _page()


def _page(wrong: str = "", status: int = 200) -> AnyResponse:
    now = clock.now()
    files = [_line(each, now) for each in acts.of(db.session(), access.viewer())]
    page = render_template(
        "backoffice/exports.html",
        files=[each for each in files if each["open"]],
        waits=any(each["state"] == "waiting" for each in files),
        wrong=wrong,
        done=session.pop("done", None),
    )
    return make_response(page, status)


def _line(file: Any, now: datetime) -> dict[str, Any]:
    say, zone = words(), ZoneInfo(here())
    return {
        "href": url_for("desk.export_file", id=file.id),
        "what": say.gettext(WHAT[file.what]),
        "form": {"xlsx": "Excel", "csv": "CSV"}[file.form],
        "state": file.state,
        "said": say.gettext(STATES[file.state]),
        "chip": {"ready": "confirmed", "failed": "cancelled"}.get(file.state, "held"),
        "rows": say.number(file.rows),
        "until": say.time(file.ends_at.astimezone(zone)) if file.ends_at else "",
        "asked": say.day_and_time(file.created_at.astimezone(zone)),
        "open": file.ends_at is None or now < file.ends_at,
    }


@desk.post("/exports")
@door("export")
@limits.limiter.limit(limits.EXPORTS, key_func=_own)
def do_export_customers() -> AnyResponse:
    """Has a file of the customers made."""
    try:
        acts.ask(
            what="customers",
            form=request.form.get("form", ""),
            asked={},
            locale=words().locale,
            by=access.viewer(),
            now=clock.now(),
        )
    except LimitReached:
        return _page(words().gettext("Several of your files are being made already. Wait for one of them."), 409)
    session["done"] = words().gettext("The file is being made. It appears here.")
    return redirect(url_for("desk.exports"), 303)


@desk.get("/exports/<int:id>")
@door("export")
def export_file(id: int) -> AnyResponse:
    """The file itself: to whoever asked for it, with the rights that she had then, within an hour."""
    folder = current_app.config["SETTINGS"].exports
    file, path = acts.fetch(id=id, folder=folder, at=request.path, by=access.viewer(), now=clock.now())
    answer = send_file(
        path, mimetype=FORMS[file.form][1], as_attachment=True, download_name=f"{file.what}-{id}.{file.form}"
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer
