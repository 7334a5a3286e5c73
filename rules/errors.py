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
    """Somebody was faster. Params: ``start``; for classes ``seats_left``."""

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


class ResourceGone(Conflict):
    code = "resource_gone"


class TooLate(Conflict):
    """The deadline of the policy has passed. Params: ``deadline`` aware datetime."""

    code = "too_late"


class Stale(Conflict):
    """An old revision. Params: ``revision`` as it is now."""

    code = "stale"


class StateChanged(Conflict):
    """The step is no longer possible. Params: ``status`` as it is now, ``at`` and ``by`` where known."""

    code = "state_changed"


class InProgress(Conflict):
    code = "in_progress"


class RateLimited(Refusal):
    code = "rate_limited"
    status = 429


class Busy(Refusal):
    """A lock was not had in three seconds; nothing was changed."""

    code = "busy"
    status = 503


class StorageFull(Refusal):
    code = "storage_full"
    status = 503
