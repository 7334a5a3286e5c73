"""What the tabs of a service, and the types and conditions of its questions, are called."""

from __future__ import annotations

from wire.wording import n_

TABS = {
    "read": n_("What customers read"),
    "time": n_("Time and price"),
    "needs": n_("Who and what it needs"),
    "rules": n_("Booking rules"),
    "questions": n_("Questions"),
    "versions": n_("Versions"),
}
TYPES = {
    "text": n_("one line of text"),
    "long_text": n_("several lines of text"),
    "integer": n_("a whole number"),
    "number": n_("a number"),
    "yes_no": n_("yes or no"),
    "choice": n_("one of several answers"),
    "choices": n_("any of several answers"),
    "date": n_("a date"),
    "time": n_("a time"),
    "phone": n_("a phone number"),
    "email": n_("an e-mail address"),
    "rating": n_("stars"),
    "file": n_("a file"),
    "picture": n_("a picture"),
    "section": n_("no answer: a heading"),
}
OPERATORS = {
    "eq": n_("is"),
    "ne": n_("is not"),
    "ge": n_("is at least"),
    "gt": n_("is more than"),
    "le": n_("is at most"),
    "lt": n_("is less than"),
    "contains": n_("contains"),
    "starts": n_("starts with"),
    "filled": n_("is answered"),
    "empty": n_("is not answered"),
}
