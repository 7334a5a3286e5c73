"""Imports in words: kinds and their fields, what was left out of a file, doubles and what is done with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rules.errors import BadFile, FieldError
from wire.wording import Wording, n_

KINDS = {
    "customers": n_("Customers"),
    "resources": n_("People, rooms and things"),
    "accounts": n_("Accounts of staff"),
    "bookings": n_("Bookings, past and to come"),
}
ABOUT = {
    "customers": n_("Name, phone, e-mail, company, level, region, note."),
    "resources": n_("What can be booked: its kind, place, skills and how many there are of it."),
    "accounts": n_("Who may sign in, with role, team and who leads it."),
    "bookings": n_("With what became of them. Those to come take their time."),
}
FIELDS = {
    "name": n_("Name"),
    "phone": n_("Phone"),
    "email": n_("E-mail"),
    "company": n_("Company"),
    "level": n_("Level"),
    "region": n_("Region"),
    "note": n_("Note"),
    "slug": n_("Short name"),
    "kind": n_("Kind"),
    "location": n_("Place"),
    "skills": n_("Skills"),
    "capacity": n_("How many"),
    "weight": n_("Weight"),
    "role": n_("Role"),
    "team": n_("Team"),
    "leader": n_("Leads the team"),
    "resource": n_("Booked as"),
    "service": n_("Service"),
    "day": n_("Date"),
    "time": n_("Start"),
    "minutes": n_("Minutes"),
    "with": n_("With"),
    "seats": n_("Seats"),
    "status": n_("Status"),
    "price": n_("Price"),
}
EXPLAINED = {
    "phone": n_("As text, with the country (+49 …) or as it is dialled here. Phone or e-mail is needed for customers."),
    "note": n_("Anything that whoever serves this customer should know."),
    "slug": n_("Small letters, figures and hyphens. Made from the name where it is empty."),
    "kind": n_("staff, room, equipment or vehicle"),
    "location": n_("The name or the code of a place. Needed where there are several."),
    "skills": n_("Several with commas between them."),
    "role": n_("owner, manager, front_desk, staff or auditor"),
    "team": n_("A team that is not there yet is made."),
    "leader": n_("yes or no"),
    "resource": n_("The name or the code of the person as customers book her."),
    "service": n_("The name or the code of a service."),
    "day": n_("2026-12-14, 14.12.2026 or 2026年12月14日, or a date cell; the time may stand behind it."),
    "time": n_("10:30 or 2:30 pm"),
    "minutes": n_("Empty: as long as the service lasts."),
    "with": n_("The name or the code of a person, room or thing. Empty: whoever is free."),
    "status": n_("confirmed, completed, no_show or cancelled. Empty: confirmed, and completed once it is over."),
    "price": n_("For example 45.00. Empty: the price of the service."),
}
NOTES = {
    "other_sheets": n_("The file has several sheets. Only the first visible one is read."),
    "images": n_("Pictures in the file are left out."),
    "links": n_("Links to other files are left out; the values that stand there are read."),
    "embedded": n_("What is embedded in the file is left out."),
    "merged": n_("Some cells are merged: their value counts for the first of them."),
    "formulas": n_("Some cells hold formulas: their values are read as they were saved."),
}
DOUBLES = {
    "known": n_("Already there"),
    "shared": n_("The same contact, another name"),
    "twin": n_("Twice in the file"),
}
CHOICES = {
    "take": n_("Take the one that is there"),
    "new": n_("Make a new one"),
    "leave": n_("Leave the row out"),
}
ROWS = {
    "made": n_("Made"),
    "used": n_("Taken as they were"),
    "left": n_("Left out"),
    "clash": n_("Refused while writing"),
    "refused": n_("Refused before"),
    "ready": n_("To be written"),
    "unchosen": n_("Not chosen"),
}
STATES = {
    "mapping": n_("Headers to match"),
    "checking": n_("Being looked at"),
    "ready": n_("Ready to start"),
    "running": n_("Being written"),
    "done": n_("Done"),
    "failed": n_("Stopped"),
    "dropped": n_("Dropped"),
}
ENCODINGS = {
    "utf-8-sig": "UTF-8",
    "gb18030": "GBK / GB 18030",
    "utf-16": "UTF-16",
    "windows-1252": "Windows-1252",
}
SEPARATORS = {",": n_("comma"), ";": n_("semicolon"), "\t": n_("tab"), "|": n_("vertical bar")}


def why(say: Wording, which: str, params: Mapping[str, Any]) -> str:
    """Why a file was not taken."""
    return say.sentence(BadFile(which=which, **{"most": "", **params}))


def reasons(say: Wording, wrong: list[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """What is wrong with a row: the field, and why."""
    found = []
    for each in wrong:
        title = FIELDS.get(each["field"])
        found.append((say.gettext(title) if title else "", _reason(say, each)))
    return found


def _reason(say: Wording, each: Mapping[str, Any]) -> str:
    if each["field"]:
        return say.field(FieldError(each["code"], each["params"]))
    return say.gettext(PLAIN.get(each["code"], PLAIN["odd"]))


# Refusals of a whole row, without the values that a page about one booking would name.
PLAIN = {
    "slot_taken": n_("Somebody has this time."),
    "nobody_can": n_("Nobody who could do it is there."),
    "unknown_resource": n_("Whoever is named cannot do this service."),
    "bad_duration": n_("The service does not have this length."),
    "too_many_seats": n_("There are not so many seats."),
    "off_grid": n_("A visit does not begin at this time."),
    "not_allowed": n_("You may not do this."),
    "odd": n_("This cannot be written as it is."),
}
