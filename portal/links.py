"""Public links and QR signs of services, places and people."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import segno
from flask import abort, current_app, make_response, redirect, request, session, url_for
from werkzeug.wrappers import Response

import clock
from actions import visits
from models.base import db
from models.doors import sign_of, source_of
from models.snapshot import catalogue
from portal import front, portal, posted
from rules.facts import Resource
from web import frames, limits


@portal.get("/q/<code>")
@limits.limiter.limit(limits.READS)
def sign(code: str) -> Response:
    """Where a sign leads: its service, its place, or the services of its person. The booking remembers the sign."""
    found = source_of(db.session(), posted.source(code))
    if found is None:
        abort(404)
    visits.count("visit", service_id=found.service_id or 0, source_id=found.id, now=clock.now())
    known = catalogue(db.session())
    given: dict[str, Any] = {"src": found.code}
    if found.service_id is not None:
        service = known.service_by_id[found.service_id]
        if service.slug in known.services:
            return redirect(url_for("portal.times", slug=service.slug, **given))
    if found.resource_id is not None:
        resource = known.resource_by_id[found.resource_id]
        offered = _offered(resource.id)
        if offered:
            return redirect(_way_in(resource, offered, given))
    if found.location_id is not None:
        given["location"] = known.location_by_id[found.location_id].slug
    return redirect(url_for("portal.services", **given))


@portal.get("/with/<slug>")
@limits.limiter.limit(limits.READS)
def with_person(slug: str) -> Response | str:
    """What somebody or something can be chosen for, first to be chosen among; the times of what is alone. Where customers may not
    choose, everything that can be booked."""
    resource = catalogue(db.session()).resources.get(slug)
    if resource is None:
        abort(404)
    source = posted.source(request.args.get("src"))
    offered = _offered(resource.id)
    if len(offered) > 1:
        if frames.inside():
            session[frames.WITH] = resource.slug
        return front.of_one(resource, offered, source, clock.now())
    if not offered and frames.inside():
        session[frames.LISTED] = True
    given: dict[str, Any] = {"src": source}
    return redirect(_way_in(resource, offered, given) if offered else url_for("portal.services", **given), 303)


def _way_in(resource: Resource, offered: Sequence[tuple[str, str]], given: dict[str, Any]) -> str:
    """The address of the times at which this one can be chosen, or of the services where there are several."""
    if len(offered) > 1:
        return url_for("portal.with_person", slug=resource.slug, **given)
    service, location = offered[0]
    chosen: dict[str, Any] = {"location": location, "with": resource.slug}
    return url_for("portal.times", slug=service, **given, **chosen)


def _offered(resource_id: int) -> list[tuple[str, str]]:
    """The public services where this resource can be chosen, in their order, each with the first place where it can."""
    known = catalogue(db.session())
    found: dict[str, str] = {}
    for service in known.public_services():
        for location_id in service.locations:
            plan = known.plans.get((service.id, location_id))
            needs = plan.service.needs if plan else ()
            if any(need.choosable and resource_id in need.candidates for need in needs):
                found.setdefault(service.slug, known.location_by_id[location_id].slug)
    return list(found.items())


@portal.get("/qr/<kind>/<slug>.<form>")
@limits.limiter.limit(limits.READS)
def code_of(kind: str, slug: str, form: str) -> Response:
    """The QR code of a service, place, person or campaign (by its code) as SVG or PNG."""
    if kind == "campaign" and form in ("svg", "png"):
        campaign = source_of(db.session(), posted.source(slug))
        if campaign is None or campaign.kind != "campaign":
            abort(404)
        return _drawn(campaign.code, form)
    known = catalogue(db.session())
    things: dict[str, Any] = {"service": known.services, "location": known.locations, "resource": known.resources}
    thing = things.get(kind, {}).get(slug)
    if thing is None or form not in ("svg", "png") or (kind == "service" and thing.who == "staff"):
        abort(404)
    sign_code = sign_of(db.session(), kind, thing.id)
    if sign_code is None:
        abort(404)
    return _drawn(sign_code, form)


def _drawn(sign_code: str, form: str) -> Response:
    address = current_app.config["SETTINGS"].base_url + url_for("portal.sign", code=sign_code)
    out = io.BytesIO()
    # A quarter of the code may be scratched or covered and it still reads.
    segno.make(address, error="q", micro=False).save(out, kind=form, scale=8, border=4)
    answer = make_response(out.getvalue())
    answer.mimetype = "image/svg+xml" if form == "svg" else "image/png"
    answer.headers["Cache-Control"] = "public, max-age=3600"
    return answer
