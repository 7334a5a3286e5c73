"""Keys for programs: making one, seeing when each was used, ending one."""

from __future__ import annotations

import secrets
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import current_app, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

import clock
from actions import keys as acts
from backoffice import access
from backoffice.access import door
from backoffice.blueprint import desk
from backoffice.rights import ACTIONS
from models import staff_queries
from models.base import db
from rules.errors import Invalid, LimitReached, Missing
from web.fields import whole
from web.locale import here, words
from wire.links import signs
from wire.wording import n_

LIVES = {30: n_("30 days"), 90: n_("90 days"), 365: n_("A year")}
# What programs can do so far; other rights would be carried for nothing.
USED = ("booking.see", "booking.change", "booking.decide", "history.see")


@desk.get("/account/keys")
@door("token.make", proof=True)
def account_keys() -> AnyResponse:
    """One's keys, and the form for another."""
    return _page()


def _page(
    wrong: dict[str, str] | None = None, secret: str = "", *, again: bool = False, status: int = 200
) -> AnyResponse:
    viewer, now = access.viewer(), clock.now()
    page = render_template(
        "backoffice/keys.html",
        keys=[
            (each, acts.lives(each, now), _at(each.expires_at), _at(each.last_used_at), _may(each.scopes["may"]))
            for each in staff_queries.tokens(db.session(), viewer.id)
        ],
        may=[(action, words().gettext(ACTIONS[action])) for action in USED if viewer.may(action)],
        lives=[(days, words().gettext(text)) for days, text in LIVES.items()],
        typed=request.form,
        ticked=request.form.getlist("may"),
        secret=secret,
        again=again,
        key=secrets.token_urlsafe(16),
        wrong=wrong or {},
    )
    return make_response(page, status)


def _may(actions: list[str] | None) -> str:
    say = words()
    return say.listed([say.gettext(ACTIONS[each]) for each in actions]) if actions is not None else ""


def _at(at: datetime | None) -> str:
    if at is None:
        return ""
    local = at.astimezone(ZoneInfo(here()))
    return words().day_and_time(local, today=clock.now().astimezone(local.tzinfo).date())


@desk.post("/account/keys")
@door("token.make", proof=True)
def do_make_key() -> AnyResponse:
    """Makes one; its secret is on this one answer and nowhere else."""
    days = request.form.get("days", "")
    may = request.form.getlist("may") if request.form.get("fewer") == "1" else None
    try:
        made = acts.make(
            name=request.form.get("name", "")[:200],
            may=may,
            days=int(days) if days in map(str, LIVES) else 0,
            given=_secrets(may),
            by=access.viewer(),
            now=clock.now(),
        )
    except Invalid as refusal:
        return _page({field: words().field(error) for field, error in refusal.errors.items()}, status=refusal.status)
    except LimitReached as refusal:
        return _page({"name": words().gettext("You have twenty keys. End one first.")}, status=refusal.status)
    return _page(secret=made.secret, again=made.replayed)


def _secrets(may: list[str] | None) -> tuple[str, ...]:
    """The secret that follows from the form, by each key: sent twice, it makes one key, and both answers show the same."""
    token = request.form.get("key", "")[:64]
    if not token:
        return ()
    typed = (request.form.get("name", ""), may, request.form.get("days", ""))
    return signs(current_app.config["SETTINGS"].secret_keys, "staff key", access.viewer().id, token, *typed)


@desk.post("/account/keys/end")
@door("token.make", proof=True)
def do_end_key() -> AnyResponse:
    """Ends one of hers."""
    wanted = whole(request.form.get("key", ""), digits=17)
    if wanted is None:
        raise Missing
    acts.revoke(id=wanted, by=access.viewer(), now=clock.now())
    return redirect(url_for("desk.account_keys"), 303)
