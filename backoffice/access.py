"""Who stands at the desk's door: the sign-in of the cookie, and the one entry that every route needs.

``door`` says which action a route asks for (rules/rights.py). A route without an entry stops the start, and a test walks
every route with every role.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

import clock
from actions import denying, signing_in
from backoffice.blueprint import desk
from models import bookings, scope, staff_queries
from models.base import db
from models.bookings import BookingView
from models.people import SignIn, Staff
from models.snapshot import NoBusiness, catalogue
from rules import errors, reference
from rules.rights import ACTIONS, Viewer
from wire.links import fits, sign

F = TypeVar("F", bound=Callable[..., Any])
OPEN, SIGNED_IN = "open", "signed in"
ENTRIES: dict[str, str] = {}
PROOF_LASTS = timedelta(minutes=10)
# People who share a browser, and how long it is known as theirs.
DEVICES, DEVICE_DAYS = 5, 90


def door(entry: str, *, proof: bool = False) -> Callable[[F], F]:
    """Asks for an action of the rights, or for a sign-in only (``SIGNED_IN``), or for nothing (``OPEN``).

    With ``proof`` the password must have been typed within the last ten minutes.
    """
    assert entry in ACTIONS or entry in (OPEN, SIGNED_IN), entry

    def marked(view: F) -> F:
        view.entry, view.proof = entry, proof  # type: ignore[attr-defined]
        return view

    return marked


def guard(app: Flask, prefix: str = "desk.") -> None:
    """Collects the entries of all routes below ``prefix``. Raises LookupError for a route without one."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith(prefix):
            entry = getattr(app.view_functions[rule.endpoint], "entry", None)
            if entry is None:
                raise LookupError(f"{rule.endpoint} has no entry: say with @door who may come in")
            ENTRIES[rule.endpoint] = entry


def production() -> bool:
    """True where this is no trial."""
    return bool(current_app.config["SETTINGS"].production)


def cookie_name() -> str:
    """The name of the desk's cookie: bound to the host and to https in production."""
    return "__Host-desk" if production() else "desk"


def give_cookie(answer: AnyResponse, secret: str) -> AnyResponse:
    """Hands a new sign-in to the browser, until it is closed or the sign-in ends."""
    answer.set_cookie(cookie_name(), secret, path="/", httponly=True, secure=production(), samesite="Lax")
    return answer


def remember_device(answer: AnyResponse, staff_id: int) -> AnyResponse:
    """Lets the browser show later that this person has signed in with it: then guessing elsewhere does not hold her up."""
    mine = _device_of(staff_id, current_app.config["SECRET_KEY"])
    marks = [mine, *(each for each in _devices() if not _is_of(each, staff_id))][:DEVICES]
    secure = production()
    answer.set_cookie(
        _device_cookie(), ".".join(marks), path="/", max_age=DEVICE_DAYS * 86400, httponly=True, secure=secure,
        samesite="Lax",
    )  # fmt: skip
    return answer


def is_known_device(mailbox: str) -> bool:
    """True where the account of this mailbox has signed in with this browser. Without a cookie nothing is looked up."""
    marks = _devices()
    staff = staff_queries.by_email(db.session(), mailbox) if marks else None
    return staff is not None and any(_is_of(each, staff.id) for each in marks)


def _device_cookie() -> str:
    return "__Host-desk-device" if production() else "desk-device"


def _devices() -> list[str]:
    kept = request.cookies.get(_device_cookie(), "")[:500]
    return [each for each in kept.split(".") if each and each.isascii()]


def _is_of(mark: str, staff_id: int) -> bool:
    return fits(mark, current_app.config["SETTINGS"].secret_keys, lambda key: _device_of(staff_id, key))


def _device_of(staff_id: int, key: str) -> str:
    return sign(key, "device", staff_id)


def take_cookie(answer: AnyResponse) -> AnyResponse:
    """Takes the cookie back."""
    answer.delete_cookie(cookie_name(), path="/", secure=production(), samesite="Lax")
    # The back button shows nothing of what was seen.
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


def secret() -> str:
    """The secret of the cookie, or ""."""
    return request.cookies.get(cookie_name(), "")[:200]


def found() -> tuple[SignIn, Staff] | None:
    """The sign-in of the cookie with its account, complete or waiting for its code; None once it has ended."""
    here = signing_in.current(secret(), clock.now()) if secret() else None
    return None if here is not None and production() and signing_in.is_demo(here[1]) else here


