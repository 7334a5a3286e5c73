"""Phones and mailboxes as people type them, made into one spelling each."""

from __future__ import annotations

import unicodedata

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import NumberParseException, PhoneNumberType

from rules.errors import FieldError

# Numbers that one may text: mobiles, and those of countries that do not tell mobiles from landlines (+1).
_TEXTABLE = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
_REFUSED = {
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.PERSONAL_NUMBER,
    PhoneNumberType.PAGER,
    PhoneNumberType.UAN,
    PhoneNumberType.VOICEMAIL,
}
_PLAIN = set("0123456789+-()./ \u00a0\u3000")


def phone(typed: object, *, region: str) -> str | FieldError:
    """E.164 of what was typed, read in ``region`` (ISO country) where it names no country; or what is wrong with it."""
    if not isinstance(typed, str):
        return FieldError("not_text")
    plain = unicodedata.normalize("NFKC", typed).strip()
    if len(plain) > 40 or any(each not in _PLAIN and not each.isdecimal() for each in plain):
        return FieldError("phone_odd")
    plain = "".join(str(unicodedata.decimal(each)) if each.isdecimal() else each for each in plain)
    try:
        number = phonenumbers.parse(plain, region)
    except NumberParseException:
        return FieldError("phone_odd")
    if not phonenumbers.is_valid_number(number):
        why = phonenumbers.is_possible_number_with_reason(number)
        wrong_length = why in (phonenumbers.ValidationResult.TOO_SHORT, phonenumbers.ValidationResult.INVALID_LENGTH)
        return FieldError("phone_short" if wrong_length or _shorter_than_a_mobile(number) else "phone_odd")
    if phonenumbers.number_type(number) in _REFUSED or number.country_code in (882, 883, 979):
        return FieldError("phone_refused")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _shorter_than_a_mobile(number: phonenumbers.PhoneNumber) -> bool:
    region = phonenumbers.region_code_for_country_code(number.country_code or 0)
    mobile = phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE)
    return mobile is not None and len(str(number.national_number)) < len(str(mobile.national_number))


def may_text(e164: str) -> bool:
    """True when the number can take an SMS."""
    return phonenumbers.number_type(phonenumbers.parse(e164)) in _TEXTABLE


def pretty(e164: str) -> str:
    """A number as people of other countries read it."""
    return phonenumbers.format_number(phonenumbers.parse(e164), phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def email(typed: object) -> str | FieldError:
    """One mailbox with its domain in lower case, the local part untouched; or what is wrong with it. Asks no name server."""
    if not isinstance(typed, str):
        return FieldError("not_text")
    plain = typed.strip()
    if (
        len(plain) > 254
        or any(each in plain for each in ',;<>"[]\r\n\t ')
        or any(unicodedata.category(each) == "Cc" for each in plain)
    ):
        return FieldError("email_odd")
    if "@" not in plain or "." not in plain.rpartition("@")[2]:
        return FieldError("email_unfinished")
    try:
        return validate_email(plain, check_deliverability=False).normalized
    except EmailNotValidError:
        return FieldError("email_odd")
