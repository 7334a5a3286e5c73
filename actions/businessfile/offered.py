"""Services, as a business file gives them, and whether anything can serve what they need."""

from __future__ import annotations

import re
from typing import Any

from actions.businessfile import times
from actions.businessfile.questions import asked_questions
from actions.businessfile.reading import Mapping, Sequence
from actions.businessfile.values import KINDS, Check, file_name, once, required, url, words
from rules import policies, pricing

_PRICE = re.compile(r"\d{1,9}(?:\.\d{1,3})?\Z")
HIGHEST = 2_000_000_000  # minor units: what a 32-bit column of PostgreSQL can keep
SERVICE = (
    "slug group name description picture before_visit who place online_link duration overnight buffer_before buffer_after "
    "slot_step starts min_notice horizon_days seats price price_per locations hours special_hours needs assign approval "
    "cancel_until reschedule_until limits reminders staff_reminders discreet feedback ask questions"
).split()
NEED = ("kind", "any_of", "skills", "count", "customer_may_choose")


def read_service(
    it: Check, raw: Any, place: str, locations: dict[str, Any], resources: dict[str, Any], business: dict[str, Any]
) -> dict[str, Any]:
    """One service; what it needs is looked for among ``resources``."""
    value = it.mapping(raw, place, SERVICE)
    get = value.get
    seats = it.whole(get("seats"), f"{place}.seats", 1, 1, 1000)
    durations = _durations(it, value, place)
    if seats > 1 and len(durations) > 1:
        it.wrong(f"{place}.duration", "a class has one length", get("duration"))
    offered = it.slugs(get("locations"), f"{place}.locations", locations, "location")
    where_kind = it.one_of(get("place"), f"{place}.place", ("here", "customer", "phone", "online"), "here")
    limits = it.mapping(get("limits"), f"{place}.limits", ("per_customer", "per_day"))
    asked = it.mapping(get("ask"), f"{place}.ask", ("phone", "email", "company"))
    own_hours = get("hours")
    week = times.weeks(it, own_hours, f"{place}.hours")
    link = url(it, get("online_link"), f"{place}.online_link")
    if link and where_kind != "online":
        it.wrong(f"{place}.online_link", "is only for place: online", get("online_link"))
    if where_kind == "online" and get("online_link") is None:
        it.wrong(f"{place}.online_link", "is missing, and place is online")
    if where_kind == "phone" and asked.get("phone") == "hidden":
        it.wrong(f"{place}.ask.phone", "has to be asked where place is phone", asked["phone"])
    found = {
        "slug": it.slug(get("slug"), f"{place}.slug"),
        "group": it.localised(get("group"), f"{place}.group", longest=100),
        "name": it.localised(get("name"), f"{place}.name", longest=100, required=True),
        "description": it.localised(get("description"), f"{place}.description", longest=1000, lines=True),
        "picture": file_name(it, get("picture"), f"{place}.picture"),
        "before_visit": it.localised(get("before_visit"), f"{place}.before_visit", longest=500, lines=True),
        "who": it.one_of(get("who"), f"{place}.who", ("public", "link", "staff"), "public"),
        "place": where_kind,
        "online_link": link,
        "durations": durations,
        "overnight": it.yes(get("overnight"), f"{place}.overnight"),
        "buffer_before": it.whole(get("buffer_before"), f"{place}.buffer_before", 0, 0, 1440),
        "buffer_after": it.whole(get("buffer_after"), f"{place}.buffer_after", 0, 0, 1440),
        "slot_step": it.whole(get("slot_step"), f"{place}.slot_step", 15, 1, 1440),
        "starts": _starts(it, get("starts"), f"{place}.starts"),
        "min_notice": it.whole(get("min_notice"), f"{place}.min_notice", 0, 0, 525600),
        "horizon_days": it.whole(get("horizon_days"), f"{place}.horizon_days", 60, 0, 730),
        "seats": seats,
        "price_minor": _price(it, get("price"), f"{place}.price", business["currency"]),
        "price_per": it.one_of(get("price_per"), f"{place}.price_per", ("booking", "seat", "hour", "day"), "booking"),
        "locations": offered,
        "weekly": week if own_hours else None,
        "days": times.special(it, get("special_hours"), f"{place}.special_hours"),
        "needs": [
            _need(it, each, where, resources, offered, list(locations))
            for where, each in it.items(get("needs"), f"{place}.needs")
        ],
        "assign": it.one_of(
            get("assign"),
            f"{place}.assign",
            ("fewest_bookings", "round_robin", "priority", "region"),
            "fewest_bookings",
        ),
        "approval": _approval(it, get("approval"), f"{place}.approval"),
        **_deadlines(it, value, place),
        "per_customer": it.whole(limits.get("per_customer"), f"{place}.limits.per_customer", 0, 1, 1000) or None,
        "per_day": it.whole(limits.get("per_day"), f"{place}.limits.per_day", 0, 1, 100000) or None,
        "reminders": _reminders(it, get("reminders"), f"{place}.reminders"),
        "staff_reminders": _reminders(it, get("staff_reminders"), f"{place}.staff_reminders"),
        "discreet": it.yes(get("discreet"), f"{place}.discreet"),
        "feedback": it.yes(get("feedback"), f"{place}.feedback"),
        "ask": {
            key: it.one_of(each, f"{place}.ask.{key}", ("required", "optional", "hidden"), "optional")
            for key, each in asked.items()
        },
        "questions": asked_questions(it, get("questions"), f"{place}.questions"),
    }
    costly = [_cost(found, length) for length in durations]
    if max(costly) > HIGHEST:
        it.wrong(f"{place}.price", "is too high: one booking could cost more than can be kept", get("price"))
    if not found["needs"]:
        it.wrong(f"{place}.needs", "at least one need", raw)
    if found["ask"].get("phone") == "hidden" and found["ask"].get("email") == "hidden":
        it.wrong(f"{place}.ask", "a phone or an e-mail has to be asked", get("ask"))
    return found


