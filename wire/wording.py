"""Words in a reader's language: translations, dates, times, money, and the sentence for each refusal.

English is the language of the message ids; ``translations/zh.po`` holds the Chinese. The pseudo-language ``xx`` puts
everything that passes through here between brackets, so that a test can see what does not.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from datetime import date as Date
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, get_timezone_location
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal
from babel.support import Translations

from rules import pricing
from rules.errors import FieldError, Refusal
from rules.facts import Localised
from scheduling.availability import Length

LOCALES = ("en", "zh")
PSEUDO = "xx"
_BABEL = {"en": "en_GB", "zh": "zh_Hans_CN", PSEUDO: "en_GB"}
_NAMES = {"en": "English", "zh": "中文", PSEUDO: "Pseudo"}
_PATTERNS = {
    "en": {"short": "EEE d MMM", "medium": "EEE d MMMM", "long": "EEEE d MMMM", "month": "MMMM y", "weekday": "EEEE"},
    "zh": {"short": "M月d日 EEE", "medium": "M月d日 EEE", "long": "M月d日 EEEE", "month": "y年M月", "weekday": "EEEE"},
}


def n_(msgid: str) -> str:
    """Marks a text for translation where it stands; it is translated where it is used."""
    return msgid


class Wording:
    """Everything that is said in one language. ``home`` is the business's own, for texts that lack this one."""

    def __init__(self, locale: str, home: str = "en") -> None:
        self.locale = locale if locale in _BABEL else "en"
        self.home = home
        self.pseudo = self.locale == PSEUDO
        self._babel = Locale.parse(_BABEL[self.locale])
        self._catalogue = _translations(self.locale)
        self._patterns = _PATTERNS["zh" if self.locale == "zh" else "en"]

    @property
    def tag(self) -> str:
        """The language tag for ``lang``."""
        return {"zh": "zh-CN", PSEUDO: "en"}.get(self.locale, "en")

    def gettext(self, msgid: str, **params: Any) -> str:
        """The text with its named places filled."""
        found = str(self._catalogue.gettext(msgid))
        return self._said(self._filled_in(found, params) if params else found)

    def ngettext(self, one: str, many: str, n: int, **params: Any) -> str:
        """The text for ``n`` (available as ``%(n)s``)."""
        found = str(self._catalogue.ngettext(one, many, n))
        return self._said(self._filled_in(found, {"n": n, **params}))

    def _filled_in(self, text: str, params: Mapping[str, Any]) -> str:
        if self.locale != "zh":
            return text % params
        return _PLACE.sub(lambda place: _spaced(text, place, params), text)

    def _said(self, text: str) -> str:
        return f"⟦{text}⟧" if self.pseudo else text

    def text(self, value: Localised | None) -> str:
        """A text of the business in this language, else in its own, else in English, else in any."""
        if value is None:
            return ""
        if isinstance(value, str):
            return value
        for locale in (self.locale, self.home, "en"):
            if value.get(locale):
                return value[locale]
        return next(iter(value.values()), "")

    def language(self, locale: str) -> str:
        """A language in its own words."""
        return _NAMES[locale]

    def date(self, day: Date, style: str = "medium", *, today: Date | None = None) -> str:
        """``Thu 3 December``; the year only where it is not this one. Styles: short, medium, long, month, weekday."""
        pattern = self._patterns[style]
        if today is not None and today.year != day.year and style in ("short", "medium", "long"):
            pattern = f"y年{pattern}" if self.locale == "zh" else f"{pattern} y"
        return self._said(_formatted(day, pattern, _BABEL[self.locale]))

    def weekdays(self) -> list[tuple[str, str]]:
        """Short and full names of the weekdays, Monday first: ``Mon``, ``一``."""
        short = self._babel.days["stand-alone"]["narrow" if self.locale == "zh" else "abbreviated"]
        full = self._babel.days["format"]["wide"]
        return [(self._said(short[day]), self._said(full[day])) for day in range(7)]

    def time(self, local: datetime) -> str:
        """``08:40``."""
        return self._said(f"{local.hour:02}:{local.minute:02}")

    def span(self, start: datetime, end: datetime) -> str:
        """``08:40–09:10``; with dates where it ends on another day."""
        if start.date() == end.date():
            return self._said(f"{start:%H:%M}–{end:%H:%M}")
        return f"{self.time(start)} – {self.date(end.date(), 'short')}, {self.time(end)}"

    @property
    def between(self) -> str:
        """What stands between a day and its time."""
        return " " if self.locale == "zh" else ", "

    def day_and_time(self, local: datetime, style: str = "short", *, today: Date | None = None) -> str:
        """``Thu 3 Dec, 08:40``."""
        return f"{self.date(local.date(), style, today=today)}{self.between}{self.time(local)}"

    def day_and_span(self, start: datetime, end: datetime, style: str = "medium", *, today: Date | None = None) -> str:
        """``Thu 3 December, 08:40–09:10``."""
        return f"{self.date(start.date(), style, today=today)}{self.between}{self.span(start, end)}"

    def money(self, minor: int, currency: str) -> str:
        """``€65.00``, ``¥120``."""
        digits = pricing.digits(currency)
        # A yuan price without fen is written ¥120 in both languages.
        whole = (self.locale == "zh" or currency == "CNY") and minor % 10**digits == 0
        amount = format_currency(
            minor / 10**digits,
            currency,
            format="¤#,##0" if whole else None,
            locale=self._babel,
            currency_digits=not whole,
        )
        return self._said(amount.replace("CN¥", "¥"))

    def number(self, value: float) -> str:
        """A plain number."""
        return self._said(format_decimal(value, locale=self._babel))

    def duration(self, length: Length) -> str:
        """``30 min``, ``4 hours``, ``2 days``."""
        if length.days:
            return self.ngettext("%(n)s day", "%(n)s days", length.days)
        if length.minutes % 60 == 0 and length.minutes >= 120:
            return self.ngettext("%(n)s hour", "%(n)s hours", length.minutes // 60)
        return self.gettext("%(n)s min", n=length.minutes)

    def notice(self, minutes: int) -> str:
        """A span of time in words, by its largest whole unit."""
        if minutes and minutes % 1440 == 0:
            return self.ngettext("%(n)s day", "%(n)s days", minutes // 1440)
        if minutes and minutes % 60 == 0:
            return self.ngettext("%(n)s hour", "%(n)s hours", minutes // 60)
        return self.ngettext("%(n)s minute", "%(n)s minutes", minutes)

    def place_of_zone(self, zone: str) -> str:
        """``Berlin``."""
        return self._said(_zone_city(zone, _BABEL[self.locale]))

    def zone(self, zone: str) -> str:
        """``Berlin time``."""
        return self.gettext("%(place)s time", place=_zone_city(zone, _BABEL[self.locale]))

    def offset(self, local: datetime) -> str:
        """``UTC+1``."""
        offset = local.utcoffset()
        minutes = int(offset.total_seconds() // 60) if offset else 0
        sign = "+" if minutes >= 0 else "−"
        hours, rest = divmod(abs(minutes), 60)
        return self._said(f"UTC{sign}{hours}" + (f":{rest:02}" if rest else ""))

    def field(self, error: FieldError) -> str:
        """The sentence for what is wrong with one field."""
        return self.gettext(_FIELDS.get(error.code, _FIELDS["odd"]), **dict(error.params))

    def sentence(self, refusal: Refusal, zone: str | None = None) -> str:
        """The sentence for a refusal; ``zone`` is the one whose clock its times are told by."""
        return self.gettext(_SENTENCES.get(refusal.code, _SENTENCES["refused"]), **self._filled(refusal, zone))

    def _filled(self, refusal: Refusal, zone: str | None) -> dict[str, Any]:
        params: Mapping[str, Any] = refusal.params
        filled: dict[str, Any] = {}
        for name, value in params.items():
            if isinstance(value, datetime):
                local = value.astimezone(ZoneInfo(zone)) if zone else value
                filled[name] = self.day_and_time(local)
                filled[f"{name}_time"] = self.time(local)
            elif isinstance(value, Date):
                filled[name] = self.date(value)
            elif name == "min_notice" and isinstance(value, int):
                filled[name] = self.notice(value)
            elif name in ("name", "service") and isinstance(value, Mapping):
                filled[name] = self.text(value)
            else:
                filled[name] = value
        filled.setdefault("start_time", "")
        return filled


_PLACE = re.compile(r"%\((\w+)\)s|%%")


def _spaced(text: str, place: re.Match[str], params: Mapping[str, Any]) -> str:
    """What stands at a named place of a Chinese text, with a space where Latin or a figure would touch a Chinese character.
    Bare numbers are left alone: there the translation itself says whether one belongs."""
    if place[1] is None:
        return "%"
    value = params[place[1]]
    inside = str(value)
    if not isinstance(value, str) or not inside:
        return inside
    before, after = text[: place.start()][-1:], text[place.end() :][:1]
    left = " " if _touch(before, inside[0]) else ""
    right = " " if _touch(after, inside[-1]) else ""
    return f"{left}{inside}{right}"


def _touch(own: str, other: str) -> bool:
    """True for a Chinese character of the text beside a letter or figure that is none. Full-width marks bring their own air."""
    return _chinese(own) and other.isalnum() and not _chinese(other)


def _chinese(character: str) -> bool:
    return character != "" and (0x3400 <= ord(character) <= 0x9FFF or 0x20000 <= ord(character) <= 0x3FFFF)


@lru_cache(maxsize=16)
def wording(locale: str, home: str = "en") -> Wording:
    """The wording of a locale, made once."""
    return Wording(locale, home)


@lru_cache(maxsize=8)
def _translations(locale: str) -> Any:
    path = Path(__file__).with_name("translations") / f"{locale}.po"
    if not path.exists():
        return Translations()
    with path.open("rb") as file:
        catalogue = read_po(file, locale=_BABEL[locale])
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


@lru_cache(maxsize=4096)
def _formatted(day: Date, pattern: str, locale: str) -> str:
    return format_date(day, pattern, locale=locale)


@lru_cache(maxsize=1024)
def _zone_city(zone: str, locale: str) -> str:
    return get_timezone_location(zone, locale=locale, return_city=True)


_SENTENCES = {
    "refused": n_("This cannot be done as things stand."),
    "not_found": n_("There is nothing here."),
    "unknown_service": n_("This service is not offered."),
    "unknown_location": n_("This service is not offered at that place."),
    "unknown_resource": n_("Nobody of that name can be chosen here."),
    "unknown_hold": n_("This time is not being kept for you. Choose it again."),
    "malformed": n_("This request cannot be read."),
    "idempotency_key_missing": n_("The Idempotency-Key header is missing."),
    "idempotency_key_malformed": n_("The Idempotency-Key must be 1 to 255 visible characters."),
    "idempotency_key_reused": n_("This Idempotency-Key came with another request before."),
    "in_progress": n_("Your booking is just being made. Try again in a moment."),
    "invalid": n_("Some details have to be mended."),
    "too_soon": n_("This time is too soon: we need %(min_notice)s to prepare."),
    "too_far": n_("%(day)s opens for booking on %(opens)s."),
    "off_grid": n_("No visit starts at that time. Choose one of the times shown."),
    "closed": n_("That time is outside opening hours on %(day)s."),
    "bad_duration": n_("This length is not offered."),
    "too_many_seats": n_("At most %(seats)s places can be booked at once, you asked for %(asked)s."),
    "no_such_local_time": n_("The clocks go forward then: this time does not exist."),
    "location_required": n_("Choose a place first: this service is offered at several."),
    "range_too_long": n_("At most %(days)s days can be asked for at once."),
    "slot_taken": n_("%(start_time)s has just been taken. These are the nearest free times."),
    "hold_expired": n_("The time that was kept for you is over. Your details are kept."),
    "hold_used": n_("This time is already booked, by you."),
    "limit_reached": n_("The limit is reached: %(limit)s at a time. Move or cancel one first."),
    "resource_gone": n_("This is not offered any more. Choose another time."),
    "too_late": n_("The deadline was %(deadline)s. Please call us."),
    "stale": n_("This booking was changed meanwhile. Look at it once more."),
    "state_changed": n_("This is not possible any more: the booking has changed meanwhile."),
    "rate_limited": n_("That was too often. Try again a little later."),
    "busy": n_("Many people are booking at this moment. Nothing was changed; try again in a moment."),
    "storage_full": n_("Nothing can be saved at the moment. Nothing was changed."),
    "unsupported": n_("Only application/json can be read here."),
    "too_large": n_("This request is too large."),
    "method_not_allowed": n_("This address cannot be used in that way."),
    "failed": n_("This went wrong on our side. Nothing was changed."),
}

_FIELDS = {
    "odd": n_("This cannot be used."),
    "required": n_("This is needed."),
    "contact_required": n_("A phone number or an e-mail address is needed."),
    "unknown_field": n_("This field is not known."),
    "not_text": n_("This has to be text."),
    "unreadable": n_("This has characters that cannot be read."),
    "too_long": n_("This is too long: at most %(max)s characters."),
    "not_a_whole_number": n_("A whole number is needed."),
    "not_a_number": n_("A number is needed."),
    "too_small": n_("At least %(min)s."),
    "too_large": n_("At most %(max)s."),
    "yes_or_no": n_("Yes or no is needed."),
    "not_an_option": n_("Choose one of the options."),
    "not_a_date": n_("A date is needed, for example 2026-12-24."),
    "not_a_time": n_("A time is needed, for example 09:30."),
    "not_an_instant": n_("A time with its offset is needed, for example 2026-12-24T09:30:00+01:00."),
    "before_from": n_("The last day is before the first."),
    "phone_odd": n_("This does not look like a phone number. For example: +49 151 23456789"),
    "phone_short": n_("This number does not have the right length."),
    "phone_refused": n_("This kind of number cannot be used. Give a mobile or landline number."),
    "email_odd": n_("This does not look like an e-mail address. For example: name@example.com"),
    "email_unfinished": n_("Something is missing after the @. For example: name@example.com"),
    "not_a_locale": n_("This language is not offered."),
    "not_a_zone": n_("This is not a time zone, for example Europe/Berlin."),
}
