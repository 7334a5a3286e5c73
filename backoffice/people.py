"""Accounts of staff and their teams: who there is, adding, changing, ending."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from flask import make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

import clock
from actions import accounts, factors, signing_in, teams
from backoffice import access, desk
from backoffice.access import door
from backoffice.frame import ROLES
from models import staff_queries
from models.base import db
from models.snapshot import catalogue
from models.staff_queries import Account
from rules import outages, rights
from rules.errors import Invalid, LastOwner, Missing, NotAllowed
from rules.facts import Resource
from web.fields import whole
from web.locale import here, words
from wire.wording import n_


@desk.get("/people")
@door("staff.see")
def people() -> str:
    """Everybody who may sign in, and the teams."""
    known = catalogue(db.session())
    found = staff_queries.accounts(db.session())
    led = {team.id: team for team in staff_queries.teams(db.session())}
    names = {each.id: each.name for each in found}
    return render_template(
        "backoffice/people.html",
        accounts=found,
        roles={role: words().gettext(name) for role, name in ROLES.items()},
        places={each.id: words().text(each.name) for each in known.location_by_id.values()},
        teams=led,
        names=names,
        manages=access.viewer().may("staff.manage"),
        done=session.pop("done", None),
    )


@desk.get("/people/new")
@door("staff.manage", proof=True)
def people_new() -> AnyResponse:
    """The form for a new account."""
    return _form(None, {}, {})


@desk.post("/people/new")
@door("staff.manage", proof=True)
def people_add() -> AnyResponse:
    """Adds an account and sends the invitation."""
    typed = _typed()
    try:
        added = accounts.add(
            email=request.form.get("email", "")[:254],
            name=request.form.get("name", "")[:200],
            role=typed["role"],
            locations=typed["locations"],
            resource=typed["resource"],
            team=typed["team"],
            by=access.viewer(),
            actor=access.viewer().actor,
            now=clock.now(),
        )
    except Invalid as refusal:
        return _form(None, typed, {field: words().field(error) for field, error in refusal.errors.items()}, 422)
    mailbox = request.form.get("email", "").strip()
    if added.replayed:
        return _done(
            words().gettext("This account is there already; the link was sent to %(mailbox)s.", mailbox=mailbox)
        )
    return _done(words().gettext("A link to choose a password is on its way to %(mailbox)s.", mailbox=mailbox))


def _done(said: str) -> AnyResponse:
    session["done"] = said
    return redirect(url_for("desk.people"), 303)


@desk.get("/people/<int:id>")
@door("staff.see")
def people_one(id: int) -> AnyResponse:
    """One account."""
    return _form(_account(id), {}, {})


@desk.post("/people/<int:id>")
@door("staff.manage", proof=True)
def people_change(id: int) -> AnyResponse:
    """Changes it."""
    found, typed = _account(id), _typed()
    try:
        accounts.change(
            id=id,
            name=request.form.get("name", "")[:200],
            role=typed["role"],
            locations=typed["locations"],
            resource=typed["resource"],
            team=typed["team"],
            deputy=typed["deputy"],
            by=access.viewer(),
            now=clock.now(),
        )
    except Invalid as refusal:
        return _form(found, typed, {field: words().field(error) for field, error in refusal.errors.items()}, 422)
    except (LastOwner, NotAllowed) as refusal:
        access.denied("staff.manage")
        return _form(found, typed, {"role": words().sentence(refusal)}, refusal.status)
    session["done"] = words().gettext("The account of %(name)s is changed.", name=request.form.get("name", "").strip())
    return redirect(url_for("desk.people"), 303)


@desk.post("/people/<int:id>/<any(leave, come_back, invite, sign_out, reset_factor):step>")
@door("staff.manage", proof=True)
def people_step(id: int, step: str) -> AnyResponse:
    """Ends an account or opens it again, sends the invitation once more, ends sign-ins, drops a lost second factor."""
    found, by, now = _account(id), access.viewer(), clock.now()
    if not rights.may_give(by, found.role):
        raise NotAllowed
    if step == "leave":
        accounts.leave(id=id, by=by, actor=by.actor, now=now)
        said = words().gettext("%(name)s cannot sign in any more.", name=found.name)
        if _still_booked(found) is not None:
            # Her page offers what is left to do: her bookings are still hers.
            session["done"] = said
            return redirect(url_for("desk.people_one", id=id), 303)
    elif step == "come_back":
        accounts.come_back(id=id, by=by, now=now)
        said = words().gettext("%(name)s can sign in again.", name=found.name)
    elif step == "invite":
        accounts.invite(id=id, by=by, now=now)
        said = words().gettext("A link to choose a password is on its way to %(mailbox)s.", mailbox=found.email)
    elif step == "sign_out":
        signing_in.end(staff_id=id, sign_in_id=None, actor=by.actor, now=now)
        said = words().gettext("%(name)s is signed out everywhere.", name=found.name)
    else:
        factors.drop_second_factor(id=id, actor=by.actor, now=now)
        said = words().gettext(
            "%(name)s signs in with the password alone until a new second factor is set up.", name=found.name
        )
    session["done"] = said
    return redirect(url_for("desk.people"), 303)


@desk.post("/people/teams")
@door("staff.manage", proof=True)
def people_team() -> AnyResponse:
    """Makes or changes a team."""
    try:
        saved = teams.set_team(
            id=_number("team_id"),
            name=request.form.get("team_name", "")[:200],
            leader=_number("leader"),
            by=access.viewer(),
            now=clock.now(),
        )
        said = n_("The team is there already.") if saved.replayed else n_("The team is saved.")
        session["done"] = words().gettext(said)
    except Invalid as refusal:
        session["done"] = words().field(next(iter(refusal.errors.values())))
    return redirect(url_for("desk.people"), 303)


def _account(id: int) -> Account:
    found = next((each for each in staff_queries.accounts(db.session()) if each.id == id), None)
    if found is None:
        raise Missing
    return found


def _still_booked(account: Account) -> Resource | None:
    """Her as customers book her, as long as she is not out for good."""
    person = catalogue(db.session()).resource_by_id.get(account.resource_id or 0)
    if person is None or person.slug not in catalogue(db.session()).resources:
        return None
    away = [each.to_local.year for at in person.at.values() for each in at.absences if each.unit is None]
    return None if outages.FOR_GOOD.year in away else person


def _left(account: Account | None) -> dict[str, str] | None:
    """Of somebody who has left: as what she is booked still, and where her bookings are handed over."""
    person = _still_booked(account) if account is not None and account.disabled_at is not None else None
    if person is None or not access.viewer().may("outage.handle"):
        return None
    today = clock.now().astimezone(ZoneInfo(here())).date().isoformat()
    asked: dict[str, Any] = {"who": f"resource:{person.slug}", "for_good": "1", "from": today}
    href = url_for("desk.out", **asked)
    return {"name": words().text(person.name), "href": href}


def _number(name: str) -> int | None:
    return whole(request.form.get(name, ""), digits=17)


def _typed() -> dict[str, Any]:
    known = catalogue(db.session())
    resource, team, deputy = _number("resource"), _number("team"), _number("deputy")
    led = {each.id for each in staff_queries.teams(db.session())}
    everybody = {each.id for each in staff_queries.accounts(db.session())}
    return {
        "email": request.form.get("email", "")[:254],
        "name": request.form.get("name", "")[:200],
        "role": request.form.get("role", ""),
        "locations": {
            id
            for each in request.form.getlist("locations")
            if (id := whole(each, digits=17)) is not None and id in known.location_by_id
        },
        "resource": resource if resource in known.resource_by_id else None,
        "team": team if team in led else None,
        "deputy": deputy if deputy in everybody else None,
    }


def _form(account: Account | None, typed: dict[str, Any], wrong: dict[str, str], status: int = 200) -> AnyResponse:
    known, by = catalogue(db.session()), access.viewer()
    manages = by.may("staff.manage") and (account is None or rights.may_give(by, account.role))
    page = render_template(
        "backoffice/person.html",
        account=account,
        typed=typed or (_of(account) if account else {"locations": set()}),
        wrong=wrong,
        manages=manages,
        own=account is not None and account.id == by.id,
        left=_left(account),
        done=session.pop("done", None) if status == 200 else None,
        roles=[
            (role, words().gettext(name)) for role, name in ROLES.items() if rights.may_give(by, role) or not manages
        ],
        places=[(each.id, words().text(each.name)) for each in known.locations.values()],
        bookable=[(each.id, words().text(each.name)) for each in known.resources.values() if each.kind == "staff"],
        teams=[(each.id, each.name) for each in staff_queries.teams(db.session())],
        deputies=[
            (each.id, each.name)
            for each in staff_queries.accounts(db.session())
            if each.disabled_at is None and (account is None or each.id != account.id)
        ],
    )
    return make_response(page, status)


def _of(account: Account) -> dict[str, Any]:
    return {
        "email": account.email,
        "name": account.name,
        "role": account.role,
        "locations": account.locations,
        "resource": account.resource_id,
        "team": account.team_id,
        "deputy": account.deputy_id,
    }
