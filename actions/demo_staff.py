"""The accounts of the demo, with a password that everybody knows: they say so, and go with the demo."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session as OrmSession

from actions import accounts, passwords
from actions.transaction import run
from models.base import db
from models.people import Staff
from models.snapshot import catalogue

PASSWORD = "demonstration"  # noqa: S105  known to everybody, and refused in production
PEOPLE = (
    ("owner@example.com", "Mara Lindner", "owner"),
    ("manager@example.com", "Jonas Keller", "manager"),
    ("desk@example.com", "Ines Costa", "front_desk"),
    ("staff@example.com", "", "staff"),
    ("auditor@example.com", "Ruth Adler", "auditor"),
)


def add_demo_staff(*, now: datetime) -> None:
    """Adds one account per role; that of the staff member is the first person whom the demo books."""
    known = catalogue(db.session())
    person = next((each for each in known.resources.values() if each.kind == "staff"), None)
    home = known.business.locale
    made = []
    for email, name, role in PEOPLE:
        called = name or (_text(person.name, home) if person else "Staff")
        made.append(
            accounts.add(
                email=email,
                name=called,
                role=role,
                resource=person.id if person and role == "staff" else None,
                invite=False,
                by=None,
                actor="shell",
                now=now,
            ).id
        )
    hash_ = passwords.kept(PASSWORD)

    def work(session: OrmSession) -> None:
        values = {"password_hash": hash_, "extra": {"demo": True}}
        session.execute(
            update(Staff).where(Staff.id.in_(made)).values(**values).execution_options(synchronize_session=False)
        )

    run(work)


def _text(value: object, home: str) -> str:
    return value if isinstance(value, str) else str(dict(value).get(home) or next(iter(dict(value).values())))  # type: ignore[call-overload]
