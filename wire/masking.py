"""Personal values that may be recognised and not read."""

from __future__ import annotations

import phonenumbers


def contact(value: str | None) -> str:
    """``138****8000``, ``h***@example.com``; empty for none."""
    if not value:
        return ""
    if "@" in value:
        local, _, domain = value.partition("@")
        return f"{local[:1]}***@{domain}"
    return f"{value[:-8]}****{value[-4:]}" if len(value) > 8 else "****"


def phone(value: str | None) -> str:
    """A number in E.164 as people of its country write it, without its middle: ``138****8000``, ``0152****7386``."""
    if not value:
        return ""
    try:
        number = phonenumbers.parse(value)
    except phonenumbers.NumberParseException:
        return contact(value)
    national = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    digits = "".join(each for each in national if each.isdigit())
    return f"{digits[:-8]}****{digits[-4:]}" if len(digits) > 8 else f"****{digits[-2:]}"


def name(value: str) -> str:
    """``张*``, ``H*** V***``: the first character of each part."""
    return " ".join(f"{part[0]}*" if _chinese(part) else f"{part[0]}***" for part in value.split())


def _chinese(part: str) -> bool:
    return "\u3400" <= part[0] <= "\u9fff"
