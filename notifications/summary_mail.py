"""What the daily summary says: how yesterday went, and what today holds."""

from __future__ import annotations

from datetime import date, timedelta

import config
from models.base import db
from models.outbox import Message
from models.people import Staff
from models.staff_queries import viewer_of
from reports import figures
from reports.figures import Ask, Of
from rules.facts import Catalogue
from rules.periods import Period
from wire.wording import Wording, n_

SUBJECT = n_("Yesterday at %(house)s: %(n)s bookings, %(completed)s completed")


def summary(message: Message, staff: Staff, known: Catalogue, say: Wording) -> tuple[str, str]:
    """Subject and text, within the rights of the reader."""
    day = date.fromisoformat(message.facts["day"])
    prices = viewer_of(db.session(), staff).on("prices")
    then, today = (_of(known, each) for each in (day, day + timedelta(days=1)))
    house = say.text(known.business.name)
    subject = say.gettext(
        SUBJECT, house=house, n=say.number(then.all.bookings), completed=say.number(then.all.completed)
    )
    return subject, say.sentences(*_yesterday(then, known, say, prices=prices), _today(today, say))


def _of(known: Catalogue, day: date) -> Of:
    ask = Ask(Period(day, day), tuple(sorted(known.location_by_id)))
    return figures.read(db.session(), known, ask, today=day).now


def _yesterday(then: Of, known: Catalogue, say: Wording, *, prices: bool) -> list[str]:
    counts = then.all
    figure = say.number
    said = [
        say.gettext(
            "%(day)s: %(n)s bookings, of which %(completed)s were completed, %(missed)s did not come and %(cancelled)s were cancelled.",
            day=say.date(then.period.first, "long"),
            n=figure(counts.bookings),
            completed=figure(counts.completed),
            missed=figure(counts.no_show),
            cancelled=figure(counts.cancelled),
        )
    ]
    if prices and counts.income:
        said.append(say.gettext("Income: %(amount)s.", amount=say.money(counts.income, known.business.currency)))
    if then.not_found():
        said.append(say.gettext("%(n)s searches found no free time.", n=figure(then.not_found())))
    return said


def _today(today: Of, say: Wording) -> str:
    n = today.all.to_come
    return say.ngettext("Today %(n)s visit is to come.", "Today %(n)s visits are to come.", n)


def link(message: Message, settings: config.Settings) -> str:
    """Where the figures of that day are."""
    day = message.facts["day"]
    return f"{settings.base_url}/desk/figures?from={day}&to={day}"
