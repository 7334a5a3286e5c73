"""Links and signs: of each service, place and person, and of campaigns; to print, and to copy to one's own site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from flask import current_app, make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

import clock
from actions import sources
from backoffice import access, desk
from backoffice.access import door
from models import doors
from models.base import db
from models.snapshot import catalogue
from rules.errors import Invalid, Missing
from web.locale import words
from wire import signs as signposts
from wire.signs import service_url
from wire.wording import LOCALES, Wording, n_, wording

SIZES = ("a6", "a4")
ORDERS = {
    "service": n_("Book here: %(name)s"),
    "location": n_("Book your visit here"),
    "resource": n_("Book with %(name)s"),
    "campaign": n_("Book here"),
}


@dataclass(frozen=True, slots=True)
class Post:
    """Something with a sign. ``slug`` of a campaign is its code; ``name`` is in every language that it has."""

    kind: str
    slug: str
    name: Any
    link: str
    code: str
    service: str | None = None

    @property
    def of(self) -> str:
        """Its address at the desk."""
        return f"{self.kind}:{self.slug}"


@desk.get("/signs")
@door("booking.see")
def signs() -> AnyResponse:
    """What has a link and a sign, and the campaigns."""
    return _list({}, {})


def _list(typed: Mapping[str, str], wrong: Mapping[str, str], status: int = 200) -> AnyResponse:
    say, known = words(), catalogue(db.session())
    groups: list[tuple[str, list[Any], str]] = [
        (say.gettext("Services"), [each for each in known.services.values() if each.who != "staff"], "service"),
        (say.gettext("Places"), list(known.locations.values()), "location"),
        (say.gettext("People"), [each for each in known.resources.values() if each.kind == "staff"], "resource"),
    ]
    page = render_template(
        "backoffice/signs.html",
        groups=[
            (title, [(f"{kind}:{each.slug}", say.text(each.name)) for each in found]) for title, found, kind in groups
        ],
        campaigns=[(_campaign(each), _leads_to(each)) for each in doors.campaigns(db.session())],
        services=[(each.slug, say.text(each.name)) for each in known.services.values() if each.who != "staff"],
        may=access.viewer().may("business.write"),
        loopback=_loopback(),
        typed=typed,
        errors=wrong,
    )
    return make_response(page, status)


@desk.get("/signs/one")
@door("booking.see")
def signs_one() -> AnyResponse | str:
    """Link, code, sign, button and frame of one thing: ``?of=service:massage``."""
    post = _asked()
    if post is None:
        return redirect(url_for("desk.signs"))
    say, base = words(), _base()
    name = say.text(post.name)
    order = say.gettext("Book: %(name)s", name=name)
    return render_template(
        "backoffice/signs_one.html",
        post=post,
        name=name,
        short="".join(signposts.short(base, post.code)),
        button=signposts.button(post.link, order),
        frame=_frame(base, post, order),
        sites=current_app.config["SETTINGS"].embed_sites,
        may=access.viewer().may("business.write"),
        loopback=_loopback(),
    )


def _frame(base: str, post: Post, order: str) -> str:
    """What is copied to frame it; "" for a campaign of the whole house."""
    if post.kind in ("location", "resource"):
        return signposts.frame(base, post.slug, order, kind=post.kind, link=post.link)
    if post.service is None:
        return ""
    return signposts.frame(base, post.service, order, source=post.code if post.kind == "campaign" else None)


@desk.get("/signs/print")
@door("booking.see")
def signs_print() -> AnyResponse | str:
    """One sign as it is printed: ``?of=service:massage&size=a6``."""
    post = _asked()
    if post is None:
        return redirect(url_for("desk.signs"))
    size = request.args.get("size")
    home = catalogue(db.session()).business.locale
    spoken = [wording(home), *(wording(each) for each in LOCALES if each != home)]
    orders = [(say.tag, _order(say, post)) for say in spoken]
    return render_template(
        "backoffice/sign.html",
        post=post,
        size=size if size in SIZES else SIZES[0],
        orders=orders,
        promises=[(say.tag, say.gettext("No app, no account. Takes a minute.")) for say in spoken],
        short=signposts.short(_base(), post.code),
        loopback=_loopback(),
    )


def _order(say: Wording, post: Post) -> str:
    return say.gettext(ORDERS[post.kind], name=say.text(post.name))


@desk.post("/signs/campaigns")
@door("business.write")
def do_campaign() -> AnyResponse:
    """Makes a link for a campaign, or calls one otherwise (``code``)."""
    typed = {name: request.form.get(name, "")[:200] for name in ("label", "service", "code")}
    act: dict[str, Any] = {"label": typed["label"], "by": access.viewer(), "now": clock.now()}
    try:
        if typed["code"]:
            sources.rename_campaign(code=typed["code"], **act)
            said, code = words().gettext("It is called otherwise now; its link is the same."), typed["code"]
        else:
            code = sources.add_campaign(service=typed["service"] or None, **act)
            said = words().gettext("The link is there.")
    except Invalid as refusal:
        return _list(typed, {field: words().field(error) for field, error in refusal.errors.items()}, refusal.status)
    session["toast"] = {"said": said, "reference": "", "until": ""}
    return redirect(url_for("desk.signs_one", of=f"campaign:{code}"), 303)


def _base() -> str:
    return str(current_app.config["SETTINGS"].base_url)


def _loopback() -> bool:
    return signposts.is_loopback(_base())


def _asked() -> Post | None:
    """What the address names; None when it names nothing. Raises Missing for what has no sign."""
    kind, _, slug = request.args.get("of", "").partition(":")
    if not kind:
        return None
    if kind == "campaign":
        found = doors.source_of(db.session(), slug)
        if found is None or found.kind != "campaign":
            raise Missing
        return _campaign(found)
    known = catalogue(db.session())
    things: dict[str, Mapping[str, Any]] = {
        "service": known.services,
        "location": known.locations,
        "resource": known.resources,
    }
    thing = things.get(kind, {}).get(slug)
    if thing is None or (kind == "service" and thing.who == "staff"):
        raise Missing
    code = doors.sign_of(db.session(), kind, thing.id)
    if code is None:
        raise Missing
    links = {
        "service": service_url(_base(), slug),
        "location": f"{_base()}/?location={quote(slug)}",
        "resource": f"{_base()}/q/{code}",
    }
    return Post(kind, slug, thing.name, links[kind], code, slug if kind == "service" else None)


def _campaign(found: doors.Source) -> Post:
    service = _leads_to(found)
    link = service_url(_base(), service, source=found.code) if service else f"{_base()}/?src={found.code}"
    return Post("campaign", found.code, found.label or found.code, link, found.code, service)


def _leads_to(found: doors.Source) -> str | None:
    """The slug of the service that a campaign leads to, None for all."""
    service = catalogue(db.session()).service_by_id.get(found.service_id or 0)
    return service.slug if service else None