@desk.before_request
def check() -> AnyResponse | None:
    """Before every request to the desk: lets in whoever may, or says where to sign in."""
    view = current_app.view_functions.get(request.endpoint or "")
    entry, here = getattr(view, "entry", OPEN), found()
    if here is not None and here[0].complete:
        _let_in(*here)
    if entry == OPEN:
        return None
    if "viewer" not in g:
        return _to_sign_in(waiting=here is not None)
    if request.endpoint not in _BEFORE_IT and not set_up():
        return _to_the_first_hour()
    if needs_second_factor() and request.endpoint not in _WITHOUT_FACTOR:
        return redirect(url_for("desk.second_factor"), 303)
    if entry != SIGNED_IN and not viewer().may(entry):
        raise errors.NotAllowed
    if any(isinstance(each, int) and each >= 2**63 for each in (request.view_args or {}).values()):
        raise errors.Missing
    if getattr(view, "proof", False) and clock.now() - sign_in().proven_at > PROOF_LASTS:
        if request.method in ("GET", "HEAD"):
            return redirect(url_for("desk.prove", to=request.full_path.rstrip("?")), 303)
        raise errors.ProofNeeded
    return None


def set_up() -> bool:
    """False in a house that has no business yet."""
    try:
        catalogue(db.session())
    except NoBusiness:
        return False
    return True


# What needs no business: setting it up, the guide, one's own account.
_BEFORE_IT = {f"desk.{name}" for name in (
    "start", "do_start", "guide", "guide_picture", "more", "account", "do_prefer", "do_password", "do_end", "second_factor",
    "set_second_factor", "do_drop_factor", "prove", "do_prove", "do_sign_out", "watermark",
)}  # fmt: skip


def _to_the_first_hour() -> AnyResponse:
    """Whoever may set the house up does that first; for others there is nothing to see yet. Raises NoBusiness."""
    if not viewer().may("business.write"):
        raise NoBusiness
    return redirect(url_for("desk.start"), 303)


_WITHOUT_FACTOR = {f"desk.{name}" for name in (
    "second_factor", "set_second_factor", "prove", "do_prove", "do_sign_out", "watermark",
)}  # fmt: skip


# A page that follows what others do asks so without anybody at it.
_BY_ITSELF = frozenset({"version", "diary", "progress"})


def _let_in(here: SignIn, staff: Staff) -> None:
    g.sign_in, g.account = here, staff
    g.viewer = staff_queries.viewer_of(db.session(), staff)
    g.own_locale = staff.locale
    if request.headers.get("X-Part") not in _BY_ITSELF:
        signing_in.seen(here, clock.now())


def _to_sign_in(*, waiting: bool) -> AnyResponse:
    if request.method not in ("GET", "HEAD") or request.headers.get("X-Part"):
        raise errors.SignInNeeded
    where = "desk.code" if waiting else "desk.sign_in"
    return redirect(url_for(where, to=request.full_path.rstrip("?")), 303)


def viewer() -> Viewer:
    """Who is signed in."""
    signed_in: Viewer = g.viewer
    return signed_in


def sign_in() -> SignIn:
    """The sign-in of this request."""
    signed_in: SignIn = g.sign_in
    return signed_in


def account() -> Staff:
    """The account of this request."""
    signed_in: Staff = g.account
    return signed_in


def needs_second_factor() -> bool:
    """True when the house asks a second factor of somebody who has none."""
    if (
        not set_up()
        or not catalogue(db.session()).business.second_factor_required
        or account().second_factor is not None
    ):
        return False
    return viewer().may("export") or viewer().may("staff.manage")


def booking(code: str, action: str = "booking.see") -> BookingView:
    """The booking of a reference, if the signed-in person may see it and ``action`` reaches it.

    Raises Missing for what is not there or not to be seen, NotAllowed for what may be seen only.
    """
    wanted = reference.parse(code)
    view = bookings.by_reference(db.session(), wanted) if wanted else None
    if view is None:
        raise errors.Missing
    if not reaches("booking.see", view):
        denied(action, booking_id=view.id)
        raise errors.Missing
    if not reaches(action, view):
        denied(action, booking_id=view.id)
        raise errors.NotAllowed
    return view


def denied(asked: str, *, booking_id: int | None = None) -> None:
    """Writes down that the signed-in person asked for what she may not. Once per request."""
    if not g.get("denied"):
        g.denied = True
        denying.denied(by=viewer(), asked=asked, at=request.path, booking_id=booking_id, now=clock.now())


def reaches(action: str, view: BookingView) -> bool:
    """True when an action of the signed-in person reaches a booking."""
    return scope.reaches(viewer(), action, view, catalogue(db.session()))


def back_to(wanted: str | None) -> str:
    """Where a form leads after it is done: a page of the desk, never elsewhere."""
    if wanted and wanted.startswith("/desk") and "\\" not in wanted and not any(each < " " for each in wanted):
        return wanted[:2000]
    return url_for("desk.today")


@desk.after_request
def forget(answer: Response) -> Response:
    """Nothing that the desk answers is kept by anybody."""
    answer.headers["Cache-Control"] = "no-store"
    return answer
