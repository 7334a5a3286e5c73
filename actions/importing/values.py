"""Cells made into values: what a table program has made of a phone, a date or a number is seen through, or named."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from typing import Any

from actions import contacts
from actions.importing.workbook import Broken
from rules import text
from rules.errors import FieldError

_ROUNDED = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]{1,3}\Z")
_WORDS_OF_ERRORS = ("#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!")
_DAYS = (
    (re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"), ("year", "month", "day")),
    (re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})"), ("day", "month", "year")),
)
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_CLOCK = re.compile(r"(\d{1,2})[:.时](\d{2})(?:[:.](\d{2}))?分?\s*([AaPp]\.?[Mm]\.?)?")
_TRUE = {"yes", "y", "true", "1", "x", "ja", "是", "对", "√", "✓"}
_FALSE = {"", "no", "n", "false", "0", "nein", "否", "不"}


def empty(cell: Any) -> bool:
    """True for a cell with nothing in it."""
    return cell is None or (isinstance(cell, str) and text.blank(cell))


def broken(cell: Any) -> FieldError | None:
    """What is wrong with a cell whatever it is for."""
    if isinstance(cell, Broken) or (isinstance(cell, str) and cell.strip() in _WORDS_OF_ERRORS):
        return FieldError("cell_error", {"found": str(cell).strip()})
    return None


def line(cell: Any, *, longest: int = 100) -> str | FieldError:
    """One line of text; whole numbers as they are written."""
    return text.line(_said(cell), longest=longest)


def paragraph(cell: Any) -> str | FieldError:
    """Text of several lines."""
    return text.paragraph(_said(cell))


def _said(cell: Any) -> str:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def phone(cell: Any, *, region: str) -> str | FieldError:
    """A phone in E.164. A table program that took it for a number may have lost its figures: then it says so."""
    if isinstance(cell, float):
        if not cell.is_integer() or abs(cell) >= 1e15 or cell < 0:
            return FieldError("phone_rounded", {"found": f"{cell:g}"})
        cell = str(int(cell))
    if not isinstance(cell, str):
        return FieldError("phone_odd")
    plain = unicodedata.normalize("NFKC", cell).strip().removeprefix("'").strip()
    if _ROUNDED.match(plain):
        return FieldError("phone_rounded", {"found": plain[:20]})
    found = contacts.phone(plain, region=region)
    if isinstance(found, FieldError) and plain.isdigit():
        with_zero = contacts.phone("0" + plain, region=region)
        if not isinstance(with_zero, FieldError):
            return FieldError("phone_zero", {"found": plain[:20]})
    return found


def day(cell: Any) -> date | datetime | FieldError:
    """A day, with its time where it has one. Only what can be read one way is read."""
    if isinstance(cell, date):
        return cell
    if not isinstance(cell, str):
        return FieldError("not_a_day")
    plain = unicodedata.normalize("NFKC", cell).strip().replace("T", " ")
    slashed = _SLASHED.match(plain)
    if slashed:
        one, other = int(slashed[1]), int(slashed[2])
        if one <= 12 and other <= 12 and one != other:
            return FieldError("day_either", {"found": slashed[0]})
        month, number = (other, one) if one > 12 else (one, other)
        return _with_clock(int(slashed[3]), month, number, plain[slashed.end() :])
    for pattern, names in _DAYS:
        if found := pattern.match(plain):
            parts = dict(zip(names, map(int, found.groups()), strict=True))
            return _with_clock(parts["year"], parts["month"], parts["day"], plain[found.end() :])
    return FieldError("not_a_day")


def _with_clock(year: int, month: int, number: int, rest: str) -> date | datetime | FieldError:
    try:
        found = date(year, month, number)
    except ValueError:
        return FieldError("not_a_day")
    if not rest.strip():
        return found
    clock = at(rest)
    return clock if isinstance(clock, FieldError) else datetime.combine(found, clock)


def at(cell: Any) -> time | FieldError:
    """A time of the day, to the minute."""
    if isinstance(cell, datetime):
        cell = cell.time()
    if isinstance(cell, timedelta) and timedelta() <= cell < timedelta(days=1):
        cell = (datetime.min + cell).time()
    if isinstance(cell, time):
        return cell.replace(second=0, microsecond=0)
    if isinstance(cell, float) and 0 <= cell < 1:
        minutes = round(cell * 1440)
        return time(minutes // 60 % 24, minutes % 60)
    found = _CLOCK.fullmatch(unicodedata.normalize("NFKC", cell).strip()) if isinstance(cell, str) else None
    if found is None:
        return FieldError("not_a_time")
    hour, minute = int(found[1]), int(found[2])
    if found[4]:
        hour = hour % 12 + (12 if found[4][0] in "pP" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else FieldError("not_a_time")


def whole(cell: Any, *, least: int, most: int) -> int | FieldError:
    """A whole number between two others."""
    plain = _said(cell).strip()
    number = int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 10 else None
    if number is None or not least <= number <= most:
        return FieldError("not_between", {"min": least, "max": most})
    return number


def money(cell: Any, *, digits: int) -> int | FieldError:
    """An amount in minor units: a point or a comma before the last figures."""
    if isinstance(cell, float):
        return round(cell * 10**digits) if 0 <= cell < 1e9 else FieldError("not_an_amount")
    plain = re.sub(r"[\s\u00a0€$¥£]", "", cell) if isinstance(cell, str) else ""
    plain = re.sub(r"[.,](?=\d{3}(?:\D|\Z))", "", plain).replace(",", ".")
    if not re.fullmatch(r"\d{1,9}(?:\.\d{1,2})?", plain):
        return FieldError("not_an_amount")
    return round(float(plain) * 10**digits)


def yes(cell: Any) -> bool | FieldError:
    """Yes or no."""
    plain = _said(cell).strip().casefold()
    if plain in _TRUE or plain in _FALSE:
        return plain in _TRUE
    return FieldError("not_yes_or_no")
