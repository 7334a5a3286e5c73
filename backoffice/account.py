"""One's own account: password, second factor, sign-ins, language and look; and the watermark of her pages."""

from __future__ import annotations

import base64
import io
from datetime import datetime
from zoneinfo import ZoneInfo

import segno
from flask import Response, current_app, make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

import clock
from actions import accounts, factors, passwords, resets, signing_in, summaries
from backoffice import access, desk
from backoffice.access import SIGNED_IN, door
from backoffice.devices import device
from backoffice.watermark import watermark_svg
from models import staff_queries
from models.base import db
from models.snapshot import catalogue
from rules.errors import FieldError, Invalid, Missing
from web import limits
from web.fields import whole
from web.locale import here, words
from wire.wording import LOCALES


def _page(wrong: dict[str, str] | None = None, done: str | None = None, status: int = 200) -> AnyResponse:
    now = clock.now()
    page = render_template(
        "backoffice/account.html",
        account=access.account(),
        summary=_summary(),
        current=access.sign_in().id,
        sign_ins=staff_queries.sign_ins(db.session(), access.viewer().id, now),
        at=_told,
        device=device,
        wrong=wrong or {},
        done=done,
        locales=[(locale, words().language(locale)) for locale in LOCALES],
    )
    return make_response(page, status)


def _summary() -> bool | None:
    """Whether she gets the summary of the day; None where nobody of her role does."""
    by = access.viewer()
    return summaries.wanted(access.account()) if by.role in summaries.READERS and by.may("figures.see") else None


def _told(at: datetime) -> str:
    zone = ZoneInfo(here())
    return words().day_and_time(at.astimezone(zone), today=clock.now().astimezone(zone).date())


@desk.get("/account")
@door(SIGNED_IN)
def account() -> AnyResponse:
    """The page."""
    return _page(done=session.pop("done", None))


@desk.post("/account/preferences")
@door(SIGNED_IN)
def do_prefer() -> AnyResponse:
    """Language and look."""
    locale, look = request.form.get("locale"), request.form.get("appearance")
    accounts.prefer(
        id=access.viewer().id,
        locale=locale if locale in LOCALES else None,
        appearance=look if look in ("light", "dark") else None,
        now=clock.now(),
    )
    return redirect(url_for("desk.account"), 303)


@desk.post("/account/summary")
@door("figures.see")
def do_want_summary() -> AnyResponse:
    """The daily summary by mail, or none."""
    if request.form.get("on") not in ("1", "0"):
        raise Missing
    summaries.want(on=request.form["on"] == "1", by=access.viewer(), now=clock.now())
    return redirect(url_for("desk.account"), 303)


def _wrong(answer: AnyResponse) -> bool:
    return answer.status_code == 422


def _own() -> str:
    return f"own:{access.viewer().id}"


@desk.post("/account/password")
@door(SIGNED_IN)
@limits.limiter.limit(limits.PASSWORDS_BY_ACCOUNT, key_func=_own, deduct_when=_wrong)
def do_password() -> AnyResponse:
    """A new password; the other sign-ins end."""
    new = request.form.get("password", "")[:1000]
    proven = signing_in.proven_again(
        sign_in_id=access.sign_in().id,
        staff_id=access.viewer().id,
        password=request.form.get("old", "")[:1000],
        now=clock.now(),
    )
    try:
        if not proven:
            raise Invalid(errors={"old": FieldError("password_wrong")})
        if new != request.form.get("again", "")[:1000]:
            raise Invalid(errors={"again": FieldError("password_differs")})
        resets.set_password(
            id=access.viewer().id, password=new, actor=access.viewer().actor, keep=access.sign_in().id, now=clock.now()
        )
    except Invalid as refusal:
        return _page({field: words().field(error) for field, error in refusal.errors.items()}, status=422)
    session["done"] = words().gettext("The password is changed. Other devices have to sign in again.")
    return redirect(url_for("desk.account"), 303)


