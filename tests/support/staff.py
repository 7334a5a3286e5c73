"""People who work at the desk: accounts of every role, and a browser that is signed in as one of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Flask

from actions import accounts, factors, passwords
from models.base import db
from models.people import Staff
from models.snapshot import catalogue
from tests.support.web import Visitor

PASSWORD = "nine green bicycles"
SINCE = datetime(2026, 11, 2, tzinfo=UTC)


def account(role: str = "owner", *, email: str | None = None, password: str | None = PASSWORD, **more: Any) -> int:
    """The id of a new account. ``resource`` and ``locations`` are slugs."""
    known = catalogue(db.session())
    person = more.pop("resource", None)
    return accounts.add(
        email=email or f"{role}@praxis.example",
        name=more.pop("name", role.replace("_", " ").title()),
        role=role,
        password=password,
        resource=known.resources[person].id if person else None,
        locations=[known.locations[slug].id for slug in more.pop("locations", ())],
        by=None,
        actor="shell",
        now=more.pop("now", SINCE),
        **more,
    ).id


def email_of(id: int) -> str:
    """The mailbox of an account."""
    return db.session.get(Staff, id).email


def signed_in(app: Flask, id: int, password: str = PASSWORD) -> Visitor:
    """A browser in which this account is signed in."""
    visitor = app.test_client()
    assert isinstance(visitor, Visitor)
    answer = visitor.post("/desk/sign-in", data={"email": email_of(id), "password": password})
    assert answer.status_code == 303, answer.text
    return visitor


def second_factor(id: int, app: Flask, now: datetime) -> tuple[str, list[str]]:
    """Turns the second factor of an account on: the generator's secret, and the recovery codes. Ends its sign-ins."""
    secret = passwords.new_secret()
    codes = factors.set_second_factor(
        id=id, secret=secret, code=code_of(secret, now), key=app.config["SECRET_KEY"], keep=0, now=now
    )
    return secret, codes


def code_of(secret: str, now: datetime, *, steps: int = 0) -> str:
    """What the generator shows, ``steps`` of thirty seconds from now."""
    import pyotp

    return pyotp.TOTP(secret).at(int(now.timestamp()) + 30 * steps)
