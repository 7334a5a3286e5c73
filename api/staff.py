"""Bookings for programs of staff: the same rights, and the same serializer, as at the desk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, jsonify, request

import clock
from actions import review, steps
from actions.assign import reassign
from actions.confirm import Booked
from api import api, keys, stamp
from api.bookings import of_token, replayed
from api.bookings import shown as plain
from api.reading import Fields, body, day, key_of, text, whole
from models import desk_queries, diary
from models.base import db
from models.bookings import BookingView
from models.history import History
from models.scope import reaches
from models.snapshot import catalogue
from notifications import dispatch
from rules.attachments import without_id
from rules.errors import FieldError, OwnRequest, RangeTooLong, UnknownResource, UnknownService
from rules.facts import Catalogue
from rules.pricing import digits
from rules.rights import Viewer
from rules.workflow import STATES
from web import limits
from web.locale import here
from wire.desk import shown

PAGE, LONGEST = 50, 366
_EPOCH, _TICK = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_VALUES = ("status", "start", "end", "resources", "seats")


@api.get("/bookings")
def listed() -> Response:
    """The bookings that begin in some days, earliest first, page by page."""
    who = keys.viewer("booking.see")
    fields = Fields(_query(), ("from", "to", "status", "resource", "service", "q", "cursor"))
    today = clock.now().astimezone(ZoneInfo(here())).date()
    first = fields.read("from", day, default=today)
    last = fields.read("to", day, default=first + timedelta(days=13))
    statuses = fields.read("status", _statuses, default=())
    resource, service = (fields.read(name, lambda value: text(value, 60)) for name in ("resource", "service"))
    sought = fields.read("q", lambda value: text(value, 100), default="")
    after = fields.read("cursor", _cursor)
    fields.done()
    if (last - first).days >= LONGEST:
        raise RangeTooLong(days=LONGEST)
    wanted = _wanted(catalogue(db.session()), statuses, resource, service, sought.strip())
    since, until = (datetime.combine(each, time(), ZoneInfo(here())) for each in (first, last + timedelta(days=1)))
    views = diary.page(db.session(), who, wanted, since=since, until=until, after=after, limit=PAGE + 1)
    more = f"{(views[PAGE - 1].start - _EPOCH) // _TICK}-{views[PAGE - 1].id}" if len(views) > PAGE else None
    return replayed(jsonify(bookings=_told(who, views[:PAGE]), next=more), False)


def _query() -> dict[str, Any]:
    given = {name: values if name == "status" else values[-1] for name, values in request.args.lists()}
    return given | {name: values for name, values in request.args.lists() if name != "status" and len(values) > 1}


def _statuses(values: Any) -> Any:
    return tuple(values) if set(values) <= set(STATES) else FieldError("not_an_option")


def _cursor(value: Any) -> Any:
    parts = value.split("-") if isinstance(value, str) else []
    if len(parts) != 2 or not all(each.isascii() and each.isdigit() and len(each) < 18 for each in parts):
        return FieldError("odd")
    at, id = int(parts[0]), int(parts[1])
    return (_EPOCH + at * _TICK, id) if at < 7_000_000_000_000_000 else FieldError("odd")


def _wanted(
    known: Catalogue, statuses: Sequence[str], resource: str | None, service: str | None, sought: str
) -> diary.Wanted:
    """What is looked for, by ids. Things that are retired can be asked for too."""
    whom = {each.slug: id for id, each in known.resource_by_id.items()}
    what = {each.slug: id for id, each in known.service_by_id.items()}
    if resource is not None and resource not in whom:
        raise UnknownResource(resource=resource)
    if service is not None and service not in what:
        raise UnknownService
    return diary.Wanted(
        tuple(known.location_by_id), whom.get(resource or ""), what.get(service or ""), tuple(statuses), None, sought
    )


@api.get("/bookings/<reference>")
def read(reference: str) -> Response:
    """One booking, for who has its token or a key of staff that reaches it."""
    if not keys.is_key(keys.bearer()):
        return jsonify(plain(of_token(reference), links=True))
    who = keys.viewer("booking.see")
    return replayed(jsonify(_told(who, [keys.got(who, reference, "booking.see")])[0]), False)


def _step(name: str, action: str, fields: Mapping[str, Callable[[Any], Any]], act: Callable[..., Booked]) -> None:
    """Hangs one step of a booking on the door: its right, what its body may hold, what it does."""

    def take(reference: str) -> Response:
        who = keys.viewer(action)
        found = keys.got(who, reference, action)
        key_of(request.headers.get("Idempotency-Key"))
        given = Fields(body() if request.get_data() else {}, fields)
        values = {field: given.read(field, how, required=field == "resource") for field, how in fields.items()}
        given.done()
        try:
            done = act(reference=found.reference, actor=who.actor, now=clock.now(), **values)
        except OwnRequest:
            keys.refused(who, action, found)
            raise
        dispatch.ring(done.messages)
        return replayed(jsonify(_told(who, [done.booking])[0]), done.replayed)

    # Limits are counted by the name of the function.
    take.__name__ = name.replace("-", "_")
    limited = limits.limiter.limit(limits.API_WRITES)(take)
    api.add_url_rule(f"/bookings/<reference>/{name}", name, limited, methods=["POST"])


_REVISION, _TEXT = whole(0, 10**9), lambda value: text(value, 200)


def _arrive(**given: Any) -> Booked:
    return steps.take_step(step="arrive", **given)


def _complete(**given: Any) -> Booked:
    return steps.take_step(step="complete", **given)


def _miss(**given: Any) -> Booked:
    return steps.take_step(step="miss", **given)


def _assign(*, resource: str, instead_of: str | None, **given: Any) -> Booked:
    return reassign(to=resource, old=instead_of, **given)


_step("approve", "booking.decide", {}, review.approve)
_step("decline", "booking.decide", {"reason": _TEXT}, review.decline)
_step("assign", "booking.change", {"resource": _TEXT, "instead_of": _TEXT, "revision": _REVISION}, _assign)
_step("arrive", "booking.change", {"revision": _REVISION}, _arrive)
_step("complete", "booking.change", {"revision": _REVISION}, _complete)
_step("no-show", "booking.change", {"revision": _REVISION}, _miss)


def _told(who: Viewer, views: Sequence[BookingView]) -> list[dict[str, Any]]:
    """Bookings as the holder of a key may read them: what is hidden is not there."""
    known = catalogue(db.session())
    past = desk_queries.histories_of(db.session(), [view.id for view in views])
    names = {f"staff:{each.id}": each.name for each in desk_queries.staff_names(db.session())}
    return [_one(who, view, known, past.get(view.id, []), names) for view in views]


def _one(
    who: Viewer, view: BookingView, known: Catalogue, past: Sequence[History], names: Mapping[str, str]
) -> dict[str, Any]:
    seen = shown(who, view)
    levels, found = seen.levels, plain(seen.view)
    read = [field for field in ("name", "phone", "email", "company", "address") if levels[field] != "hidden"]
    found["customer"] = {field: getattr(seen.view, field) or None for field in read}
    if levels["answers"] != "hidden":
        found["answers"] = without_id(seen.view.answers)
    if levels["price"] != "hidden":
        decimals = digits(view.currency or known.business.currency)
        minor = view.price_minor
        found["price"] = None if minor is None else f"{minor / 10**decimals:.{decimals}f}"
        found["currency"] = view.currency or known.business.currency
    if levels["reason"] != "hidden":
        found["cancel_reason"] = view.cancel_reason
    found |= {"source": view.source, "created_at": stamp(view.created_at, view.zone)}
    if reaches(who, "history.see", view, known):
        found["history"] = [_entry(step, view.zone, names, reason=levels["reason"] != "hidden") for step in past]
    return found


def _entry(step: History, zone: str, names: Mapping[str, str], *, reason: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "at": stamp(step.at, zone),
        "action": step.action,
        "by": names.get(step.actor, step.actor),
    }
    for name, values in (("before", step.before), ("after", step.after)):
        found[name] = {
            key: stamp(datetime.fromisoformat(value), zone) if key in ("start", "end") else value
            for key, value in (values or {}).items()
            if key in _VALUES
        }
    if reason and step.reason:
        found["reason"] = step.reason
    return found
