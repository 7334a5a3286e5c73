"""Signing in: password, code, a forgotten password, an invitation."""

from __future__ import annotations

from flask import Response, current_app, g, make_response, redirect, render_template, request, session, url_for
from flask_limiter.util import get_remote_address
from werkzeug.wrappers import Response as AnyResponse

import clock
from actions import resets, signing_in
from actions.contacts import email as mailbox_of
from backoffice import access, desk
from backoffice.access import OPEN, SIGNED_IN, door
from models.base import db
from models.people import Staff
from models.snapshot import catalogue
from rules.errors import FieldError, Invalid, Missing
from web import limits
from web.locale import here, words
from wire.links import account_opens


def _typed_mailbox() -> str:
    return request.form.get("email", "").strip().lower()[:254]


def _account_and_address() -> str:
    return f"{_typed_mailbox()}|{get_remote_address()}"


def _wrong(answer: AnyResponse) -> bool:
    return answer.status_code == 422


def _too_often(_limit: object) -> Response:
    refusal = limits.refusal()
    answer = _form(words().sentence(refusal, here()), refusal.status)
    answer.headers["Retry-After"] = str(refusal.retry_after)
    return answer


def _form(missed: str | None = None, status: int = 200) -> Response:
    page = render_template(
        "backoffice/sign_in.html",
        missed=missed,
        typed=request.form.get("email", "")[:254],
        to=access.back_to(request.values.get("to")),
        demo=access.set_up() and catalogue(db.session()).business.is_demo and not access.production(),
    )
    return make_response(page, status)


@desk.get("/sign-in")
@door(OPEN)
def sign_in() -> AnyResponse:
    """The form."""
    if "viewer" in g:
        return redirect(access.back_to(request.args.get("to")), 303)
    return _form()


@desk.post("/sign-in")
@door(OPEN)
@limits.limiter.limit(limits.PASSWORDS_BY_ADDRESS, deduct_when=_wrong, on_breach=_too_often)
@limits.limiter.limit(
    limits.PASSWORDS_BY_ACCOUNT, key_func=_account_and_address, deduct_when=_wrong, on_breach=_too_often
)
@limits.limiter.limit(
    limits.PASSWORDS_FROM_ANYWHERE,
    key_func=lambda: f"account:{_typed_mailbox()}",
    deduct_when=_wrong,
    exempt_when=lambda: access.is_known_device(_typed_mailbox()),
    on_breach=_too_often,
)
def do_sign_in() -> AnyResponse:
    """Lets in whoever has the password; every wrong pair gets one and the same sentence."""
    found = signing_in.sign_in(
        email=request.form.get("email", "")[:254],
        password=request.form.get("password", "")[:1000],
        device=request.user_agent.string,
        address=request.remote_addr,
        instead=access.secret(),
        demo=not access.production(),
        now=clock.now(),
    )
    if found is None:
        return _form(words().gettext("E-mail or password is not right."), 422)
    # Nothing of the visitor's session is carried over to who is signed in.
    session.clear()
    to = access.back_to(request.form.get("to"))
    where = to if found.complete else url_for("desk.code", to=to)
    answer = access.give_cookie(redirect(where, 303), found.secret)
    return access.remember_device(answer, found.staff_id) if found.complete else answer


@desk.get("/sign-in/code")
@door(OPEN)
def code() -> AnyResponse:
    """The form for the second factor."""
    return _code_form()


def _code_form(missed: str | None = None, status: int = 200) -> Response:
    page = render_template("backoffice/code.html", missed=missed, to=access.back_to(request.values.get("to")))
    return make_response(page, status)


def _codes_too_often(_limit: object) -> Response:
    refusal = limits.refusal()
    answer = _code_form(words().sentence(refusal, here()), refusal.status)
    answer.headers["Retry-After"] = str(refusal.retry_after)
    return answer


def _by_sign_in() -> str:
    found = access.found()
    return f"codes:{found[1].id if found else get_remote_address()}"


