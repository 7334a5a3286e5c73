"""Every way in which Frontdesk says no, as one small tree.

A refusal carries a stable ``code`` (a promise to programs), the HTTP ``status`` that doors answer with, and the
``params`` that its sentence needs (wire/wording.py writes the sentence in the reader's language). Doors turn refusals
into pages and problem documents in one place each; nothing else invents codes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field: a stable code and the values that its sentence needs."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


class Refusal(Exception):
    """The root. ``alternatives`` are the nearest free times (``actions.availability.Offer``), at most three or four."""

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409

    def __init__(
        self,
        *,
        alternatives: Sequence[Any] = (),
        retry_after: int | None = None,
        errors: Mapping[str, FieldError] | None = None,
        **params: Any,
    ) -> None:
        super().__init__(self.code)
        self.params = params
        self.alternatives = tuple(alternatives)
        self.retry_after = retry_after
        self.errors: dict[str, FieldError] = dict(errors or {})


class Missing(Refusal):
    """Not there, or not yours: the same answer for both."""

    code = "not_found"
    status = 404


class UnknownService(Missing):
    code = "unknown_service"


class UnknownLocation(Missing):
    code = "unknown_location"


class UnknownResource(Missing):
    code = "unknown_resource"


class UnknownHold(Missing):
    code = "unknown_hold"


class NotAllowed(Refusal):
    """Signed in, but without the right to this."""

    code = "not_allowed"
    status = 403


class SignInNeeded(Refusal):
    """Nobody is signed in, or not any more."""

    code = "sign_in_needed"
    status = 401


class TokenNeeded(Refusal):
    """A program has sent no key, or one that opens nothing any more."""

    code = "token_needed"
    status = 401


class ProofNeeded(Refusal):
    """The password has to be typed once more before something that matters."""

    code = "proof_needed"
    status = 403


class LastOwner(Refusal):
    """Somebody has to stay who can give rights."""

    code = "last_owner"
    status = 409


class OwnRequest(Refusal):
    """Nobody decides a request of her own."""

    code = "own_request"
    status = 403


class NotHersToApprove(Refusal):
    """What she books wants an approval that is not hers to give."""

    code = "not_hers_to_approve"
    status = 403


class NeedsApproval(Refusal):
    """A visit that has begun cannot wait for anybody's approval."""

    code = "needs_approval"
    status = 409


class Malformed(Refusal):
    """The request itself cannot be read."""

    code = "malformed"
    status = 400


class KeyMissing(Malformed):
    code = "idempotency_key_missing"


class KeyMalformed(Malformed):
    code = "idempotency_key_malformed"


class Unfit(Refusal):
    """Readable, but it cannot be booked as asked."""

    code = "invalid"
    status = 422


class Invalid(Unfit):
    """Fields that must be mended: ``errors`` names each by its dotted path (``customer.phone``, ``answers.people``)."""


class BadFile(Unfit):
    """A file that cannot be imported. Params: ``which``, what is wrong with it."""

    code = "bad_file"


class TooSoon(Unfit):
    """Params: ``min_notice`` minutes, ``next`` an Offer or None."""

    code = "too_soon"


class TooFar(Unfit):
    """Params: ``day`` asked, ``opens`` the date from which it can be booked."""

    code = "too_far"


class OffGrid(Unfit):
    """Params: ``step`` minutes or None where the service has fixed starts."""

    code = "off_grid"


class Closed(Unfit):
    """Params: ``day``, ``why`` one of hours, closed, holiday, away; ``name`` of a holiday or of who is away."""

    code = "closed"


class BadDuration(Unfit):
    code = "bad_duration"


class TooManySeats(Unfit):
    """Params: ``seats`` of the service, ``asked``."""

    code = "too_many_seats"


class NoSuchLocalTime(Unfit):
    code = "no_such_local_time"


class NobodyCan(Unfit):
    """Nobody and nothing at the place can serve this, or those who were chosen cannot serve together."""

    code = "nobody_can"


