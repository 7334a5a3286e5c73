"""What stands around every page of the desk: who is signed in, the rooms that she may enter, what waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from flask import g, render_template, request, session, url_for

import clock
from backoffice import desk
from backoffice.access import SIGNED_IN, door, set_up
from backoffice.guide import help_here
from models import desk_queries
from models.base import db
from rules.rights import Viewer
from web.locale import words
from wire.wording import n_


@dataclass(frozen=True, slots=True)
class Room:
    """One entry of the side bar. ``key`` goes there after ``g``; ``count`` is what waits in it."""

    name: str
    endpoint: str
    icon: str
    key: str
    action: str
    group: str = ""
    values: tuple[tuple[str, str], ...] = ()


ROOMS = (
    Room(n_("Today"), "desk.today", "sun", "t", "booking.see"),
    Room(n_("Requests"), "desk.requests", "inbox", "r", "booking.decide"),
    Room(n_("Book"), "desk.telephone", "plus", "b", "booking.create"),
    Room(n_("Diary"), "desk.diary", "calendar", "d", "booking.see"),
    Room(n_("Customers"), "desk.customers", "person", "c", "customer.see"),
    Room(n_("Out sick, out of order"), "desk.out", "away", "o", "outage.handle"),
    Room(n_("Figures"), "desk.figures", "chart", "f", "figures.see"),
    Room(n_("Feedback"), "desk.feedback", "star", "k", "booking.see"),
    Room(n_("The business"), "desk.setup", "home", "v", "business.write", "setup", (("room", "business"),)),
    Room(n_("Places"), "desk.setup", "pin", "j", "business.write", "setup", (("room", "places"),)),
    Room(n_("People and things"), "desk.setup", "person", "w", "business.write", "setup", (("room", "things"),)),
    Room(n_("Services"), "desk.services", "ticket", "s", "business.write", "setup"),
    Room(n_("Links and signs"), "desk.signs", "globe", "l", "booking.see", "setup"),
    Room(n_("People and rights"), "desk.people", "people", "p", "staff.see", "setup"),
    Room(n_("Import"), "desk.imports", "download", "i", "import", "setup"),
    Room(n_("Export"), "desk.exports", "download", "e", "export", "setup"),
    Room(n_("History"), "desk.history", "history", "h", "history.see", "setup"),
)
# The one room of a house that has no business yet.
FIRST = Room(n_("The first hour"), "desk.start", "sun", "t", "business.write")
ROLES = {
    "owner": n_("Owner"),
    "manager": n_("Manager"),
    "front_desk": n_("Front desk"),
    "staff": n_("Staff"),
    "auditor": n_("Auditor"),
}


def frame() -> dict[str, Any]:
    """The values of the layout."""
    viewer: Viewer | None = g.get("viewer")
    if viewer is None:
        return {"viewer": None, "look": None}
    house = set_up()
    decides = house and viewer.may("booking.decide")
    waiting = desk_queries.waiting(db.session(), viewer, clock.now()) if decides else 0
    rooms = [
        {
            "name": words().gettext(room.name),
            "href": url_for(room.endpoint, **cast(Any, dict(room.values))),
            "icon": room.icon,
            "key": room.key,
            "here": _here(room),
            "count": waiting if room.endpoint == "desk.requests" else 0,
            "group": room.group,
        }
        for room in (ROOMS if house else (FIRST,))
        if viewer.may(room.action)
    ]
    return {
        "viewer": viewer,
        "look": g.account.appearance,
        "rooms": rooms,
        "help": help_here(),
        "role": words().gettext(ROLES[viewer.role]),
        "initials": initials(viewer.name),
        "toast": _toast(),
        "stamp": clock.now().strftime("%Y%m%d%H%M"),
    }


def _here(room: Room) -> bool:
    """True on a page of the room."""
    values = request.view_args or {}
    endpoint = (request.endpoint or "").replace("desk.do_", "desk.")
    return endpoint.split("_")[0] == room.endpoint and all(values.get(name) == each for name, each in room.values)


def _toast() -> dict[str, str] | None:
    """What the step before said; its Undo as long as it can be taken back."""
    if request.headers.get("X-Part"):
        # Kept for the page around it.
        return None
    found: dict[str, str] | None = session.pop("toast", None)
    if found and found["until"] and datetime.fromisoformat(found["until"]) <= clock.now():
        found["reference"] = ""
    return found


@desk.get("/more")
@door(SIGNED_IN)
def more() -> str:
    """Every room, for phones."""
    return render_template("backoffice/more.html")


def initials(name: str) -> str:
    """``ML``; one character of a Chinese name."""
    parts = name.split()
    found = parts[0][:1] + (parts[-1][:1] if len(parts) > 1 else "")
    return found.upper()
