"""Files in the form of details: taken with the first try, kept with the hold until it is booked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request

from actions import attachments
from actions.confirm import Booked
from actions.hold import Held
from models.base import db
from models.snapshot import NoBusiness, catalogue
from portal import posted
from rules.attachments import MB, TYPES, Attached, most_mb
from rules.errors import FieldError
from rules.facts import Service
from web import attachments as files
from web.security import roomy
from web.uploading import read


@roomy("portal.book")
def room(given: Mapping[str, Any]) -> bool:
    """Whether the form of a service may send more than others: only where it asks for files."""
    try:
        service = catalogue(db.session()).services.get(str(given.get("slug")))
    except NoBusiness:
        return False
    return bool(asked(service))


def asked(service: Service | None) -> list[Mapping[str, Any]]:
    """The questions of a service that are answered with a file."""
    return [each for each in (service.questions if service else ()) if each["type"] in TYPES]


def taken(service: Service | None, held: Held) -> dict[str, Attached | FieldError]:
    """What answers the questions for files, by their keys: what was sent now, else what is kept; or why it is not taken."""
    questions = asked(service)
    if not questions:
        return {}
    folder, wrong = files.folder(), {}
    for question in questions:
        name = f"q_{question['key']}"
        sent = request.files.get(name)
        if sent is not None and sent.filename:
            found = attachments.keep(folder, held, question, sent.filename, read(sent, most_mb(question) * MB))
            if isinstance(found, FieldError):
                wrong[question["key"]] = found
        elif request.form.get(f"{posted.WITHOUT}{question['key']}"):
            attachments.drop(folder, held, question["key"])
    for sent in request.files.values():
        sent.close()
    return {**kept(service, held), **wrong}


def settle(service: Service | None, held: Held, booked: Booked) -> None:
    """Hands what was kept to the booking."""
    if asked(service):
        attachments.settle(files.folder(), held, booked.booking.id, booked.booking.answers)


def kept(service: Service | None, held: Held) -> dict[str, Attached]:
    """The files of a hold that its service still asks for."""
    questions = {each["key"] for each in asked(service)}
    return (
        {key: each for key, each in attachments.waiting(files.folder(), held).items() if key in questions}
        if questions
        else {}
    )
