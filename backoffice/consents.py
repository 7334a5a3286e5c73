"""What customers are asked to agree to, in which words, and the versions of these."""

from __future__ import annotations

from collections.abc import Mapping

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

import clock
from actions import consenting
from backoffice import access, desk
from backoffice.access import door
from backoffice.customer_look import when
from backoffice.customers import toast
from models import consent
from models.base import db
from rules import consents as rules
from rules.errors import Invalid, Missing
from web.locale import words
from wire.happened_words import PURPOSES
from wire.wording import LOCALES, n_

ABOUT = {
    "marketing": n_("News and offers. Never needed for a visit."),
    "sensitive": n_("Health, identity papers and the like."),
    "minor": n_("For somebody under 14, given by a parent."),
    "abroad": n_("Data that leave the country, for example with a text message."),
}


@desk.get("/consents")
@door("consent.write")
def consents() -> AnyResponse:
    """Every purpose with its words and versions."""
    return _page()


def _page(
    typed: Mapping[str, str] | None = None, wrong: Mapping[str, str] | None = None, of: str = "", status: int = 200
) -> AnyResponse:
    older: dict[str, list[tuple[int, str, str]]] = {}
    for each in consent.versions(db.session()):
        older.setdefault(each.purpose, []).append((each.version, when(each.made_at), words().text(each.text)))
    purposes = [
        {
            "name": each.purpose,
            "title": words().gettext(PURPOSES[each.purpose]),
            "about": words().gettext(ABOUT[each.purpose]),
            "asked": typed.get("asked") == "1" if typed is not None and of == each.purpose else each.asked,
            "needed": typed.get("needed") == "1" if typed is not None and of == each.purpose else each.needed,
            "may_be_needed": rules.may_be_needed(each.purpose),
            "said": typed if typed is not None and of == each.purpose else _said(each.text),
            "version": each.version,
            "versions": older.get(each.purpose, ()),
            "wrong": wrong or {} if of == each.purpose else {},
        }
        for each in consent.purposes(db.session())
    ]
    locales = [(each, words().language(each)) for each in LOCALES]
    return make_response(render_template("backoffice/consents.html", purposes=purposes, locales=locales), status)


def _said(text: Mapping[str, str] | None) -> dict[str, str]:
    return {f"say-{locale}": (text or {}).get(locale, "") for locale in LOCALES}


@desk.post("/consents/<purpose>")
@door("consent.write")
def do_consent(purpose: str) -> AnyResponse:
    """Writes the words of one purpose, and whether customers are asked."""
    if purpose not in rules.PURPOSES:
        raise Missing
    typed = {
        name: request.form.get(name, "")[:4000] for name in ("asked", "needed", *(f"say-{each}" for each in LOCALES))
    }
    try:
        changed, _ = consenting.write_text(
            purpose=purpose,
            said={locale: typed[f"say-{locale}"] for locale in LOCALES},
            asked=typed["asked"] == "1",
            needed=typed["needed"] == "1",
            actor=access.viewer().actor,
            now=clock.now(),
        )
    except Invalid as refusal:
        wrong = {name: words().field(error) for name, error in refusal.errors.items()}
        return _page(typed, wrong, purpose, refusal.status)
    toast(words().gettext("Saved.") if changed else words().gettext("Nothing was changed: it was so already."))
    return redirect(url_for("desk.consents") + f"#{purpose}", 303)
