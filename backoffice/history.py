"""Everything that anybody did, searched and told within one's rights."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import render_template, request, url_for

import clock
from backoffice import access
from backoffice.access import door
from backoffice.blueprint import desk
from backoffice.customer_look import CHANNELS
from backoffice.frame import ROLES
from backoffice.rights import ACTIONS, SWITCHES
from models import bookings, desk_queries, history_queries, staff_queries
from models.base import db
from models.history_queries import Row, Wanted
from models.snapshot import catalogue
from rules import consents, reference, rights
from web.fields import whole
from web.locale import here, words
from wire.desk import shown
from wire.happened import Happened, Names, Teller
from wire.happened_words import DONE, KINDS, PURPOSES
from wire.timeline import ACTORS, STEPS
from wire.wording import n_

WHO = {
    "customer": n_("customers"),
    "program": n_("programs"),
    "shell": n_("the shell"),
    "clock": n_("the clock"),
    "visitor": n_("somebody not signed in"),
}


@desk.get("/history")
@door("history.see")
def history() -> str:
    """One page of it, and where the older ones are."""
    viewer, wanted = access.viewer(), _wanted()
    rows, older = history_queries.page(db.session(), viewer, wanted)
    asked = {key: value for key, value in request.args.items() if key in _ASKED and value}
    say = words()
    return render_template(
        "backoffice/history.html",
        steps=_told(rows),
        asked=asked,
        older=f"{url_for('desk.history')}?{urlencode({**asked, 'before': older})}" if older else None,
        who=[(key, say.gettext(name)) for key, name in WHO.items()]
        + [(f"staff:{each.id}", each.name) for each in desk_queries.staff_names(db.session())],
        kinds=[(key, say.gettext(name)) for key, name in KINDS.items() if _may_ask(key)],
        actions=_actions(),
    )


_ASKED = ("who", "kind", "action", "from", "to", "q")


def _may_ask(kind: str) -> bool:
    return kind in ("booking", "block") or access.viewer().may("staff.see")


def _wanted() -> Wanted:
    text = _plain("q", 100)
    first, last = _day("from"), _day("to")
    before = request.args.get("before", "")
    return Wanted(
        actor=_plain("who", 40) or None,
        kind=request.args.get("kind") if request.args.get("kind") in KINDS else None,
        action=_plain("action", 40) or None,
        since=_midnight(first) if first else None,
        until=_midnight(last + timedelta(days=1)) if last else None,
        text=text,
        reference=reference.parse(text),
        before=whole(before, digits=17),
    )


def _plain(name: str, longest: int) -> str:
    # PostgreSQL keeps no NUL and takes none to look for.
    return request.args.get(name, "").replace("\0", "").strip()[:longest]


def _day(name: str) -> date | None:
    try:
        found = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return found if 1980 < found.year < 2200 else None


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(here()))


def _told(rows: list[Row]) -> list[Happened]:
    session, known, now = db.session(), catalogue(db.session()), clock.now()
    ids = {row.step.object_id for row in rows if row.step.object_kind == "booking"}
    views = bookings.many(session, bookings.columns().where(bookings.Booking.id.in_(ids))) if ids else []
    seen = {view.id: shown(access.viewer(), view) for view in views}
    told = {id: each.describe(known, words(), now=now) for id, each in seen.items()}
    teller = Teller(words(), _names(), zone=here(), now=now, addresses=access.viewer().may("staff.manage"))
    found = []
    for row in rows:
        id = row.step.object_id if row.step.object_kind == "booking" else 0
        found.append(teller.step(row.step, row.before, row.after, shown=seen.get(id), told=told.get(id)))
    return found


def _names() -> Names:
    say, known, session = words(), catalogue(db.session()), db.session()
    staff = {each.id: each.name for each in desk_queries.staff_names(session)}
    objects: dict[tuple[str, int], str] = {("business", 1): say.text(known.business.name)}
    for kind, things in (
        ("location", known.location_by_id),
        ("service", known.service_by_id),
        ("resource", known.resource_by_id),
    ):
        objects |= {(kind, id): say.text(each.name) for id, each in things.items()}
    objects |= {("consent", 1 + number): say.gettext(PURPOSES[each]) for number, each in enumerate(consents.PURPOSES)}
    objects |= {("staff", id): name for id, name in staff.items()}
    objects |= {("team", each.id): each.name for each in staff_queries.teams(session)}
    objects |= {("rights", number): say.gettext(ROLES[role]) for number, role in enumerate(rights.ROLES)}
    codes = {key: say.gettext(text) for key, text in (ROLES | ACTIONS).items()}
    codes |= {key: say.gettext(title) for key, (title, _) in SWITCHES.items()}
    codes |= {key: say.gettext(text) for key, text in CHANNELS.items()}
    codes |= {"figures": say.gettext("Figures"), "bookings": say.gettext("Bookings"), "xlsx": "Excel", "csv": "CSV"}
    codes |= {each.slug: say.text(each.name) for each in known.resource_by_id.values()}
    codes |= {each.slug: say.text(each.name) for each in known.location_by_id.values()}
    return Names({f"staff:{id}": name for id, name in staff.items()}, objects, codes)


def _actions() -> list[tuple[str, str]]:
    """What can be asked for, in words and in their order."""
    say, texts = words(), STEPS | (DONE if access.viewer().may("staff.see") else {})
    plain: dict[str, Any] = {"when": "…", "who": "…"}
    return sorted(((key, say.gettext(text, **plain)) for key, text in texts.items()), key=lambda each: each[1])


assert set(WHO) - {"visitor"} <= set(ACTORS)
