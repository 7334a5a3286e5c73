"""Mails about accounts of staff: invitations, new passwords, and what was changed about signing in."""

from __future__ import annotations

from typing import Any

from flask import current_app

import config
from actions import guessing, summaries
from models.outbox import Message
from models.people import Staff
from notifications import summary_mail
from notifications.compose import Composed
from rules.facts import Catalogue
from wire.colour import tokens
from wire.links import account_url
from wire.wording import Wording, n_, wording

# kind -> subject, what it says, what its button says.
KINDS: dict[str, tuple[str, str, str]] = {
    "staff_invitation": (
        n_("Your account at %(house)s"),
        n_("You have an account at the desk of %(house)s. Choose a password with this link; it is good for seven days."),
        n_("Choose a password"),
    ),
    "staff_reset": (
        n_("A new password for %(house)s"),
        n_("Somebody, most likely you, asked for a new password. This link is good for one hour. If it was not you, there is nothing to do: your password stays."),
        n_("Choose a password"),
    ),
    "staff_password_changed": (
        n_("Your password was changed"),
        n_("The password of your account at %(house)s was changed, and all other devices were signed out. If it was not you, ask for a new password at once and tell whoever looks after the accounts."),
        n_("To the desk"),
    ),
    "staff_second_factor_on": (
        n_("Your second factor is on"),
        n_("Signing in at %(house)s asks for a code from your phone from now on. If it was not you, tell whoever looks after the accounts at once."),
        n_("To the desk"),
    ),
    "staff_second_factor_off": (
        n_("Your second factor is off"),
        n_("Signing in at %(house)s asks for no code from your phone any more. If it was not you, tell whoever looks after the accounts at once."),
        n_("To the desk"),
    ),
    guessing.KIND: (
        n_("Somebody guesses at your password"),
        n_("Within an hour a wrong password was typed many times for your account at %(house)s. None of these tries let anybody in. If it was not you, choose a long password that you use nowhere else, and turn on the second factor. On a device on which you have signed in before you are not held up."),
        n_("To the desk"),
    ),
    summaries.KIND: (summary_mail.SUBJECT, "", n_("See the figures")),
}  # fmt: skip
WITH_LINK = frozenset({"staff_invitation", "staff_reset"})


def unwanted(message: Message, staff: Staff | None) -> str | None:
    """Why a mail about an account must not leave any more, or None."""
    if staff is None or staff.disabled_at is not None:
        return "the account has ended"
    if message.kind == summaries.KIND and not summaries.wanted(staff):
        return "the summary is not wanted any more"
    if message.kind == "staff_invitation" and staff.password_hash is not None:
        return "the invitation was used"
    return None


def compose_account(message: Message, staff: Staff, known: Catalogue, settings: config.Settings) -> Composed:
    """The words of one mail. Its link is made here and kept nowhere: the outbox holds no secret."""
    say: Wording = wording(message.locale, known.business.locale)
    house = say.text(known.business.name)
    link = f"{settings.base_url}/desk"
    if message.kind == summaries.KIND:
        (subject, text), button = summary_mail.summary(message, staff, known, say), say.gettext(KINDS[message.kind][2])
        link = summary_mail.link(message, settings)
    else:
        subject, text, button = (say.gettext(each, house=house) for each in KINDS[message.kind])
    if message.kind in WITH_LINK:
        link = account_url(settings.base_url, staff.id, staff.password_hash, message.deadline, settings.secret_key)
    context: dict[str, Any] = {
        "words": say,
        "house": house,
        "title": subject,
        "hello": say.gettext("Hello %(name)s,", name=staff.name),
        "text": text,
        "button": button,
        "link": link,
        "colour": tokens(known.business.colour)["light"],
    }
    rendered = current_app.jinja_env.get_template
    return Composed(
        subject=" ".join(subject.split()),
        text=str(rendered("notifications/account.txt").render(context)),
        html=str(rendered("notifications/account.html").render(context)),
        from_name=house,
    )