@desk.post("/sign-in/code")
@door(OPEN)
@limits.limiter.limit(limits.CODES, key_func=_by_sign_in, deduct_when=_wrong, on_breach=_codes_too_often)
def do_code() -> AnyResponse:
    """Completes a sign-in with a code of the generator or a recovery code."""
    found = access.found()
    if found is None or found[0].complete:
        return redirect(url_for("desk.sign_in", to=access.back_to(request.form.get("to"))), 303)
    fresh = signing_in.prove(
        secret=access.secret(),
        code=request.form.get("code", "")[:60],
        keys=current_app.config["SETTINGS"].secret_keys,
        address=request.remote_addr,
        now=clock.now(),
    )
    if fresh is None:
        return _code_form(words().gettext("This code is not right. Wait for the next one and type that."), 422)
    session.clear()
    answer = access.give_cookie(redirect(access.back_to(request.form.get("to")), 303), fresh)
    return access.remember_device(answer, found[1].id)


@desk.post("/sign-out")
@door(SIGNED_IN)
def do_sign_out() -> AnyResponse:
    """Ends this sign-in."""
    signing_in.sign_out(secret=access.secret(), now=clock.now())
    session.clear()
    return access.take_cookie(redirect(url_for("desk.sign_in"), 303))


@desk.get("/forgotten")
@door(OPEN)
def forgotten() -> str:
    """Asks for the mailbox of whoever has forgotten the password."""
    return render_template("backoffice/forgotten.html", sent=False, wrong=None, typed="")


@desk.post("/forgotten")
@door(OPEN)
@limits.limiter.limit(limits.RESETS)
@limits.limiter.limit(
    limits.RESETS_OF_ACCOUNT, key_func=lambda: f"reset:{request.form.get('email', '').strip().lower()[:254]}"
)
def do_forgotten() -> AnyResponse:
    """Sends a link, if there is such an account; the page says the same if there is none."""
    typed = request.form.get("email", "")[:254]
    mailbox = mailbox_of(typed)
    if isinstance(mailbox, FieldError):
        page = render_template("backoffice/forgotten.html", sent=False, wrong=words().field(mailbox), typed=typed)
        return make_response(page, 422)
    resets.ask_reset(email=mailbox, now=clock.now())
    return make_response(render_template("backoffice/forgotten.html", sent=True, wrong=None, typed=typed))


@desk.get("/password/<int:id>/<int:until>/<token>")
@door(OPEN)
def new_password(id: int, until: int, token: str) -> AnyResponse:
    """The form that an invitation or a reset leads to. Opening it changes nothing."""
    staff = _linked(id, until, token)
    return make_response(render_template("backoffice/new_password.html", staff=staff, wrong={}))


@desk.post("/password/<int:id>/<int:until>/<token>")
@door(OPEN)
@limits.limiter.limit(limits.RESETS)
def do_new_password(id: int, until: int, token: str) -> AnyResponse:
    """Sets the password; the link is used up by it."""
    staff = _linked(id, until, token)
    password = request.form.get("password", "")[:1000]
    try:
        if password != request.form.get("again", "")[:1000]:
            raise Invalid(errors={"again": FieldError("password_differs")})
        resets.set_password(
            id=staff.id, password=password, actor=f"staff:{staff.id}", was=(staff.password_hash,), now=clock.now()
        )
    except Invalid as refusal:
        wrong = {field: words().field(error) for field, error in refusal.errors.items()}
        return make_response(render_template("backoffice/new_password.html", staff=staff, wrong=wrong), 422)
    # Whoever reads this mailbox is whose account it is: guessing elsewhere holds her up no more.
    return access.remember_device(redirect(url_for("desk.sign_in"), 303), staff.id)


def _linked(id: int, until: int, token: str) -> Staff:
    """The account of a link that is still good. Raises Missing."""
    staff = db.session.get(Staff, id) if id < 2**63 else None
    keys = current_app.config["SETTINGS"].secret_keys
    if staff is None or staff.disabled_at is not None:
        raise Missing
    if not account_opens(token, staff.id, staff.password_hash, until, keys, now=clock.now()):
        raise Missing
    return staff
