"""Who may what, as a page that can be read; and its switches."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

import clock
from actions import rights as acts
from backoffice import access, desk
from backoffice.access import door
from backoffice.frame import ROLES
from models import staff_queries
from models.base import db
from models.snapshot import catalogue
from rules import rights
from rules.errors import Missing
from web.locale import words
from wire.wording import n_

ACTIONS = {
    "booking.see": n_("See bookings"),
    "booking.create": n_("Book for customers"),
    "booking.change": n_("Move, cancel, arrive, complete"),
    "booking.decide": n_("Decide requests"),
    "booking.overrule": n_("Overrule rules, with a reason"),
    "booking.correct": n_("Correct names, contacts and answers"),
    "booking.price": n_("Correct prices"),
    "note.write": n_("Write notes"),
    "contact.reveal": n_("Have a contact shown, with a reason"),
    "message.send": n_("Send messages again"),
    "block.write": n_("Block time"),
    "outage.handle": n_("Handle illness and outages"),
    "pause.write": n_("Pause online booking"),
    "history.see": n_("Read the history"),
    "export": n_("Export"),
    "import": n_("Import"),
    "figures.see": n_("See figures"),
    "staff.see": n_("See accounts"),
    "staff.manage": n_("Look after accounts"),
    "rights.see": n_("Read this page"),
    "rights.manage": n_("Set the switches of this page"),
    "token.make": n_("Make keys for programs"),
    "business.write": n_("Change what is offered"),
    "customer.see": n_("See customers"),
    "customer.write": n_("Change customers, note what they agree to"),
    "customer.merge": n_("Merge customers"),
    "customer.erase": n_("Erase customers, keep them on hold"),
    "consent.write": n_("Write what customers are asked to agree to"),
    "retention.write": n_("Set how long personal data stay"),
}
SCOPES = {
    "none": n_("no"),
    "own": n_("own"),
    "team": n_("own and team"),
    "location": n_("own places"),
    "all": n_("all"),
}
SWITCHES = {
    "contacts": (n_("Contacts in full"), n_("Otherwise names and numbers of other people's customers are masked, and one's own are shown for a reason.")),
    "own_only": (n_("Own bookings only"), n_("Otherwise the whole diary of the place is there, with time, person, service and room.")),
    "export": (n_("Export"), n_("Lists as a file. Every export is logged.")),
    "approve": (n_("Decide requests"), n_("Approve and decline. Nobody decides a request of her own.")),
    "overrule": (n_("Overrule rules"), n_("Squeeze in against hours, notice and buffers, with one reason that stays on the booking.")),
    "prices": (n_("See prices"), n_("Prices of bookings.")),
}  # fmt: skip


@desk.get("/rights")
@door("rights.see")
def rights_page() -> str:
    """Role by action, and the switches."""
    set_ = staff_queries.switches(db.session())
    by = access.viewer()
    sample = {role: rights.Viewer(0, "", "", role, switches=set_.get(role, {})) for role in rights.ROLES}
    may = by.may("rights.manage")
    return render_template(
        "backoffice/rights.html",
        roles=[(role, words().gettext(name)) for role, name in ROLES.items()],
        actions=[
            (words().gettext(name), [(sample[role].scope(action)) for role in rights.ROLES])
            for action, name in ACTIONS.items()
        ],
        scopes={scope: words().gettext(text) for scope, text in SCOPES.items()},
        switches=[
            (
                name,
                words().gettext(title),
                words().gettext(text),
                [
                    (role, sample[role].on(name), may and role not in rights.FIXED and role != by.role)
                    for role in rights.ROLES
                ],
            )
            for name, (title, text) in SWITCHES.items()
        ],
        may=may,
        factor=catalogue(db.session()).business.second_factor_required,
    )


@desk.post("/rights")
@door("rights.manage", proof=True)
def do_switch() -> AnyResponse:
    """Sets one switch."""
    role, name, on = request.form.get("role", ""), request.form.get("switch", ""), request.form.get("on")
    if on not in ("1", "0"):
        raise Missing
    if name == "second_factor":
        acts.require_second_factor(on=on == "1", by=access.viewer(), now=clock.now())
    else:
        acts.switch(role=role, name=name, on=on == "1", by=access.viewer(), now=clock.now())
    return redirect(url_for("desk.rights_page") + f"#{name if name in SWITCHES else 'second_factor'}", 303)
