"""What customers said of their visits: by service, by person, and one by one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import render_template, request, url_for

import clock
from backoffice import access
from backoffice.access import door
from backoffice.blueprint import desk
from models import feedback_queries
from models.base import db
from models.snapshot import catalogue
from rules.feedback import Marks
from web.locale import words
from wire.desk import shown
from wire.wording import n_

SINCE = {"30": n_("30 days"), "90": n_("90 days"), "365": n_("A year")}


@desk.get("/feedback")
@door("booking.see")
def feedback() -> str:
    """The stars of the visits that she sees, and the words of those whose answers she reads."""
    viewer, session, say, known = access.viewer(), db.session(), words(), catalogue(db.session())
    days = request.args.get("days", "") if request.args.get("days") in SINCE else "90"
    low = request.args.get("low") == "1"
    since = clock.now() - timedelta(days=int(days))
    services, people = (
        feedback_queries.by_service(session, viewer, since),
        feedback_queries.by_person(session, viewer, since),
    )
    return render_template(
        "backoffice/feedback.html",
        days=days,
        low=low,
        periods=[
            (key, say.gettext(text), url_for("desk.feedback", days=key, low=low or None)) for key, text in SINCE.items()
        ],
        tables=[
            (
                say.gettext("Services"),
                [_line(say.text(known.service_by_id[id].name), each) for id, each in services.items()],
            ),
            (
                say.gettext("People"),
                [_line(say.text(known.resource_by_id[id].name), each) for id, each in people.items()],
            ),
        ],
        asked=any(each.feedback for each in known.services.values()),
        latest=[_one(view, said) for view, said in feedback_queries.latest(session, viewer, since, low=low)],
    )


def _line(name: str, marks: Marks) -> dict[str, str]:
    say = words()
    return {
        "name": name,
        "average": say.number(marks.average) if marks.average is not None else say.gettext("too few to say"),
        "answers": say.number(marks.answers),
        "low": say.number(marks.low),
    }


def _one(view: Any, said: Any) -> dict[str, Any]:
    say, known = words(), catalogue(db.session())
    seen = shown(access.viewer(), view)
    services = {each.slug: each for each in known.service_by_id.values()}
    people = [say.text(each.name) for each in known.resource_by_id.values() if each.slug in view.staff]
    return {
        "href": url_for("desk.booking", reference=view.reference),
        "stars": said.stars,
        "stars_said": say.gettext("%(n)s of 5 stars", n=say.number(said.stars)),
        "words": (said.words or "") if seen.reads("answers") else "",
        "hidden": bool(said.words) and not seen.reads("answers"),
        "name": seen.view.name,
        "what": say.text(services[view.service].name),
        "people": say.listed(people),
        "when": say.day_and_time(view.start.astimezone(ZoneInfo(view.zone))),
    }
