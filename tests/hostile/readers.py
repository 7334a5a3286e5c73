"""Everybody who reads what a customer typed: pages, mails, texts, calendars. Nobody gets more than text."""

from __future__ import annotations

import email
import email.policy
from typing import Any

import icalendar
import vobject
from bs4 import BeautifulSoup
from sqlalchemy import select

from actions import feeds
from models import bookings
from models.base import db
from models.outbox import Message
from models.snapshot import catalogue
from notifications.compose import compose
from notifications.mail import Mail, built
from tests.hostile.doors import ADDRESS, tree


def blanks(text: str) -> str:
    """As a browser shows it: each run of blanks as one."""
    return " ".join(text.split())


def nothing_runs(html: BeautifulSoup) -> None:
    """No element, attribute or address in a page has come from what was typed."""
    assert all(script.get("src", "").startswith("/static/") for script in html.find_all("script"))
    assert html.find("img", src="x") is None
    assert html.find(onerror=True) is None
    assert html.find(onload=True) is None
    assert html.find(href=lambda value: value and value.strip().lower().startswith("javascript")) is None


def shown(page: Any, *texts: str) -> None:
    """Each text is on the page, as text."""
    html = tree(page)
    nothing_runs(html)
    read = blanks(html.get_text(" ")) + " " + blanks(html.get_text())
    for text in texts:
        assert blanks(text) in read, text[:200]


def sent(app: Any, now: Any, typed: str) -> list[str]:
    """Composes every message that there is; nothing in them runs, leads elsewhere or adds a header. Gives their texts."""
    settings, known, texts = app.config["SETTINGS"], catalogue(db.session()), []
    for message in db.session.execute(select(Message)).scalars().all():
        told = compose(message, bookings.by_id(db.session(), message.object_id), known, settings, now=now)
        assert told.subject.splitlines() in ([], [told.subject])
        body = told.text.replace(settings.base_url, "")
        html = BeautifulSoup(told.html, "html.parser")
        nothing_runs(html)
        for read in (told.subject, body, html.get_text(" ")):
            found = [each for each in ADDRESS.findall(read.replace(settings.base_url, "")) if each in typed]
            assert not found, f"{found} in a message of {message.kind}"
        assert not [a["href"] for a in html.find_all("a") if not a["href"].startswith(("http://localhost/", "tel:"))]
        texts += [told.subject, told.text]
        if message.channel == "mail":
            posted(message.recipient, told, now)
    return texts


def posted(recipient: str, told: Any, now: Any) -> None:
    """The mail as it goes over the wire has the headers that we gave it and no others."""
    mail = Mail(recipient, told.subject, told.text, told.html, "<1@localhost>", now, told.from_name, told.calendar)
    read = email.message_from_bytes(built(mail, "desk@example.com").as_bytes(), policy=email.policy.default)
    assert not read.defects
    assert set(map(str.lower, read.keys())) == {
        *("from", "to", "subject", "date", "message-id", "auto-submitted", "mime-version", "content-type"),
    }
    assert [each.addr_spec for each in read["To"].addresses] == [recipient]
    assert read["From"].addresses[0].addr_spec == "desk@example.com"


def subscribed(client: Any, now: Any, *titles: str) -> None:
    """The feed reads with two libraries, and each title comes back as it was."""
    secret = feeds.add(location="here", now=now)
    data = client.get(f"/feeds/{secret}.ics").data
    first = [str(event["summary"]) for event in icalendar.Calendar.from_ical(data).walk("VEVENT")]
    second = [event.summary.value for event in vobject.readOne(data.decode()).vevent_list]
    assert first == second
    for title in titles:
        assert any(title in each for each in first), title
