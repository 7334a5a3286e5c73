"""The first hour at the desk: what kind of house, its place and hours, one person, one service; then a link, a sign, a frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import current_app, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

import clock
from actions import catalogue as offer
from actions import first_hour
from backoffice import access
from backoffice.access import door
from backoffice.blueprint import desk
from backoffice.setup_typed import DAYS, field_of, week_in, week_typed
from models import doors
from models.base import db
from models.snapshot import catalogue
from rules.errors import Invalid, Refusal
from scheduling.hours import ZONES
from web.locale import customer_zone, is_a_place, words, zones
from wire import signs as signposts
from wire.wording import n_

STEPS = {
    "template": n_("What kind of house"),
    "house": n_("Name, place and hours"),
    "person": n_("One person or thing"),
    "service": n_("One service"),
    "done": n_("Ready"),
}
FIELDS = ("template", "name", "place", "address", "timezone", "minutes", "price", "capacity", "email")


@desk.get("/start")
@door("business.write")
def start() -> AnyResponse:
    """The step that is next; what was done before is kept."""
    step = first_hour.step(db.session())
    template = request.args.get("template", "")
    if step == "house" and template not in first_hour.templates():
        return _page("template", {})
    if step == "done" and not request.args.get("ready"):
        return redirect(url_for("desk.start", ready=1), 303)
    return _page(step, _suggested(step, template))


@desk.post("/start")
@door("business.write")
def do_start() -> AnyResponse:
    """Does the step that was sent; one that is done already leads on."""
    step = request.form.get("step", "")
    typed = {name: request.form.get(name, "")[:300] for name in (*FIELDS, *(f"hours-{day}" for day in DAYS))}
    if step != first_hour.step(db.session()) or step not in _DOES:
        return redirect(url_for("desk.start"), 303)
    try:
        _DOES[step](typed)
    except Invalid as refusal:
        wrong = {
            _FIELD.get(field_of(place), field_of(place)): words().field(each) for place, each in refusal.errors.items()
        }
        return _page(step, typed, wrong, status=refusal.status)
    except Refusal as refusal:
        return _page(step, typed, {"": words().sentence(refusal)}, status=refusal.status)
    return redirect(url_for("desk.start"), 303)


_FIELD = {"duration": "minutes"}


def _found(typed: Mapping[str, str]) -> None:
    first_hour.found(
        template=typed["template"],
        name=typed["name"].strip(),
        place=typed["place"].strip(),
        address=typed["address"].strip(),
        zone=typed["timezone"],
        hours=week_in("hours", typed),
        locale=words().locale if words().locale in ("en", "zh") else "en",
        by=access.viewer(),
        now=clock.now(),
    )
    # From here on the house has a language of its own.
    g.pop("words", None)


def _person(typed: Mapping[str, str]) -> None:
    known, given = catalogue(db.session()), first_hour.template_of(db.session())["resource"]
    entry = {"kind": given["kind"], "name": typed["name"].strip(), "capacity": typed["capacity"] or "1"}
    entry |= {"email": typed["email"].strip(), "location": next(iter(known.locations))}
    offer.save("resource", None, entry, by=access.viewer(), now=clock.now())


def _service(typed: Mapping[str, str]) -> None:
    known, given = catalogue(db.session()), first_hour.template_of(db.session())["service"]
    home = known.business.locale
    # A name that was left as it was suggested keeps its other languages.
    name = given["name"] if typed["name"].strip() == given["name"][home] else typed["name"].strip()
    kind = next(iter(known.resources.values())).kind
    lengths = given["duration"] if isinstance(given["duration"], list) else typed["minutes"].strip()
    entry = {**given, "name": name, "duration": lengths, "price": typed["price"].strip().replace(",", ".")}
    offer.save("service", None, {**entry, "needs": [{"kind": kind}]}, by=access.viewer(), now=clock.now())


_DOES = {"house": _found, "person": _person, "service": _service}


def _suggested(step: str, template: str) -> dict[str, Any]:
    """What the fields hold before anybody types."""
    say = words()
    if step == "house":
        zone = customer_zone() or ""
        if not is_a_place(zone):
            zone = "Asia/Shanghai" if say.locale == "zh" else "Europe/Berlin"
        return {
            "template": template,
            "timezone": zone,
            **week_typed("hours", first_hour.templates()[template]["hours"]),
        }
    if step in ("person", "service"):
        given = first_hour.template_of(db.session())
        if step == "person":
            return {"name": "", "capacity": str(given["resource"]["capacity"])}
        return {"name": say.text(given["service"]["name"]), "minutes": given["service"]["duration"], "price": ""}
    return {}


def _page(
    step: str, typed: Mapping[str, Any], wrong: Mapping[str, str] | None = None, status: int = 200
) -> AnyResponse:
    say = words()
    more: dict[str, Any] = {}
    if step == "house":
        more["zones"] = zones(say, clock.now(), typed["timezone"] if typed["timezone"] in ZONES else None)
        more["days"] = list(zip(DAYS, say.weekdays(), strict=True))
    if step in ("person", "service"):
        more["given"] = first_hour.template_of(db.session())
        more["currency"] = catalogue(db.session()).business.currency
        more["days_long"] = isinstance(more["given"]["service"]["duration"], list)
    if step == "done":
        more |= _ways_in()
    page = render_template(
        "backoffice/first_hour.html",
        step=step,
        steps=[(each, say.gettext(title)) for each, title in STEPS.items()],
        typed=typed,
        wrong=wrong or {},
        templates=first_hour.templates(),
        **more,
    )
    return make_response(page, status)


def _ways_in() -> dict[str, Any]:
    """Link, sign and frame of the first service that customers can book."""
    known, base = catalogue(db.session()), str(current_app.config["SETTINGS"].base_url)
    service = next((each for each in known.services.values() if each.who != "staff"), None)
    if service is None:
        return {"service": None}
    order = words().gettext("Book: %(name)s", name=words().text(service.name))
    return {
        "service": service,
        "link": signposts.service_url(base, service.slug),
        "short": "".join(signposts.short(base, doors.sign_of(db.session(), "service", service.id) or "")),
        "frame": signposts.frame(base, service.slug, order),
        "sites": current_app.config["SETTINGS"].embed_sites,
        "loopback": signposts.is_loopback(base),
    }
