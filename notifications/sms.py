"""Text messages: by Twilio, or as files while no account is set."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

import config
from notifications.outcome import Misconfigured, Permanent, Sent, Temporary, Unknown

RETRY_AFTER = (30, 60, 300, 900, 1800, 3600)
TIMEOUT = 20
SKEW = timedelta(minutes=10)
# Classes of https://www.twilio.com/docs/api/errors: what a code means for this message and its recipient.
BAD_NUMBER = {21211, 21614, 30005, 30006}
OPTED_OUT = {21610}
OTHER_WAY = {21612, 30004}
OURS = {20003, 21408, 21606, 21212, 21608, 21617, 21602, 30002, 30007, 30034}

# What Twilio calls the end of a text, and what it is to us.
ENDS = {
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
}


@dataclass(frozen=True, slots=True)
class Text:
    """One text message. ``useful_for`` seconds it is worth delivering. ``others``: the carrier's ids of other messages to
    this number, which may say the same. ``receipts`` is where the carrier tells what became of this try."""

    to: str
    body: str
    reference: str
    useful_for: int
    sent_at: datetime
    others: frozenset[str] = frozenset()
    receipts: str | None = None


class _Elsewhere(TwilioHttpClient):
    """Sends to another base address, for a double of the service."""

    def __init__(self, base: str | None) -> None:
        super().__init__(timeout=TIMEOUT, max_retries=0)
        self._base = urlsplit(base) if base else None

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        if self._base is not None:
            parts = urlsplit(url)
            url = urlunsplit((self._base.scheme, self._base.netloc, parts.path, parts.query, ""))
        return super().request(method, url, *args, **kwargs)


@lru_cache(maxsize=4)
def client(account: str, token: str, base: str | None) -> Client:
    """Twilio's own client, its base address settable."""
    return Client(account, token, http_client=_Elsewhere(base))


def send(text: Text, settings: config.Settings, *, look_up: bool = False) -> Sent:
    """Hands one text to Twilio, or writes it as a file. ``look_up`` first asks whether an earlier try arrived.

    Raises Temporary, Unknown, Permanent or Misconfigured.
    """
    if not settings.sms:
        return _write(text, settings)
    assert settings.twilio_account_sid and settings.twilio_auth_token
    carrier = client(settings.twilio_account_sid, settings.twilio_auth_token, settings.twilio_api_base)
    try:
        if look_up:
            known = _found(carrier, text)
            if known is not None:
                return Sent(known)
        made = carrier.messages.create(
            to=text.to,
            body=text.body,
            validity_period=max(60, min(36000, text.useful_for)),
            status_callback=text.receipts if settings.production else None,
            **_sender(settings),
        )
    except TwilioRestException as error:
        raise _classified(error) from error
    except (TwilioException, requests.RequestException) as error:
        refused = isinstance(error, requests.exceptions.ConnectTimeout) or "refused" in str(error)
        raise (Temporary if refused else Unknown)("connect", type(error).__name__) from error
    return Sent(made.sid)


def _sender(settings: config.Settings) -> dict[str, str]:
    if settings.twilio_messaging_service_sid:
        return {"messaging_service_sid": settings.twilio_messaging_service_sid}
    return {"from_": settings.twilio_from or ""}


def _found(carrier: Client, text: Text) -> str | None:
    """The id of a copy of this very message that has arrived, or None."""
    since = text.sent_at - SKEW
    for each in carrier.messages.list(to=text.to, date_sent_after=since, limit=50):
        # A trial account puts its own words before ours.
        ours = str(each.body or "").endswith(text.body) and str(each.sid) not in text.others
        if ours and each.status not in ("failed", "undelivered"):
            return str(each.sid)
    return None


def became(sid: str, settings: config.Settings) -> tuple[str | None, str | None]:
    """What became of a text that Twilio took: "delivered", "failed" or None while it does not know, and the code of a failure.

    Raises Permanent where Twilio knows no such text, Temporary where it gives no answer.
    """
    assert settings.twilio_account_sid and settings.twilio_auth_token
    carrier = client(settings.twilio_account_sid, settings.twilio_auth_token, settings.twilio_api_base)
    try:
        found = carrier.messages(sid).fetch()
    except TwilioRestException as error:
        if error.status == 404:
            raise Permanent(str(error.code or 404), str(error.msg)[:200]) from error
        raise Temporary(str(error.code or error.status), str(error.msg)[:200]) from error
    except (TwilioException, requests.RequestException) as error:
        raise Temporary("connect", type(error).__name__) from error
    return ENDS.get(str(found.status)), str(found.error_code) if found.error_code else None


def suppression(code: object) -> str | None:
    """The state that a number gets by an error code, of an answer or of a receipt: "bad", "opted_out", or None."""
    if str(code) in map(str, BAD_NUMBER):
        return "bad"
    return "opted_out" if str(code) in map(str, OPTED_OUT) else None


def _classified(error: TwilioRestException) -> Exception:
    code, why = error.code or error.status, str(error.msg)[:200]
    suppress = suppression(code)
    if suppress is not None:
        return Permanent(str(code), why, suppress)
    if code in OTHER_WAY:
        return Permanent(str(code), why)
    if code in OURS or error.status == 401:
        return Misconfigured(str(code), why, 900)
    if error.status == 429:
        return Temporary(str(code), why)
    if error.status >= 500:
        return Unknown(str(code), why)
    if 400 <= error.status < 500 and code not in (21611, 21730, 30001, 30003, 30008):
        return Permanent(str(code), why)
    return Temporary(str(code), why)


def _write(text: Text, settings: config.Settings) -> Sent:
    settings.outgoing.mkdir(parents=True, exist_ok=True)
    part = settings.outgoing / f".{text.reference}.part"
    part.write_text(f"{text.to}\n{text.body}\n", encoding="utf-8")
    part.replace(settings.outgoing / f"{text.reference}.txt")
    return Sent(text.reference)