class LocationRequired(Unfit):
    code = "location_required"


class RangeTooLong(Unfit):
    code = "range_too_long"


class KeyReused(Unfit):
    code = "idempotency_key_reused"


class Conflict(Refusal):
    """Possible as such, but not as things stand now."""

    code = "conflict"
    status = 409


class SlotTaken(Conflict):
    """Somebody was faster. Params: ``start`` and the ``zone`` whose clock tells it; for classes ``seats_left``."""

    code = "slot_taken"


class HoldExpired(Conflict):
    """Params: ``start``, ``still_free`` bool."""

    code = "hold_expired"


class HoldUsed(Conflict):
    """Params: ``reference`` of the booking it became, when the asker holds its secret."""

    code = "hold_used"


class LimitReached(Conflict):
    """Params: ``limit`` the figure, ``which`` one of per_customer, per_day, open_holds."""

    code = "limit_reached"


class MustOverrule(Conflict):
    """Rules stand against it that may be set aside with a reason. Params: ``broken`` (``rules.broken.Broken``), each of
    them, and the ``zone`` whose clock tells it."""

    code = "must_overrule"


class ResourceGone(Conflict):
    code = "resource_gone"


class TooLate(Conflict):
    """The deadline of the policy has passed. Params: ``deadline`` aware datetime, ``zone`` whose clock tells it."""

    code = "too_late"


class Stale(Conflict):
    """An old revision. Params: ``revision`` as it is now."""

    code = "stale"


class StalePage(Conflict):
    """What was changed on a page had been changed by somebody else since it was opened. Params: ``revision`` as it is now."""

    code = "stale_page"


class EditedMeanwhile(Conflict):
    """Somebody else has saved this since the form was opened. Params: ``by`` an actor and ``at`` an instant, or None."""

    code = "edited_meanwhile"


class BookedAhead(Conflict):
    """It cannot go, or become fewer, while bookings count on it. Params: ``bookings`` (views), none where a time is held."""

    code = "booked_ahead"


class HitsBookings(Conflict):
    """Bookings ahead would stand outside the new rules: whoever changes these says what becomes of them. Params:
    ``bookings`` (views), and ``spans``: from when to when a place, person or thing is closed for them."""

    code = "hits_bookings"


class StateChanged(Conflict):
    """The step is no longer possible. Params: ``status`` as it is now, and who made it so: ``by`` an actor, ``at`` an
    instant."""

    code = "state_changed"


class NotYet(Conflict):
    """A step that is possible later. Params: ``at`` the instant from which it is, ``zone`` whose clock tells it."""

    code = "not_yet"


class TooLateToUndo(Conflict):
    """What was done stands. Params: ``deadline`` until which it could be taken back, ``zone`` whose clock tells it."""

    code = "too_late_to_undo"


class InTheWay(Conflict):
    """Time that cannot be blocked. Params: ``bookings`` (views) that take it, ``held_until`` when the last hold there expires
    or None, ``blocks`` the titles of blocks there."""

    code = "in_the_way"


class OnHold(Conflict):
    """The law keeps the data of this customer. Params: ``reason`` as it was written down."""

    code = "on_hold"


class StillBooked(Conflict):
    """Somebody who is still to come cannot be erased. Params: ``bookings`` (views) that have to end first."""

    code = "still_booked"


class Paused(Conflict):
    """Online booking is off. Params: ``said`` the sentence that customers read, or None; ``until`` an instant or None."""

    code = "paused"


class InProgress(Conflict):
    code = "in_progress"


class RateLimited(Refusal):
    """Too often. Params: ``at`` the full minute from which it may be tried again, as an instant."""

    code = "rate_limited"
    status = 429


class Busy(Refusal):
    """A lock was not had in three seconds; nothing was changed."""

    code = "busy"
    status = 503


class Uncertain(Refusal):
    """The database went away while it was told to keep what was done: it may have. The same key gives the truth."""

    code = "uncertain"
    status = 503


class StorageFull(Refusal):
    code = "storage_full"
    status = 503
