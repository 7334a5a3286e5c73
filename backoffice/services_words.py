"""What the tabs, fields and choices of a service are called."""

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
UNITS = {1: n_("minutes"), 60: n_("hours"), 1440: n_("days")}
PLACES = {
    "here": n_("at our place"),
    "customer": n_("at the customer's address"),
    "phone": n_("by phone"),
    "online": n_("online, by a link"),
}
PRICES = {
    "booking": n_("a booking"),
    "seat": n_("a place"),
    "hour": n_("an hour"),
    "day": n_("a day"),
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
FIELDS = {
    "name": n_("What it is called"),
    "group": n_("Heading"),
    "description": n_("Description"),
    "before_visit": n_("Before the visit"),
    "picture": n_("Picture"),
    "who": n_("Who may book it"),
    "place": n_("Where it takes place"),
    "online_link": n_("Link"),
    "discreet": n_("Discreet"),
    "duration": n_("Length"),
    "overnight": n_("Over night"),
    "buffer_before": n_("To prepare"),
    "buffer_after": n_("To tidy up"),
    "slot_step": n_("Starts every"),
    "starts": n_("Starts"),
    "min_notice": n_("Shortest notice"),
    "horizon_days": n_("Days ahead"),
    "hours": n_("When it is offered"),
    "special_hours": n_("Special hours"),
    "seats": n_("Seats"),
    "price": n_("Price"),
    "price_per": n_("Price for"),
    "locations": n_("Places of the house"),
    "needs": n_("Needs"),
    "assign": n_("Who gets it"),
    "approval": n_("Approval"),
    "cancel_until": n_("Cancelling"),
    "reschedule_until": n_("Moving"),
    "limits": n_("Limits"),
    "reminders": n_("Reminders"),
    "staff_reminders": n_("Reminders to staff"),
    "ask": n_("Contacts asked for"),
    "questions": n_("Questions"),
}