@desk.post("/account/sign-ins/end")
@door(SIGNED_IN)
def do_end() -> AnyResponse:
    """Ends one sign-in, or all others."""
    wanted = request.form.get("sign_in", "")
    one = whole(wanted, digits=17)
    if wanted and one is None:
        raise Missing
    signing_in.end(
        staff_id=access.viewer().id,
        sign_in_id=one,
        but=access.sign_in().id,
        actor=access.viewer().actor,
        now=clock.now(),
    )
    return redirect(url_for("desk.account"), 303)


@desk.get("/account/second-factor")
@door(SIGNED_IN, proof=True)
def second_factor() -> AnyResponse:
    """Sets up a code generator: the QR code, and a field for its first code."""
    secret = session.setdefault("new_factor", passwords.new_secret())
    return _factor_form(secret)


def _factor_form(secret: str, wrong: str | None = None, status: int = 200) -> AnyResponse:
    house = words().text(catalogue(db.session()).business.name) if access.set_up() else "Frontdesk"
    address = passwords.code_address(secret, account=access.viewer().email, house=house)
    drawn = io.BytesIO()
    segno.make(address, error="m").save(drawn, kind="svg", scale=4, border=4, xmldecl=False, svgns=True, light="#fff")
    page = render_template(
        "backoffice/second_factor.html",
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        picture=_data_url(drawn.getvalue()),
        address=address,
        wrong=wrong,
        asked=access.needs_second_factor(),
    )
    return make_response(page, status)


def _data_url(svg: bytes) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg).decode()


@desk.post("/account/second-factor")
@door(SIGNED_IN, proof=True)
@limits.limiter.limit(limits.CODES, key_func=_own, deduct_when=_wrong)
def set_second_factor() -> AnyResponse:
    """Turns it on with its first code, and shows the recovery codes this once."""
    secret = session.get("new_factor")
    if not secret:
        return redirect(url_for("desk.second_factor"), 303)
    try:
        codes = factors.set_second_factor(
            id=access.viewer().id,
            secret=secret,
            code=request.form.get("code", "")[:20],
            key=current_app.config["SECRET_KEY"],
            keep=access.sign_in().id,
            now=clock.now(),
        )
    except Invalid as refusal:
        return _factor_form(secret, words().field(refusal.errors["code"]), 422)
    session.pop("new_factor", None)
    return make_response(render_template("backoffice/recovery.html", codes=codes))


@desk.post("/account/second-factor/off")
@door(SIGNED_IN, proof=True)
def do_drop_factor() -> AnyResponse:
    """Turns it off."""
    factors.drop_second_factor(
        id=access.viewer().id, actor=access.viewer().actor, keep=access.sign_in().id, now=clock.now()
    )
    return redirect(url_for("desk.account"), 303)


@desk.get("/prove")
@door(SIGNED_IN)
def prove() -> AnyResponse:
    """Asks for the password once more."""
    return _prove_form()


def _prove_form(wrong: str | None = None, status: int = 200) -> AnyResponse:
    page = render_template("backoffice/prove.html", wrong=wrong, to=access.back_to(request.values.get("to")))
    return make_response(page, status)


@desk.post("/prove")
@door(SIGNED_IN)
@limits.limiter.limit(limits.PASSWORDS_BY_ACCOUNT, key_func=_own, deduct_when=_wrong)
def do_prove() -> AnyResponse:
    """Remembers for ten minutes that the password was typed."""
    proven = signing_in.proven_again(
        sign_in_id=access.sign_in().id,
        staff_id=access.viewer().id,
        password=request.form.get("password", "")[:1000],
        now=clock.now(),
    )
    if not proven:
        return _prove_form(words().gettext("This password is not right."), 422)
    return redirect(access.back_to(request.form.get("to")), 303)


@desk.get("/watermark.svg")
@door(SIGNED_IN)
def watermark() -> Response:
    """Name and minute, faint and slanted, behind every page with personal data."""
    at = clock.now().astimezone(ZoneInfo(here()))
    return Response(watermark_svg(access.viewer().name, f"{at:%Y-%m-%d %H:%M}"), mimetype="image/svg+xml")
