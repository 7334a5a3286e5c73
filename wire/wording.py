"""Words in a reader's language: translations, dates, times, money, and the sentence for each refusal.

English is the language of the message ids; ``translations/zh.po`` holds the Chinese. The pseudo-language ``xx`` puts
everything that passes through here between brackets, so that a test can see what does not.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
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
from wire import file_words
from wire.marking import n_ as n_

LOCALES = ("en", "zh")
PSEUDO = "xx"
_BABEL = {"en": "en_GB", "zh": "zh_Hans_CN", PSEUDO: "en_GB"}
_NAMES = {"en": "English", "zh": "中文", PSEUDO: "Pseudo"}
_PATTERNS = {
    "en": {
        "short": "EEE d MMM",
        "medium": "EEE d MMMM",
        "long": "EEEE d MMMM",
        "month": "MMMM y",
        "weekday": "EEEE",
        "head": "EEE d",
        "bare": "d MMM",
    },
    "zh": {
        "short": "M月d日 EEE",
        "medium": "M月d日 EEE",
        "long": "M月d日 EEEE",
        "month": "y年M月",
        "weekday": "EEEE",
        "head": "d日 EEE",
        "bare": "M月d日",
    },
}


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

    def ngettext(self, one: str, many: str, n: int, /, **params: Any) -> str:
        """The text for ``n`` (available as ``%(n)s``, unless another ``n`` is given to be shown)."""
        found = str(self._catalogue.ngettext(one, many, n))
        return self._said(self._filled_in(found, {"n": n, **params}))

    def _filled_in(self, text: str, params: Mapping[str, Any]) -> str:
        if self.locale != "zh":
            return text % params
        return _PLACE.sub(lambda place: _spaced(text, place, params), text)

    def _said(self, text: str) -> str:
        return f"⟦{text}⟧" if self.pseudo else text

    def text(self, value: Localised | None) -> str:
        """A text of the business in this language, else in its own, else in English, else in the first of the alphabet."""
        if value is None:
            return ""
        if isinstance(value, str):
            return value
        for locale in (self.locale, self.home, "en"):
            if value.get(locale):
                return value[locale]
        return next((value[each] for each in sorted(value) if value[each]), "")

    def language(self, locale: str) -> str:
        """A language in its own words."""
        return _NAMES[locale]

    def date(self, day: Date, style: str = "medium", *, today: Date | None = None) -> str:
        """``Thu 3 December``; the year only where it is not this one. Styles: short, medium, long, month,
        weekday, head (``Thu 3``), bare (``3 Dec``)."""
        pattern = self._patterns[style]
        if today is not None and today.year != day.year and style in ("short", "medium", "long", "bare"):
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
        return f"{self.time(start)} – {self.day_and_time(end)}"

    @property
    def between(self) -> str:
        """What stands between a day and its time."""
        return " " if self.locale == "zh" else ", "

    @property
    def comma(self) -> str:
        """What stands between two parts of a sentence."""
        return "，" if self.locale == "zh" else ", "

    @property
    def colon(self) -> str:
        """What stands between a label and its value."""
        return "：" if self.locale == "zh" else ": "

    @property
    def gap(self) -> str:
        """What stands between two sentences: nothing in Chinese, where full stops bring their own air."""
        return "" if self.locale == "zh" else " "

    def sentences(self, *said: str) -> str:
        """Sentences after each other."""
        return self.gap.join(filter(None, said))

    def listed(self, names: Iterable[str]) -> str:
        """``Anna Müller, Ben Okafor``."""
        return ("、" if self.locale == "zh" else ", ").join(names)

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
        unit, n = _unit(length)
        return self._lasting(unit, n, n)

    def durations(self, shortest: Length, longest: Length) -> str:
        """``30–60 min``, ``1–3 days``, ``3 hours – 1 day``; one length is said once."""
        (unit, low), (other, high) = _unit(shortest), _unit(longest)
        if unit != other:
            return f"{self.duration(shortest)} – {self.duration(longest)}"
        return self._lasting(unit, high, high if low == high else f"{low}–{high}")

    def _lasting(self, unit: str, n: int, shown: int | str) -> str:
        if unit == "day":
            return self.ngettext("%(n)s day", "%(n)s days", n, n=shown)
        if unit == "hour":
            return self.ngettext("%(n)s hour", "%(n)s hours", n, n=shown)
        return self.gettext("%(n)s min", n=shown)

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
        if error.code == "as_in_the_file":
            return file_words.said(self, error.params["reason"])
        if error.code == "elsewhere_in_the_file":
            return f"{self.text(error.params['name'])}{self.colon}{file_words.said(self, error.params['reason'])}"
        return self.gettext(_FIELDS.get(error.code, _FIELDS["odd"]), **dict(error.params))

    def sentence(self, refusal: Refusal, zone: str | None = None) -> str:
        """The sentence for a refusal; ``zone`` is the one whose clock its times are told by, by default its own."""
        zone = zone or refusal.params.get("zone")
        if refusal.params.get("said"):
            # What the house says about it, in its own words.
            return self.text(refusal.params["said"])
        which = f"{refusal.code}.{refusal.params.get('which')}"
        found = _SENTENCES.get(which) or _SENTENCES.get(refusal.code, _SENTENCES["refused"])
        return self.gettext(found, **self._filled(refusal, zone))

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


def _unit(length: Length) -> tuple[str, int]:
    """The largest unit that a length has whole, and how many of them."""
    if length.days:
        return "day", length.days
    if length.minutes % 60 == 0 and length.minutes >= 120:
        return "hour", length.minutes // 60
    return "min", length.minutes


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
    return _chinese(own) and (other.isalnum() or other in "+€£$¥") and not _chinese(other)


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
    # Where there is no name in this language it is that of the zone, with a region before it.
    return get_timezone_location(zone, locale=locale, return_city=True).rpartition("/")[2]


_SENTENCES = {
    "bad_file": n_("This file cannot be imported."),
    "bad_file.empty": n_("The file is empty."),
    "bad_file.only_heads": n_(
        "There is nothing below the first row. The first row holds the headers, the rows follow below."
    ),
    "bad_file.broken": n_("The file is damaged, or it is no workbook. Open it and save it again as .xlsx."),
    "bad_file.bomb": n_("Unpacked, the file would be far larger than any table. It was not opened."),
    "bad_file.odd_names": n_("The file holds parts that no workbook has. It was not opened."),
    "bad_file.password": n_("The file is protected by a password. Save it without one."),
    "bad_file.macros": n_("The file holds macros. Save it as .xlsx without them."),
    "bad_file.no_workbook": n_("The file is no workbook. Save it as .xlsx or .csv."),
    "bad_file.old_workbook": n_("This is a workbook of the old kind (.xls). Open it and save it as .xlsx."),
    "bad_file.no_table": n_("This is no table. Save it as .xlsx or .csv."),
    "bad_file.declarations": n_("The file declares things that no workbook needs. It was not read."),
    "bad_file.rows": n_("The file has too many rows: at most %(most)s at a time. Divide it."),
    "bad_file.columns": n_("The file has too many columns: at most %(most)s."),
    "bad_file.large": n_("The file is too large: at most %(most)s MB. Divide it."),
    "bad_file.encoding": n_("The letters of the file cannot be read. Save it as CSV in UTF-8."),
    "bad_file.nul": n_("The file holds signs that no text has. Save it as CSV in UTF-8."),
    "bad_file.broken_csv": n_("The file cannot be read as CSV: a quotation mark is not closed, or a cell is too long."),
    "bad_file.long_line": n_("A line of the file is too long to be a row of a table."),
    "bad_file.gone": n_("The file is not here any more. Please choose it again."),
    "bad_file.not_allowed": n_("Whoever started this may not import any more."),
    "bad_file.many_open": n_("%(most)s files of yours are waiting. Finish or drop one of them first."),
    "bad_file.many_today": n_("You have brought %(most)s files today. Tomorrow there is room again."),
    "refused": n_("This cannot be done as things stand."),
    "not_found": n_("There is nothing here."),
    "unknown_service": n_("This service is not offered."),
    "unknown_location": n_("This service is not offered at that place."),
    "unknown_resource": n_("Nobody of that name can be chosen here."),
    "unknown_hold": n_("This time is not being kept for you. Choose it again."),
    "not_allowed": n_("Your account may not do this. Ask whoever looks after the accounts."),
    "sign_in_needed": n_("Sign in first."),
    "token_needed": n_("This needs a key that is good: none was sent, or it has ended."),
    "proof_needed": n_("Type your password once more: this matters."),
    "last_owner": n_("Somebody has to stay owner. Make somebody else one first."),
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
    "limit_reached": n_("You already have %(limit)s of these booked. Move or cancel one first."),
    "limit_reached.per_day": n_("No more can be booked on this day. Choose another one."),
    "limit_reached.open_holds": n_(
        "%(limit)s times are kept for you already. Finish one of them, or wait ten minutes."
    ),
    "must_overrule": n_("Rules stand against this. Give one reason, and it is booked all the same."),
    "nobody_can": n_("Nobody here can do this in that way."),
    "resource_gone": n_("This is not offered any more. Choose another time."),
    "too_late": n_("The deadline was %(deadline)s. Please call us."),
    "stale": n_("This booking was changed meanwhile. Look at it once more."),
    "edited_meanwhile": n_("Somebody else has saved this meanwhile. Look at it as it is now, then change it again."),
    "booked_ahead": n_("This is booked ahead. Move or cancel those visits first."),
    "hits_bookings": n_("Visits that are booked already would stand outside the new times. Say what becomes of them."),
    "state_changed": n_("This is not possible any more: the booking has changed meanwhile."),
    "own_request": n_("Somebody else decides this, because it is yours."),
    "not_hers_to_approve": n_("Approving this is for somebody else. Book it as a request."),
    "needs_approval": n_("This wants approval and has begun already. Only who may approve it can book it."),
    "not_yet": n_("This is possible from %(at)s."),
    "too_late_to_undo": n_("This could be taken back until %(deadline)s."),
    "in_the_way": n_("Something takes this time already. Move it first, or choose another time."),
    "on_hold": n_("This person's data have to be kept: %(reason)s"),
    "still_booked": n_("There are bookings ahead. End them first, or wait until they are over."),
    "stale_page": n_("Somebody else has changed this meanwhile. Look at it once more."),
    "paused": n_("Online booking is paused at the moment. Please call us."),
    "rate_limited": n_("That was too often. Try again at %(at_time)s."),
    "busy": n_("Many people are booking at this moment. Nothing was changed; try again in a moment."),
    "uncertain": n_(
        "The connection broke at the last moment, so we cannot say whether this was saved. Send the same once more: nothing is done twice, and you will see."
    ),
    "storage_full": n_("Nothing can be saved at the moment. Nothing was changed."),
    "unsupported": n_("Only application/json can be read here."),
    "too_large": n_("This request is too large."),
    "method_not_allowed": n_("This address cannot be used in that way."),
    "failed": n_("This went wrong on our side. Nothing was changed."),
}

_FIELDS = {
    "odd": n_("This cannot be used."),
    "required": n_("This is needed."),
    "consent_needed": n_("Nothing can be booked without this."),
    "contact_required": n_("A phone number or an e-mail address is needed."),
    "unknown_field": n_("This field is not known."),
    "not_text": n_("This has to be text."),
    "unreadable": n_("This has characters that cannot be read."),
    "too_many": n_("At most %(max)s of them can be kept."),
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
    "not_a_minute": n_("A whole minute is needed."),
    "end_before_start": n_("The end has to be after the start."),
    "deadline_odd": n_("The deadline has to be ahead, and before the visit."),
    "before_from": n_("The last day is before the first."),
    "phone_odd": n_("This does not look like a phone number. For example: +49 151 23456789"),
    "phone_short": n_("This number does not have the right length."),
    "phone_refused": n_("This kind of number cannot be used. Give a mobile or landline number."),
    "email_odd": n_("This does not look like an e-mail address. For example: name@example.com"),
    "email_unfinished": n_("Something is missing after the @. For example: name@example.com"),
    "reference_odd": n_(
        "A reference has 8 letters and figures, never 0 or O, 1, I or L among them. For example: K7MQ 4XWT"
    ),
    "no_picture": n_("This is not a JPEG, PNG or WebP picture that can be shown."),
    "file_needed": n_("Please choose a file."),
    "file_empty": n_("This file is empty. Choose another one."),
    "file_of_another_kind": n_("This is none of the files that can be taken: %(kinds)s."),
    "file_by_page_only": n_("A file can be given on the booking page only."),
    "too_many_files": n_("At most %(files)s files of %(most)s MB together can be given with one booking."),
    "picture_too_large": n_("This file is too large: at most %(most)s MB."),
    "too_many_pixels": n_("This picture has too many pixels. Make it smaller first."),
    "password_short": n_("A password has at least %(min)s characters. A sentence is easy to remember."),
    "password_guessed": n_(
        "This password would be guessed quickly. Take more words, or words that nobody connects with you."
    ),
    "password_wrong": n_("The password is not right."),
    "password_differs": n_("The two passwords differ."),
    "account_exists": n_("There is an account with this address already."),
    "stars_needed": n_("Choose one to five stars."),
    "cell_error": n_("Something went wrong in the cell of the table: %(found)s."),
    "phone_rounded": n_(
        "The table program made a number of it (%(found)s), and figures are lost. Format the column as text and type it again."
    ),
    "phone_zero": n_("The zero at its beginning is lost: %(found)s. Format the column as text."),
    "not_a_day": n_("A date is needed, for example 2026-12-24."),
    "day_either": n_("%(found)s can be read as two dates. Write it like 2026-12-24."),
    "not_between": n_("A whole number from %(min)s to %(max)s is needed."),
    "not_an_amount": n_("An amount is needed, for example 45.00."),
    "not_yes_or_no": n_("Write yes or no."),
    "not_one_of": n_("“%(found)s” is none of: %(options)s."),
    "unknown_place": n_("There is no place “%(found)s”."),
    "unknown_service": n_("There is no service “%(found)s”."),
    "unknown_person": n_("There is nobody and nothing called “%(found)s”."),
    "place_needed": n_("Say at which place: this service is offered at several."),
    "not_offered_there": n_("This service is not offered at that place."),
    "no_such_time": n_("The clocks change then: that time does not exist."),
    "not_over_yet": n_("This time has not come yet, so nobody can have come or stayed away."),
    "slug_odd": n_("Small letters, figures and hyphens only, for example room-9."),
    "twice": n_("“%(found)s” stands in the file twice."),
    "role_too_high": n_("You cannot give this role."),
    "column_needed": n_("Choose the column that holds it."),
    "column_twice": n_("This column is chosen for another field, too."),
    "name_taken": n_("There is one of this name already."),
    "code_wrong": n_("This code is not right. Wait for the next one and type that."),
    "picture_odd": n_("This picture cannot be used. PNG, JPEG, WebP or a plain SVG up to 10 MB are possible."),
    "not_a_locale": n_("This language is not offered."),
    "not_a_zone": n_("This is not a time zone, for example Europe/Berlin."),
}
