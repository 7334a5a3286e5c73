"""Pausing online booking of the house, a place, a service or a person, with a sentence that customers read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session as OrmSession

from actions.record import record
from actions.transaction import run
from models.base import execute, table
from models.business import Business
from models.desk import Pause
from models.snapshot import catalogue
from rules import errors, facts, text
from rules.errors import FieldError, Invalid
from rules.facts import Catalogue, Localised

QUIET = {"synchronize_session": False}
UNKNOWN = {
    "location": errors.UnknownLocation,
    "service": errors.UnknownService,
    "resource": errors.UnknownResource,
}


def pause(
    *,
    subject_kind: str,
    slug: str | None = None,
    sentence: Localised | None = None,
    until: datetime | None = None,
    actor: str,
    now: datetime,
) -> facts.Pause:
    """Takes a subject (``business``, ``location``, ``service`` or ``resource`` with its slug) out of online booking until
    ``until`` or until it is resumed, and returns the pause; an earlier one of the same subject gives way to it.

    Customers are shown no free times and ``sentence``; what they hold they may still confirm; staff book nevertheless.
    Raises Invalid, UnknownLocation, UnknownService, UnknownResource.
    """
    said = _checked(sentence, until, now)

    def work(session: OrmSession) -> facts.Pause:
        subject = _subject(catalogue(session), subject_kind, slug)
        _edited(session)
        _end(session, subject_kind, subject, now)
        row = {"subject_kind": subject_kind, "subject_id": subject, "sentence": said, "since": now, "until": until}
        id = int(execute(session, _PAUSED, {**row, "made_by": actor}).scalar_one())
        after = {"sentence": said, "until": until.isoformat() if until else None}
        record(
            session,
            at=now,
            actor=actor,
            object_kind=subject_kind,
            object_id=subject or 1,
            action="paused",
            after=after,
        )
        return facts.Pause(id, subject_kind, subject, said, now, until)

    return run(work)


_PAUSED = insert(table(Pause)).returning(table(Pause).c.id)


def resume(*, subject_kind: str, slug: str | None = None, actor: str, now: datetime) -> bool:
    """Lets customers book a subject again. False when it was not paused, or not any more. Raises as ``pause``."""

    def work(session: OrmSession) -> bool:
        subject = _subject(catalogue(session), subject_kind, slug)
        _edited(session)
        if not _end(session, subject_kind, subject, now):
            return False
        record(session, at=now, actor=actor, object_kind=subject_kind, object_id=subject or 1, action="resumed")
        return True

    return run(work)


def _subject(known: Catalogue, kind: str, slug: str | None) -> int | None:
    """The id of what is paused; None for the whole house."""
    if kind == "business":
        return None
    named: Mapping[str, facts.Location | facts.Service | facts.Resource] = {
        "location": known.locations,
        "service": known.services,
        "resource": known.resources,
    }[kind]  # type: ignore[assignment]
    found = named.get(slug or "")
    if found is None:
        params: dict[str, Any] = {kind: slug}
        raise UNKNOWN[kind](**params)
    return found.id


def _edited(session: OrmSession) -> None:
    """Makes everybody read the catalogue anew; the row is also the lock of pausing."""
    session.execute(
        update(Business).values(catalogue_version=Business.catalogue_version + 1).execution_options(**QUIET)
    )


def _end(session: OrmSession, kind: str, subject: int | None, now: datetime) -> bool:
    """Ends the pause of a subject. True when it still held."""
    mine = (Pause.subject_kind == kind, Pause.subject_id == subject, Pause.ended_at.is_(None))
    rows = session.execute(select(Pause.until).where(*mine)).scalars().all()
    session.execute(update(Pause).where(*mine).values(ended_at=now).execution_options(**QUIET))
    return any(until is None or now < until for until in rows)


def _checked(sentence: Localised | None, until: datetime | None, now: datetime) -> Localised | None:
    """The sentence as it is kept. Raises Invalid for one that cannot be read and an end that is over."""
    wrong: dict[str, FieldError] = {}
    given = {"": sentence or ""} if sentence is None or isinstance(sentence, str) else dict(sentence)
    said: dict[str, str] = {}
    for locale, each in given.items():
        line = text.line(each, longest=200)
        if isinstance(line, FieldError):
            wrong["sentence"] = line
        elif line:
            said[locale] = line
    if until is not None and until <= now:
        wrong["until"] = FieldError("end_before_start")
    if wrong:
        raise Invalid(errors=wrong)
    return said.get("") or said or None
