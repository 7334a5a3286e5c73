"""Requests as cards: those that wait, and between them those that somebody else has just decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from backoffice import access
from backoffice.decided import Decided
from backoffice.words import Card, cards, often, span
from models import desk_queries
from models.base import db
from models.bookings import BookingView
from models.history import asked_at
from models.scope import mailboxes
from models.snapshot import catalogue
from rules import desk, policies
from web.locale import words
from wire.explaining import reason as reason_of


@dataclass(frozen=True, slots=True)
class Waiting:
    """One request with what helps to decide it. ``own``: somebody else decides it."""

    card: Card
    deadline: datetime
    due: str
    often: str
    why: list[str]
    answers: list[tuple[str, str]]
    own: bool


def waiting(views: Sequence[BookingView], now: datetime) -> list[Waiting]:
    """The requests in words."""
    before, why = desk_queries.visits_before(db.session(), views), desk_queries.reasons(db.session(), views)
    found, until = [], deadlines(views)
    for view, each in zip(views, cards(views, now), strict=True):
        count, last = before.get(view.id, (0, None))
        due = until[view.id]
        found.append(
            Waiting(
                each,
                due,
                _due(due, now),
                often(count, last, view.zone, now) if each.shown.reads("name") else "",
                [reason_of(words(), kept) for kept in why.get(view.id, []) if kept],
                each.told.answers() if each.shown.reads("answers") else [],
                is_own(view),
            )
        )
    return found


def _due(due: datetime, now: datetime) -> str:
    if due <= now:
        return words().gettext("answer overdue by %(span)s", span=span(now - due, words()))
    return words().gettext("answer due in %(span)s", span=span(due - now, words()))


def is_own(view: BookingView) -> bool:
    """True for a request of the signed-in person herself."""
    viewer = access.viewer()
    own = mailboxes(viewer, catalogue(db.session()))
    return desk.is_own(viewer.actor, own, created_by=view.created_by, email=view.email)


def deadlines(views: Sequence[BookingView]) -> dict[int, datetime]:
    """Until when each of these requests is to be decided, by id. It counts from when it was asked for, whatever was changed of
    it since."""
    asked = asked_at(db.session(), [each.id for each in views])
    return {each.id: policies.decide_by(each.start, asked.get(each.id, each.created_at), each.terms) for each in views}


def by_deadline(open_: Sequence[Waiting], gone: Sequence[Decided]) -> list[Waiting | Decided]:
    """All of them by their deadlines: what was decided meanwhile stays where it was."""
    until = deadlines([each.card.view for each in gone])

    def due(each: Waiting | Decided) -> datetime:
        return each.deadline if isinstance(each, Waiting) else until[each.card.view.id]

    return sorted([*open_, *gone], key=due)
