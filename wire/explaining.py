"""The sentences of the desk's two questions: why is this not offered, and why does she get it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rules import reference
from rules.broken import Broken
from wire.wording import Wording, n_


def broken(words: Wording, found: Broken, *, zone: str) -> str:
    """The sentence for one rule that does not hold; ``zone`` is the location's, whose clock tells the times. A
    booking without its reference is told as taken time."""
    text = _BROKEN.get(f"{found.rule}.{found.why}") or _BROKEN[found.rule]
    if found.rule == "paused" and found.params.get("sentence"):
        return words.sentences(words.gettext(text, **_filled(words, found, zone)), words.text(found.params["sentence"]))
    if found.why == "booking" and not found.params.get("references"):
        text = _BROKEN[f"{found.rule}.other"]
    if found.why == "away" and not found.params.get("until"):
        text = _AWAY
    return words.gettext(text, **_filled(words, found, zone))


def _filled(words: Wording, found: Broken, zone: str) -> dict[str, Any]:
    params, tz = found.params, ZoneInfo(zone)
    filled: dict[str, Any] = {}
    for name, value in params.items():
        if name in ("name", "place", "service", "title"):
            filled[name] = words.text(value)
        elif name == "min_notice":
            filled[name] = words.notice(value)
        elif name == "windows":
            filled[name] = words.listed(f"{_clock(low)}–{_clock(high)}" for low, high in value)
        elif name == "starts":
            filled[name] = words.listed(words.time(each) for each in value)
        elif name == "references":
            filled[name] = words.listed(reference.spaced(each) for each in value)
        elif name == "until" and value is not None:
            filled[name] = _end(words, value, tz, whole_days=bool(params.get("whole_days")))
        elif isinstance(value, date) and not isinstance(value, datetime):
            filled[name] = words.date(value)
        else:
            filled[name] = value
    if isinstance(params.get("start"), datetime) and isinstance(params.get("end"), datetime):
        filled["when"] = words.day_and_span(params["start"].astimezone(tz), params["end"].astimezone(tz), "short")
    return filled


def _end(words: Wording, until: datetime, zone: ZoneInfo, *, whole_days: bool) -> str:
    """Time off is told by a clock on the wall, whole days by the last of them."""
    if whole_days:
        return words.date((until - timedelta(days=1)).date())
    return words.day_and_time(until.astimezone(zone) if until.tzinfo else until)


def _clock(minute: int) -> str:
    hour, rest = divmod(minute, 60)
    return f"{hour if minute == 1440 else hour % 24:02}:{rest:02}"


def reason(words: Wording, stored: Mapping[str, Any] | None, *, by: str = "") -> str:
    """The sentence for the stored reason of an assignment, or "" where none was kept. ``by`` is the name of whoever
    assigned by hand."""
    if not stored:
        return ""
    code = str(stored["code"])
    if code == "fewest_that_week" and "own_weight" in stored:
        code = "fewest_that_week_weighted"
    if code == "by_hand" and not by:
        code = "by_hand_of_staff"
    return words.gettext(_REASONS[code], **{**stored, "by": by})


_AWAY = n_("%(name)s is away then.")
_BROKEN = {
    "grid": n_("Visits start every %(step)s minutes."),
    "grid.starts": n_("Visits start at fixed times on that day: %(starts)s."),
    "grid.no_starts": n_("No visit starts on %(day)s."),
    "open.house": n_("%(place)s is open %(windows)s on %(day)s."),
    "open.closed": n_("%(place)s is closed on %(day)s."),
    "open.holiday": n_("%(place)s is closed on %(day)s: %(name)s."),
    "open.service": n_("%(service)s is not offered at that hour."),
    "open.hours": n_("%(name)s does not work then."),
    "open.away": n_("%(name)s is away until %(until)s."),
    "free.booking": n_("%(name)s is taken %(when)s by %(references)s."),
    "free.other": n_("%(name)s is taken %(when)s."),
    "free.hold": n_("%(name)s is just being kept for somebody, %(when)s."),
    "free.block": n_("%(name)s is blocked %(when)s. %(title)s"),
    "buffers": n_("%(name)s would have no time to prepare or tidy up: %(references)s is %(when)s."),
    "buffers.other": n_("%(name)s would have no time to prepare or tidy up: another booking is %(when)s."),
    "buffers.hold": n_("%(name)s would have no time to prepare or tidy up: somebody is just booking %(when)s."),
    "buffers.block": n_("%(name)s would have no time to prepare or tidy up before or after the block %(when)s."),
    "needs.nobody": n_("Nobody and nothing here can do this."),
    "needs.together": n_("Those who are free then cannot do all of it together."),
    "needs.chosen": n_("Those who were chosen cannot serve together."),
    "notice.short": n_("Notice of %(min_notice)s is needed."),
    "notice.past": n_("This time is over."),
    "horizon": n_("%(day)s opens for booking on %(opens)s."),
    "seats": n_("%(left)s places are left, %(asked)s are wanted."),
    "limits.per_day": n_("%(count)s of at most %(limit)s are booked on %(day)s."),
    "limits.per_customer": n_("This customer has %(count)s of at most %(limit)s booked."),
    "paused.business": n_("Online booking is paused."),
    "paused.location": n_("Online booking for this place is paused."),
    "paused.service": n_("Online booking of this service is paused."),
    "paused.resource": n_("Online booking with %(name)s is paused."),
}
_REASONS = {
    "same_region": n_("At home in the region of this place."),
    "only_one_free": n_("The only one who was free."),
    "needs_together": n_("So that everything that is needed fits together."),
    "first_in_order": n_("First in the order."),
    "fewest_that_week": n_("Fewest bookings that week: %(own)s against %(next)s."),
    "fewest_that_week_weighted": n_(
        "Fewest bookings that week for the share: %(own)s with a share of %(own_weight)s against %(next)s with %(next_weight)s."
    ),
    "fewest_minutes_that_day": n_("Least to do that day: %(own)s minutes against %(next)s."),
    "longest_without": n_("Longest without a booking."),
    "chosen_by_customer": n_("Chosen by the customer."),
    "chosen_by_staff": n_("Chosen at the desk."),
    "by_hand": n_("Assigned by %(by)s."),
    "by_hand_of_staff": n_("Assigned by hand."),
}
