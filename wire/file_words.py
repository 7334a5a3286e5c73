"""What the reader of business files finds wrong, said to somebody at the desk in her language.

The reader names mistakes in English, for whoever writes files. Whatever is not found here is said as it stands there.
"""

from __future__ import annotations

import re
from typing import Protocol

from wire.marking import n_


class Says(Protocol):
    """A wording, as far as it is needed here."""

    def gettext(self, msgid: str, **params: str) -> str:
        """The text with its named places filled."""


def said(say: Says, reason: str) -> str:
    """The sentence for a reason of the business file's reader."""
    for pattern, sentence in _SENTENCES:
        found = pattern.fullmatch(reason)
        if found:
            return say.gettext(sentence, **found.groupdict())
    return reason


_SENTENCES = [
    (re.compile(pattern, re.DOTALL), sentence)
    for pattern, sentence in (
        ("is missing|a label is missing", n_("This is needed.")),
        ("is empty", n_("This is empty.")),
        ("at least one (need|is needed)", n_("At least one is needed.")),
        ("unknown key", n_("This is not known here.")),
        (r"must be text|cannot be used as text \(at most \d+ characters\)", n_("This is too long, or has characters that cannot be read.")),
        ("is not a language", n_("This is not a language.")),
        (r"must be a whole number from (?P<low>-?\d+) to (?P<high>\d+), not .*", n_("A whole number from %(low)s to %(high)s is needed.")),
        ("must be (true or false|a number), not .*|true or false", n_("This cannot be used.")),
        (r"must be hours like 09:00-17:00, not (?P<typed>.*)", n_("Write hours like 09:00-17:00, not %(typed)s.")),
        ("must be a time like 09:00, not .*|24:00 can only be an end", n_("A time is needed, for example 09:30.")),
        ("must be a date like (2026-12-24|12-24), not .*", n_("A date is needed, for example 2026-12-24, or 12-24 for every year.")),
        ("has no hours", n_("It has no hours yet: say on which days, and when.")),
        ("ends when it starts|ends before it starts", n_("The end has to be after the start.")),
        ("windows overlap", n_("Two of these times overlap.")),
        ("needs from and to|from and to must be of one form", n_("Give the first and the last day, or both with a time.")),
        ("must be a mapping of .*|must be a (list|mapping)", n_("This cannot be used.")),
        (r"(?P<what>.*) stands twice|a length stands twice", n_("This stands here twice.")),
        ("must be a time zone like Europe/Berlin, not .*", n_("This is not a time zone, for example Europe/Berlin.")),
        ("must be a country code like DE, not .*", n_("This is not a country, for example DE.")),
        ("must be a currency like EUR, not .*", n_("This is not a currency, for example EUR.")),
        ("must be a colour like #0b6e4f, not .*", n_("This is not a colour, for example #0b6e4f.")),
        ("must be an address like https://example.com, not .*", n_("This is not a web address, for example https://example.com.")),
        ("must be the name of a picture beside the file, not .*", n_("This is not the name of a picture.")),
        ("is not an e-mail address", n_("This does not look like an e-mail address. For example: name@example.com")),
        ("must be latitude and longitude", n_("Give latitude and longitude, for example 52.5296, 13.4013.")),
        ("no holidays are known for .*", n_("No holidays are known for this.")),
        ("must be one of .*, not .*", n_("Choose one of the options.")),
        ("must be lower-case letters, digits, - and _ .*", n_("Only lower-case letters, digits, - and _ are possible here.")),
        (r"there is no location (?P<what>.*)", n_("There is no place %(what)s any more.")),
        (r"there is no resource (?P<what>.*)", n_("There is no person or thing %(what)s any more.")),
        ("needs either location or locations", n_("Choose at least one place.")),
        ("belongs under each of its locations", n_("These hours belong to one of the places.")),
        (r"(?P<names>\d+) names for a capacity of (?P<units>\d+)", n_("These are %(names)s names for %(units)s units: give each a name, or none.")),
        ("a class has one length", n_("With several seats there can be one length only.")),
        ("is only for place: online", n_("This link is for services that take place online.")),
        ("is missing, and place is online", n_("A service that takes place online needs its link.")),
        ("has to be asked where place is phone", n_("A service by phone has to ask for the phone number.")),
        ("a phone or an e-mail has to be asked", n_("A phone number or an e-mail address has to be asked.")),
        ("is too high: one booking could cost more than can be kept", n_("This price is too high.")),
        (r'must be a price like (?P<like>\S+), not .*', n_("Write a price like %(like)s.")),
        ('must be minutes like 45 or days like "2d", not .*', n_("A length in minutes or days is needed.")),
        ("takes any_of or skills, not both", n_("Choose names or skills, not both.")),
        (r"(?P<what>.*) is not of kind \w+", n_("%(what)s is of another kind.")),
        (r"(?P<what>.*) works at none of the locations", n_("%(what)s works at none of these places.")),
        ("no resource at its locations can serve this need", n_("Nobody and nothing at its places could serve this then.")),
        (r"no resource at its locations has (?P<count>\d+) units", n_("Nothing at its places has %(count)s units then.")),
        ("nothing would be left for this", n_("Nothing would be left for this. Change it there first.")),
        (r"(?P<what>\S+) is asked twice", n_("This stands here twice.")),
        ("only for choice and choices", n_("Options belong to questions with a choice.")),
        ("is below min", n_("The largest has to be at least the smallest.")),
        ("value and label|a text that no other option has", n_("Each option needs a text that no other one has.")),
        ("no such field .*", n_("The question that this depends on is gone, or stands below it.")),
        ("operator .* does not fit .*|a value is missing|.* is not one of its options|.* is not (a text .*|a number|true or false)", n_("Choose an answer that fits the question that this depends on.")),
        ("too large a condition", n_("These are too many conditions.")),
        (r"2 to (?P<most>\d+) stars", n_("From 2 to %(most)s stars are possible.")),
        ("a number, for integer and number questions", n_("A number is needed.")),
        (r"1 to (?P<most>\d+), for file and picture questions", n_("A whole number from 1 to %(most)s is needed.")),
        (r"1 to (?P<most>\d+), for text questions", n_("A whole number from 1 to %(most)s is needed.")),
        ("a list with at least one option", n_("At least one answer to choose from is needed.")),
    )
]  # fmt: skip
