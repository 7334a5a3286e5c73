"""What customers agree to: the words that are asked, and each yes with its version, until it is taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session as OrmSession

from actions.record import record
from actions.transaction import run
from models import consent
from models.base import dialect_of, rows_changed, upsert
from models.consent import Consent, ConsentPurpose, ConsentText
from models.people import Customer
from rules import consents, errors, text
from rules.errors import FieldError, Invalid

LONGEST = 1000
_QUIET = {"synchronize_session": False}


def write_text(
    *, purpose: str, said: Mapping[str, str], asked: bool, needed: bool, actor: str, now: datetime
) -> tuple[bool, int]:
    """Writes the words of a purpose (``said``: language to text) and whether customers are asked for it. Other words are a new
    version; who agreed to the old one has agreed to the old one. True when something was changed, and the version. Raises
    Missing and Invalid."""
    if purpose not in consents.PURPOSES:
        raise errors.Missing
    cleaned, wrong = _cleaned(said)
    if asked and not cleaned and not wrong:
        wrong[f"say-{next(iter(said), 'en')}"] = FieldError("required")
    if wrong:
        raise Invalid(errors=wrong)
    needed = needed and asked and consents.may_be_needed(purpose)

    def work(session: OrmSession) -> tuple[bool, int]:
        # The row is the lock of its versions.
        row = {"name": purpose, "asked": False, "needed": False}
        make = upsert(ConsentPurpose, dialect_of(session)).values(**row).on_conflict_do_nothing()
        session.execute(make)
        session.execute(select(ConsentPurpose.name).where(ConsentPurpose.name == purpose).with_for_update())
        before = next(each for each in consent.purposes(session) if each.purpose == purpose)
        version = before.version
        if cleaned and cleaned != dict(before.text or {}):
            version += 1
            new = {"purpose": purpose, "version": version, "text": cleaned, "made_by": actor, "made_at": now}
            session.execute(insert(ConsentText).values(**new))
        elif (before.asked, before.needed) == (asked, needed):
            return False, version
        switch = update(ConsentPurpose).where(ConsentPurpose.name == purpose).values(asked=asked, needed=needed)
        session.execute(switch.execution_options(**_QUIET))
        record(
            session,
            at=now,
            actor=actor,
            object_kind="consent",
            object_id=1 + consents.PURPOSES.index(purpose),
            action="consent_written",
            before={"version": before.version, "asked": before.asked, "needed": before.needed},
            after={"version": version, "asked": asked, "needed": needed},
        )
        return True, version

    return run(work)


def _cleaned(said: Mapping[str, str]) -> tuple[dict[str, str], dict[str, FieldError]]:
    found, wrong = {}, {}
    for locale, typed in said.items():
        cleaned = text.paragraph(typed, longest=LONGEST)
        if isinstance(cleaned, FieldError):
            wrong[f"say-{locale}"] = cleaned
        elif cleaned:
            found[locale] = cleaned
    return found, wrong


def refuse_without(session: OrmSession, given: Mapping[str, int]) -> None:
    """Raises Invalid (``consent.PURPOSE``) where something that is needed was not agreed to. A text that is none of its purpose
    counts for nothing."""
    if lacking := _lacking(session, given):
        raise Invalid(errors={f"consent.{each}": FieldError("consent_needed") for each in lacking})


def _lacking(session: OrmSession, given: Mapping[str, int]) -> list[str]:
    needed = dict.fromkeys(consent.needed(session), True)
    agreed = consent.of_their_purpose(session, given) if needed and given else {}
    return consents.lacking(needed, agreed)


def surely_lacking(
    session: OrmSession, given: Mapping[str, int], *, name: str | None, contacts: Sequence[str] | None
) -> dict[str, FieldError]:
    """The error (``consent``) where nobody who fits agreed before to what is needed and is not in ``given``. What cannot be read
    of her is None: any name, or any contact, may be hers then, and whoever may have agreed is not asked again."""
    lacking = _lacking(session, given)
    if not lacking or consent.held_by_one_of(session, lacking, name=name, contacts=contacts):
        return {}
    return {"consent": FieldError("consent_needed")}


def refuse_lacking(session: OrmSession, customer_id: int) -> None:
    """Raises Invalid (``consent``) where a customer does not agree to something that is needed, said now or before."""
    needed = consent.needed(session)
    if needed and set(needed) - consent.purposes_of(session, customer_id):
        raise Invalid(errors={"consent": FieldError("consent_needed")})


def keep(
    session: OrmSession,
    customer_id: int,
    given: Mapping[str, int],
    *,
    locale: str,
    channel: str,
    actor: str,
    booking_id: int | None = None,
    now: datetime,
) -> list[str]:
    """Keeps what was agreed to (purpose to the id of the text that was shown) in the current transaction, and returns the purposes
    that are new. A text that is none of its purpose counts for nothing; what holds already, by the same words, goes on."""
    if not given:
        return []
    # Her row is the lock: one consent of a purpose holds at a time.
    session.execute(select(Customer.id).where(Customer.id == customer_id).with_for_update())
    known = consent.of_their_purpose(session, given)
    open_ = select(Consent.purpose, Consent.text_id).where(
        Consent.customer_id == customer_id, Consent.withdrawn_at.is_(None)
    )
    holds = {row.purpose: row.text_id for row in session.execute(open_)}
    fresh = []
    for purpose, text_id in known.items():
        if holds.get(purpose) == text_id:
            continue
        _end(session, customer_id, purpose, actor, now)
        row = {"customer_id": customer_id, "purpose": purpose, "text_id": text_id, "booking_id": booking_id}
        said = {"locale": locale, "channel": channel, "given_at": now, "given_by": actor}
        session.execute(insert(Consent).values(**row, **said))
        fresh.append(purpose)
    if fresh:
        after = {"purposes": fresh, "channel": channel}
        record(
            session, at=now, actor=actor, object_kind="customer", object_id=customer_id, action="agreed", after=after
        )
    return fresh


def _end(session: OrmSession, customer_id: int, purpose: str, actor: str, now: datetime) -> bool:
    open_ = update(Consent).where(
        Consent.customer_id == customer_id, Consent.purpose == purpose, Consent.withdrawn_at.is_(None)
    )
    return rows_changed(session, open_.values(withdrawn_at=now, withdrawn_by=actor)) > 0


def give(
    *,
    customer_id: int,
    purpose: str,
    text_id: int | None = None,
    locale: str,
    channel: str,
    actor: str,
    booking_id: int | None = None,
    now: datetime,
) -> bool:
    """Writes down that a customer agrees, by default to the words as they are now; False when she did already. Raises Missing."""
    if channel not in consents.CHANNELS:
        raise errors.Missing

    def work(session: OrmSession) -> bool:
        newest = {each.purpose: each.id for each in consent.purposes(session)}.get(purpose)
        if not newest:
            raise errors.Missing
        given = {purpose: text_id or newest}
        said = {"locale": locale, "channel": channel, "actor": actor, "booking_id": booking_id, "now": now}
        return bool(keep(session, customer_id, given, **said))  # type: ignore[arg-type]

    return run(work)


def withdraw(*, customer_id: int, purpose: str, channel: str, actor: str, now: datetime) -> bool:
    """Ends what a customer agreed to, from this moment on; her bookings stay. False when nothing held. Raises Missing."""
    if purpose not in consents.PURPOSES:
        raise errors.Missing

    def work(session: OrmSession) -> bool:
        ended = _end(session, customer_id, purpose, actor, now)
        if ended:
            after = {"purposes": [purpose], "channel": channel}
            record(
                session,
                at=now,
                actor=actor,
                object_kind="customer",
                object_id=customer_id,
                action="withdrew",
                after=after,
            )
        return ended

    return run(work)