def _cost(service: dict[str, Any], length: Any) -> int:
    days, minutes = (int(length[:-1]), 0) if isinstance(length, str) else (0, length)
    unit, per = service["price_minor"], service["price_per"]
    return pricing.price(unit, per, minutes=minutes, days=days, seats=service["seats"]) or 0


def _deadlines(it: Check, value: Mapping, place: str) -> dict[str, Any]:
    """The columns of minutes, and the deadlines by the day in ``extra``."""
    found: dict[str, Any] = {"extra": {}}
    for name in policies.RULES:
        raw, where = value.get(name), f"{place}.{name}"
        found[name] = 0
        if isinstance(raw, Mapping):
            found["extra"][name] = _by_day(it, it.mapping(raw, where, ("days_before", "time")), where)
        else:
            found[name] = it.whole(raw, where, 0, 0, 525600)
    return found


def _by_day(it: Check, value: Mapping, place: str) -> dict[str, Any]:
    at = value.get("time")
    lowest = 1 if at is None else 0
    rule: dict[str, Any] = {"days_before": it.whole(value.get("days_before"), f"{place}.days_before", 1, lowest, 365)}
    if at is not None:
        minute = times.minute(it, at, f"{place}.time")
        rule["time"] = f"{minute // 60:02}:{minute % 60:02}"
    return rule


def _reminders(it: Check, raw: Any, place: str) -> list[int]:
    return [it.whole(each, where, 60, 1, 525600) for where, each in once(it, it.items(raw, place))]


def _durations(it: Check, value: Mapping, place: str) -> list[Any]:
    raw = value.get("duration")
    if raw is None:
        it.wrong(f"{place}.duration", "is missing", line=value.line or None)
        return [30]
    several = it.items(raw, f"{place}.duration") if isinstance(raw, Sequence) else [(f"{place}.duration", raw)]
    pattern = re.compile(r"[1-9]\d{0,4}\Z|[1-9]\d?d\Z")
    found = [
        it.matched(
            each,
            where,
            pattern,
            'minutes like 45 or days like "2d"',
            _written_length,
            30,
        )
        for where, each in several
    ]
    if len(set(map(str, found))) != len(found):
        it.wrong(f"{place}.duration", "a length stands twice", raw)
    return found or [30]


