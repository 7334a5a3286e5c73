"""A restored house wakes up in another time: what ran out meanwhile, what must not be told twice, what others have seen."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, delete, insert, select, update

from actions.keeping.manifest import Manifest
from models.base import table
from models.booking import Allocation, Hold, Session
from models.business import Business
from models.catalogue import Resource
from models.desk import Proposal
from models.doors import PeriodicTask
from models.history import History
from models.people import SignIn

_BUSINESS, _HOLD, _SESSION, _ALLOCATION = table(Business), table(Hold), table(Session), table(Allocation)
_RESOURCE, _SIGN_IN, _PROPOSAL = table(Resource), table(SignIn), table(Proposal)
_COUNTED_FROM = datetime(2026, 1, 1, tzinfo=UTC)


def settle(connection: Connection, found: Manifest, *, now: datetime) -> None:
    """Ends holds and sign-ins, pauses sending, and raises what others compare by, so that nobody takes old for new."""
    _end_holds(connection, now)
    connection.execute(update(_SIGN_IN).where(_SIGN_IN.c.ended_at.is_(None)).values(ended_at=now))
    # Nobody has seen a worker of this house yet.
    connection.execute(delete(table(PeriodicTask)))
    _raise_versions(connection, found, now)
    step = {"at": now, "actor": "shell", "object_kind": "business", "object_id": 1, "action": "restored"}
    made = {"made_at": found.made_at.isoformat()}
    connection.execute(insert(table(History)).values(**step, after=made))


def _end_holds(connection: Connection, now: datetime) -> None:
    """They expire now; the sweep frees their times as it always does. A time that is kept beside a booking until its
    customer answers stays: she has the question in her hands."""
    asked = select(_PROPOSAL.c.hold_id).where(_PROPOSAL.c.state == "open", _PROPOSAL.c.hold_id.is_not(None))
    open_ = (_HOLD.c.state == "open") & _HOLD.c.id.not_in(asked)
    connection.execute(update(_HOLD).where(open_, _HOLD.c.expires_at > now).values(expires_at=now))
    kept = select(_HOLD.c.session_id).where(_HOLD.c.state == "open", _HOLD.c.id.in_(asked))
    for each, of in ((_SESSION, _SESSION.c.id), (_ALLOCATION, _ALLOCATION.c.session_id)):
        connection.execute(update(each).where(each.c.held_until > now, of.not_in(kept)).values(held_until=now))


def _raise_versions(connection: Connection, found: Manifest, now: datetime) -> None:
    """By the minutes since 2026: more than anybody can have counted up since the backup, and more again the next time.

    Calendars take an event with a smaller SEQUENCE for an old one; addresses of slots answer 304 by the versions.
    """
    base = int((now - _COUNTED_FROM).total_seconds() // 60)
    connection.execute(update(_RESOURCE).values(version=_RESOURCE.c.version + base))
    extra = connection.execute(select(_BUSINESS.c.extra)).scalar() or {}
    paused = {"since": now.isoformat(), "backup": found.made_at.isoformat()}
    connection.execute(
        update(_BUSINESS).values(
            catalogue_version=_BUSINESS.c.catalogue_version + base,
            extra={**extra, "sequence_base": base, "sending_paused": paused},
        )
    )
