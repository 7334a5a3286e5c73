"""Changing a customer, and making one of two."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

import clock
from actions import customer_file, merging
from actions.contacts import pretty
from backoffice import access, desk
from backoffice.access import door
from backoffice.customer_look import got
from backoffice.customers import line_of, toast
from models import customers as reading
from models import desk_queries
from models.base import db
from models.customer_queries import ways
from models.people import Customer
from models.scope import reachable
from rules.errors import FieldError, Invalid, Missing, Refusal, StalePage
from web import checks
from web.fields import whole
from web.locale import words
from wire.happened_words import FIELDS, LIKE
from wire.wording import n_

LABELS = {
    "name": n_("Name"),
    "phones": n_("Phones"),
    "emails": n_("E-mails"),
    "level": n_("Level"),
    "tags": n_("Tags"),
    "region": n_("Region"),
    "owner": n_("Whose customer"),
}
_SEPARATED = re.compile(r"[,，、;；\n]")


@desk.get("/customers/<public_id>/edit")
@door("customer.write")
def customers_edit(public_id: str) -> AnyResponse:
    """The form, with what is written down."""
    found = got(public_id, "customer.write")
    return _form(found, _of(found), {})


def _of(found: Customer) -> dict[str, str]:
    known = ways(db.session(), [found.id])
    return {
        "name": found.name,
        "level": found.level or "",
        "region": found.region or "",
        "owner": str(found.owner_id or ""),
        "tags": ", ".join(reading.tags_of(db.session(), [found.id])[found.id]),
        "phones": "\n".join(pretty(each) for each in known[found.id, "phone"]),
        "emails": "\n".join(known[found.id, "email"]),
    }


def _form(found: Customer, typed: Mapping[str, str], wrong: Mapping[str, str], status: int = 200) -> AnyResponse:
    page = render_template(
        "backoffice/customer_edit.html",
        customer=found,
        typed=typed,
        wrong=wrong,
        labels={name: words().gettext(label) for name, label in LABELS.items()},
        revision=whole(request.form.get("revision", ""), digits=8) or found.revision,
        contacts=reachable(access.viewer()),
        levels=reading.choices(db.session())[1],
        owners=[(str(each.id), each.name) for each in desk_queries.staff_names(db.session())],
    )
    return make_response(page, status)


@desk.post("/customers/<public_id>/edit")
@door("customer.write")
def do_customer_edit(public_id: str) -> AnyResponse:
    """Writes it down. Contacts that she may not read stay, whatever the form says."""
    found, typed = got(public_id, "customer.write"), _typed()
    try:
        changed = customer_file.change(
            id=found.id,
            **_meant(typed),
            revision=whole(request.form.get("revision", ""), digits=8),
            actor=access.viewer().actor,
            now=clock.now(),
        )
    except Invalid as refusal:
        return _form(found, typed, _sentences(refusal.errors), refusal.status)
    except StalePage as refusal:
        return _form(found, typed, {"": words().sentence(refusal)}, refusal.status)
    toast(words().gettext("Saved.") if changed else words().gettext("Nothing was changed: it was so already."))
    return redirect(url_for("desk.customers_one", public_id=public_id), 303)


@desk.post("/customers/<public_id>/edit/check")
@door("customer.write")
def check_customer(public_id: str) -> AnyResponse:
    """What saving would say of the fields that are asked for. Nothing is written."""
    got(public_id, "customer.write")
    return checks.said(_sentences(customer_file.wrong(**_meant(_typed()))))


def _typed() -> dict[str, str]:
    names = ("name", "level", "region", "owner", "tags", "phones", "emails")
    return {name: request.form.get(name, "")[:2000] for name in names}


def _meant(typed: Mapping[str, str]) -> dict[str, Any]:
    """What was typed, as the action takes it; without the contacts where she may not read them."""
    ways = {kind: _SEPARATED.split(typed[f"{kind}s"]) for kind in ("phone", "email")}
    return {
        "fields": {name: typed[name] for name in ("name", "level", "region")}
        | {"owner_id": whole(typed["owner"], digits=15)},
        "tags": _SEPARATED.split(typed["tags"]),
        "ways": ways if reachable(access.viewer()) else None,
    }


def _sentences(wrong: Mapping[str, FieldError]) -> dict[str, str]:
    return {_FORM.get(name, name): words().field(error) for name, error in wrong.items()}


_FORM = {"phone": "phones", "email": "emails", "owner_id": "owner"}


@desk.get("/customers/doubles")
@door("customer.merge")
def customers_doubles() -> AnyResponse:
    """Customers who may be one, the likest first."""
    skip = min(whole(request.args.get("from", ""), digits=6) or 0, 100_000)
    found, more = reading.pairs(db.session(), access.viewer(), skip=skip)
    page = render_template(
        "backoffice/customers_doubles.html",
        pairs=[(line_of(each.first), line_of(each.second), words().gettext(LIKE[each.why])) for each in found],
        older=f"{url_for('desk.customers_doubles')}?from={skip + reading.PAGE}" if more else "",
    )
    return make_response(page)


@desk.get("/customers/<public_id>/merge")
@door("customer.merge")
def customers_merge(public_id: str) -> AnyResponse:
    """Both beside each other, and what will be; without ``with`` the way to find the other one."""
    found = got(public_id, "customer.merge")
    other = request.args.get("with", "")[:40]
    if not other:
        return _looking(found)
    return _both(found, got(other, "customer.merge"))


def _looking(found: Customer, status: int = 200) -> AnyResponse:
    text = request.args.get("q", "").replace("\0", "").strip()[:100]
    viewer = access.viewer()
    listed = reading.page(db.session(), viewer, reading.Wanted(text))[0] if text else []
    page = render_template(
        "backoffice/customer_merge_with.html",
        customer=found,
        text=text,
        found=[line_of(each) for each in listed if each.id != found.id],
        alike=[line_of(each.customer) for each in reading.alike(db.session(), viewer, found.id)],
    )
    return make_response(page, status)


def _both(kept: Customer, other: Customer, wrong: str = "", status: int = 200) -> AnyResponse:
    if kept.id == other.id:
        raise Missing
    names = {each.id: each.name for each in desk_queries.staff_names(db.session())}
    first, second = reading.lines(db.session(), [kept, other])

    def value(each: Customer, field: str) -> str:
        found = getattr(each, field)
        return names.get(found, "") if field == "owner_id" else found or ""

    fields = [
        (field, words().gettext(FIELDS[field]), value(kept, field), value(other, field)) for field in merging.FIELDS
    ]
    page = render_template(
        "backoffice/customer_merge.html",
        kept=kept,
        other=other,
        first=line_of(first),
        second=line_of(second),
        differ=[each for each in fields if each[2] != each[3]],
        typed=request.form,
        wrong=wrong,
    )
    return make_response(page, status)


@desk.post("/customers/<public_id>/merge")
@door("customer.merge")
def do_customer_merge(public_id: str) -> AnyResponse:
    """Makes them one. A second tap finds it done."""
    by = access.viewer()
    gone = reading.by_public_id(db.session(), public_id)
    if gone is not None and gone.merged_into is not None:
        # A colleague was faster, the other way round: what stays says the rest.
        toast(words().sentence(StalePage()))
        return redirect(url_for("desk.customers_one", public_id=public_id), 303)
    kept = got(public_id, "customer.merge")
    other = reading.by_public_id(db.session(), request.form.get("with", "")[:40])
    if other is None:
        return _looking(kept, 422)
    if other.merged_into != kept.id:
        got(other.public_id, "customer.merge")
    take: dict[str, Any] = {field: request.form.get(f"take-{field}", "") for field in merging.FIELDS}
    first, second = (whole(request.form.get(name, ""), digits=8) for name in ("revision", "with-revision"))
    seen = (first, second)
    try:
        done = merging.merge(keep=kept.id, other=other.id, take=take, seen=seen, actor=by.actor, now=clock.now())
    except Missing:
        raise
    except Refusal as refusal:
        return _both(kept, other, words().sentence(refusal), refusal.status)
    toast(words().gettext("Merged.") if done else words().gettext("Nothing was changed: it was so already."))
    return redirect(url_for("desk.customers_one", public_id=kept.public_id), 303)


@desk.post("/customers/<public_id>/two")
@door("customer.merge")
def do_customer_two(public_id: str) -> AnyResponse:
    """Says that two who are alike are two people."""
    one = got(public_id, "customer.merge")
    named = request.form.get("with", "")[:40]
    if not named:
        return _looking(one, 422)
    other = got(named, "customer.merge")
    merging.two(one=one.id, other=other.id, actor=access.viewer().actor, now=clock.now())
    toast(words().gettext("They stay two."))
    return redirect(access.back_to(request.form.get("to")), 303)
