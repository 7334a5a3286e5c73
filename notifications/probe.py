"""Asks the mail server and Twilio whether they know us, without sending anything to anybody."""

from __future__ import annotations

import smtplib

import requests
from twilio.base.exceptions import TwilioRestException

import config
from notifications import mail, sms


class Unreachable(Exception):
    """What was asked does not answer, or refuses us; the text says which."""


def ask_mail(settings: config.Settings) -> str:
    """One sentence on where mail goes. Raises Unreachable."""
    if settings.mail_url is None:
        return f"written to {settings.outgoing}"
    try:
        with mail.connected(settings.mail_url) as server:
            code, words = server.noop()
    except (OSError, smtplib.SMTPException) as error:
        raise Unreachable(f"{type(error).__name__}: {error}"[:200]) from error
    if code != 250:
        raise Unreachable(f"{code} {words.decode('utf-8', 'replace')}"[:200])
    return f"as {settings.mail_from}"


def ask_sms(settings: config.Settings) -> str:
    """One sentence on where text messages go. Raises Unreachable."""
    if not settings.sms:
        return f"written to {settings.outgoing}"
    assert settings.twilio_account_sid and settings.twilio_auth_token
    carrier = sms.client(settings.twilio_account_sid, settings.twilio_auth_token, settings.twilio_api_base)
    try:
        account = carrier.api.v2010.accounts(settings.twilio_account_sid).fetch()
    except (TwilioRestException, requests.RequestException) as error:
        raise Unreachable(str(error).splitlines()[0][:200]) from error
    if str(account.status) != "active":
        raise Unreachable(f"the account is {account.status}")
    return f"Twilio, from {settings.twilio_from or settings.twilio_messaging_service_sid}"