def _written_length(written: str) -> Any:
    return written if written.endswith("d") else int(written)


def _starts(it: Check, raw: Any, place: str) -> list[list[int]] | None:
    if raw is None:
        return None
    value = it.mapping(raw, place, times.DAYS)
    return [
        sorted({times.minute(it, each, where) for where, each in it.items(value.get(day), f"{place}.{day}")})
        for day in times.DAYS
    ]


def _price(it: Check, raw: Any, place: str, currency: str) -> int | None:
    decimals = pricing.digits(currency)
    if raw is None:
        return None

    def read(written: str) -> int:
        units, _, part = written.partition(".")
        if len(part) > decimals and part.strip("0"):
            raise ValueError
        return int(units) * 10**decimals + int((part + "000")[:decimals] or 0)

    return it.matched(raw, place, _PRICE, f"a price like 80{'.00'[: decimals + 1] if decimals else ''}", read, None)


def _approval(it: Check, raw: Any, place: str) -> Any:
    if isinstance(raw, Mapping):
        value = it.mapping(raw, place, ("by", "decide_within"))
        return {
            "by": it.one_of(value.get("by"), f"{place}.by", ("owner", "manager", "staff", "front_desk"), "manager"),
            "decide_within": it.whole(value.get("decide_within"), f"{place}.decide_within", 0, 1, 525600) or None,
        }
    return it.one_of(raw, place, ("none", "manual"), "none")


def _need(
    it: Check, raw: Any, place: str, resources: dict[str, Any], listed: list[str], everywhere: list[str]
) -> dict[str, Any]:
    offered = listed or everywhere
    value = it.mapping(raw, place, NEED)
    kind = required(it, value, place, "kind", lambda each, where: it.one_of(each, where, KINDS, "staff"), "staff")
    named = it.slugs(value.get("any_of"), f"{place}.any_of", resources, "resource")
    skills = words(it, value.get("skills"), f"{place}.skills")
    count = it.whole(value.get("count"), f"{place}.count", 1, 1, 500)
    if named and skills:
        it.wrong(place, "takes any_of or skills, not both", raw)
    for slug in named:
        if resources[slug]["kind"] != kind:
            it.wrong(f"{place}.any_of", f"{slug!r} is not of kind {kind}", value.get("any_of"))
        elif not any(each["location"] in offered for each in resources[slug]["works_at"]):
            it.wrong(f"{place}.any_of", f"{slug!r} works at none of the locations", value.get("any_of"))
    if value.get("any_of") is None or named:
        able = [
            each
            for slug, each in resources.items()
            if (slug in named if named else each["kind"] == kind and set(skills) <= set(each["skills"]))
        ]
        _servable(it, place, able, count, listed, offered)
    return {
        "kind": kind,
        "any_of": named,
        "skills": skills,
        "count": count,
        "customer_may_choose": it.yes(value.get("customer_may_choose"), f"{place}.customer_may_choose"),
    }


def _servable(
    it: Check, place: str, able: list[dict[str, Any]], count: int, listed: list[str], offered: list[str]
) -> None:
    """A need that nothing can ever serve is a mistake; one that nothing serves at a place of the list is worth a word."""
    places = {at["location"] for each in able if each["capacity"] >= count for at in each["works_at"]}
    if not any(at["location"] in offered for each in able for at in each["works_at"]):
        it.wrong(place, "no resource at its locations can serve this need")
    elif not places & set(offered):
        it.wrong(f"{place}.count", f"no resource at its locations has {count} units")
    else:
        it.notes += [f"{place}: nothing at {slug} can serve this need" for slug in listed if slug not in places]
