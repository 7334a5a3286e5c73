"""A served house full of customers who all want something at the same moment, and the account of what they were told."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import requests

from actions import feeds
from app import create_app
from tests.invariants import check_url
from tests.races.racing import Act, Answer, Store, at_once, slots
from tests.support import databases
from tests.support.houses import settings
from tests.support.web import Served


class Town:
    """One served house and its database. Each customer is somebody else, each day is used once."""

    def __init__(self, served: Served, first: date = date(2026, 12, 1)) -> None:
        self.served, self.url = served, served.url
        self.store = Store(served.environ["DATABASE_URL"])
        self.longest, self.asked = 0.0, 0
        self._people = itertools.count()
        self._days = (first + timedelta(days=n) for n in itertools.count())
        self.yes: set[str] = set()

    def customer(self) -> dict[str, str]:
        """A customer of her own."""
        n = next(self._people)
        return {"name": f"Customer {n}", "phone": f"+49 151 {20_000_000 + n}", "email": f"customer{n}@example.com"}

    def day(self) -> str:
        """A day that nothing has happened on yet."""
        return next(self._days).isoformat()

    def starts(self, service: str, day: str | None = None, **query: Any) -> list[str]:
        """The free starts of a day, by default of a new one."""
        day = day or self.day()
        return [each["start"] for each in slots(self.url, service, **{"from": day, "to": day}, **query)]

    def booking(self, service: str, start: str, *, key: str | None = None, **more: Any) -> Act:
        """An attempt to book without a hold."""
        return self._confirming({"service": service, "start": start, "customer": self.customer(), **more}, key)

    def holding(self, service: str, start: str, **more: Any) -> Act:
        """An attempt to hold."""
        body = {"service": service, "start": start, **more}
        return lambda session: session.post(f"{self.url}/api/v1/holds", json=body, timeout=60)

    def confirming(self, hold: str, *, key: str | None = None) -> Act:
        """An attempt to make a hold firm."""
        return self._confirming({"hold": hold, "customer": self.customer()}, key)

    def releasing(self, hold: str) -> Act:
        """Letting a hold go."""
        return lambda session: session.delete(f"{self.url}/api/v1/holds/{hold}", timeout=60)

    def _confirming(self, body: dict[str, Any], key: str | None) -> Act:
        headers = {"Idempotency-Key": key or secrets.token_hex(8)}

        def act(session: requests.Session) -> requests.Response:
            answer = session.post(f"{self.url}/api/v1/bookings", json=body, headers=headers, timeout=60)
            if answer.status_code == 201:
                self.yes.add(answer.json()["reference"])
            return answer

        return act

    def moving(self, made: dict[str, Any], start: str) -> Act:
        """An attempt to move a booking."""
        return self._changing(made, "reschedule", {"start": start})

    def cancelling(self, made: dict[str, Any]) -> Act:
        """An attempt to cancel one."""
        return self._changing(made, "cancel", {})

    def _changing(self, made: dict[str, Any], what: str, body: dict[str, Any]) -> Act:
        address = f"{self.url}/api/v1/bookings/{made['reference']}/{what}"
        bearer = {"Authorization": f"Bearer {made['token']}"}
        return lambda session: session.post(address, json=body, headers=bearer, timeout=60)

    def book(self, service: str, start: str, **more: Any) -> dict[str, Any]:
        """A booking, made by one customer alone."""
        return self._alone(self.booking(service, start, **more))

    def hold(self, service: str, start: str, **more: Any) -> dict[str, Any]:
        """A hold, made by one customer alone."""
        return self._alone(self.holding(service, start, **more))

    def feed(self, **subject: str) -> str:
        """The address of a new calendar feed, of a ``resource`` or a ``location``."""
        app = create_app(settings(self.served.environ["DATABASE_URL"], self.served.folder))
        with app.app_context():
            secret = feeds.add(now=datetime.now(UTC), **subject)
        databases.let_go(app)
        return f"{self.url}/feeds/{secret}.ics"

    def now_of(self, made: dict[str, Any]) -> dict[str, Any]:
        """A booking as it now is."""
        bearer = {"Authorization": f"Bearer {made['token']}"}
        answer = requests.get(f"{self.url}/api/v1/bookings/{made['reference']}", headers=bearer, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def _alone(self, act: Act) -> dict[str, Any]:
        with requests.Session() as session:
            answer = act(session)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def rush(self, acts: Sequence[Act], *, may_overlap: bool = False) -> list[Answer]:
        """All of them at once. Nobody is told of a failure, whoever is refused a time is offered others where there are
        any, and no unit of anything is taken twice; only a control says that it may be."""
        answers = at_once(acts)
        self.asked += len(answers)
        self.longest = max(self.longest, *(answer.waited for answer in answers))
        failed = [answer.body for answer in answers if answer.status >= 500]
        assert not failed
        assert all(len(answer.body["alternatives"]) <= 3 for answer in answers if answer.code == "slot_taken")
        assert may_overlap or self.store.overlaps() == 0
        return answers

    def close(self) -> None:
        """Stops the server and balances the account: what was answered with yes is stored, what was refused left nothing,
        nobody waited in a circle, and every invariant holds."""
        self.served.stop()
        assert self.store.deadlocks() == 0
        stored = {row.reference for row in self.store.rows("SELECT reference FROM booking")}
        assert stored == self.yes
        check_url(self.served.environ["DATABASE_URL"])
