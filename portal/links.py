"""Public links and QR signs of services, places and people."""

from __future__ import annotations

import io
from typing import Any

import segno
from flask import abort, current_app, make_response, redirect, request, session, url_for
from werkzeug.wrappers import Response

import clock
from actions import visits
from models.base import db
from models.doors import sign_of, source_of
from models.snapshot import catalogue
from portal import portal, posted
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
        times = _times_of(known.resource_by_id[found.resource_id], given)
        if times is not None:
            return redirect(times)
    if found.location_id is not None:
        given["location"] = known.location_by_id[found.location_id].slug
    return redirect(url_for("portal.services", **given))


@portal.get("/with/<slug>")
@limits.limiter.limit(limits.READS)
def with_person(slug: str) -> Response:
    """The times of somebody or something, where customers may choose; else everything that can be booked."""
    resource = catalogue(db.session()).resources.get(slug)
    if resource is None:
        abort(404)
    given: dict[str, Any] = {"src": posted.source(request.args.get("src"))}
    times = _times_of(resource, given)
    if times is None and frames.inside():
        session[frames.LISTED] = True
    return redirect(times or url_for("portal.services", **given), 303)


def _times_of(resource: Resource, given: dict[str, Any]) -> str | None:
    """The address of the first times at which this one can be chosen."""
    offered = _service_of(resource.id)
    if offered is None:
        return None
    slug, location = offered
    chosen: dict[str, Any] = {"location": location, "with": resource.slug}
    return url_for("portal.times", slug=slug, **given, **chosen)


def _service_of(resource_id: int) -> tuple[str, str] | None:
    """The first public service where this resource can be chosen, and the place where it can."""
    known = catalogue(db.session())
    for (service_id, location_id), plan in known.plans.items():
        if known.service_by_id[service_id].who == "public":
            for need in plan.service.needs:
                if need.choosable and resource_id in need.candidates:
                    return known.service_by_id[service_id].slug, known.location_by_id[location_id].slug
    return None


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
