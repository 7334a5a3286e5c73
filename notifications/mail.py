"""Mail: by SMTP, or as files while no account is set."""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import config
from notifications.outcome import Misconfigured, Permanent, Sent, Temporary, Unknown

# Seconds: to connect, for one answer, for all of it, to part. Together below dispatch.JOB_TIMEOUT.
CONNECT, STEP, WHOLE, GOODBYE = 10, 30, 60, 5
RETRY_AFTER = (60, 300, 900, 1800, 3600, 7200)


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one recipient. ``message_id`` is the same for every try of one message."""

    to: str
    subject: str
    text: str
    html: str
    message_id: str
    sent_at: object
    from_name: str
    calendar: bytes | None = None


def built(mail: Mail, sender: str) -> EmailMessage:
    """The message as it goes out. Raises Permanent when a header cannot be written."""
    message = EmailMessage()
    try:
        local, _, domain = sender.rpartition("@")
        message["From"] = Address(mail.from_name, local, domain)
        to_local, _, to_domain = mail.to.rpartition("@")
        message["To"] = Address("", to_local, to_domain)
        message["Subject"] = mail.subject
    except (ValueError, IndexError) as error:
        raise Permanent("header", "the address or subject cannot be written in a header", "bad") from error
    message["Date"] = format_datetime(mail.sent_at)  # type: ignore[arg-type]
    message["Message-ID"] = mail.message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    if mail.calendar is not None:
        message.add_attachment(
            mail.calendar,
            maintype="text",
            subtype="calendar",
            filename="booking.ics",
            params={"method": "PUBLISH", "charset": "utf-8"},
        )
    return message


def send(mail: Mail, settings: config.Settings) -> Sent:
    """Hands one mail to the server, or writes it as a file. Raises Temporary, Unknown, Permanent or Misconfigured."""
    sender = settings.mail_from or "frontdesk@localhost"
    message = built(mail, sender)
    if settings.mail_url is None:
        return _write(message, settings.outgoing, mail.message_id)
    return _smtp(message, mail, sender, settings.mail_url)


def _write(message: EmailMessage, folder: Path, message_id: str) -> Sent:
    folder.mkdir(parents=True, exist_ok=True)
    name = message_id.strip("<>").partition("@")[0]
    part = folder / f".{name}.part"
    part.write_bytes(message.as_bytes())
    part.replace(folder / f"{name}.eml")
    return Sent(name)


@contextmanager
def connected(url: str) -> Iterator[smtplib.SMTP]:
    """A connection to the server of a ``smtp://`` or ``smtps://`` address: encrypted where it can be, signed in.

    After ``WHOLE`` seconds it is cut, whatever the server does: a claim must not outlive its lease.
    """
    parts = urlsplit(url)
    host, secure = parts.hostname or "localhost", parts.scheme == "smtps"
    context = ssl.create_default_context()
    server: smtplib.SMTP
    if secure:
        server = smtplib.SMTP_SSL(host, parts.port or 465, timeout=CONNECT, context=context)
    else:
        server = smtplib.SMTP(host, parts.port or 587, timeout=CONNECT)
    cut = threading.Timer(WHOLE, _cut, (server,))
    cut.daemon = True
    cut.start()
    try:
        if server.sock is not None:
            server.sock.settimeout(STEP)
        server.ehlo()
        if not secure and server.has_extn("starttls"):
            server.starttls(context=context)
            server.ehlo()
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        yield server
    finally:
        cut.cancel()
        _part(server)


def _cut(server: smtplib.SMTP) -> None:
    with contextlib.suppress(OSError):
        if server.sock is not None:
            server.sock.shutdown(socket.SHUT_RDWR)


def _part(server: smtplib.SMTP) -> None:
    """Says goodbye. What goes wrong in that changes nothing: a mail that was taken is taken."""
    with contextlib.suppress(smtplib.SMTPException, OSError):
        if server.sock is not None:
            server.sock.settimeout(GOODBYE)
        server.quit()
    server.close()


def _smtp(message: EmailMessage, mail: Mail, sender: str, url: str) -> Sent:
    handing_over = False
    try:
        with connected(url) as server:
            handing_over = True
            server.send_message(message, sender, [mail.to])
    except (smtplib.SMTPException, OSError) as error:
        raise _outcome(error, handing_over=handing_over) from error
    return Sent(mail.message_id)


def _outcome(error: Exception, *, handing_over: bool) -> Exception:
    """What an error of the connection means for this message and for its recipient."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()))
        return _classified(code, text, of_recipient=True)
    if isinstance(error, smtplib.SMTPDataError):
        return _classified(error.smtp_code, error.smtp_error, of_recipient=False)
    if isinstance(error, smtplib.SMTPResponseException):
        # The greeting, the sign-in, the sender: who is refused there is we.
        code, why = error.smtp_code, _words(error.smtp_error)
        return Temporary(str(code), why) if 400 <= code < 500 else Misconfigured(str(code), why, 900)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        if handing_over:
            return Permanent("smtputf8", "the mail server cannot write to such an address")
        return Misconfigured("sign-in", str(error)[:200], 900)
    lost = isinstance(error, (smtplib.SMTPServerDisconnected, TimeoutError))
    if handing_over and lost:
        return Unknown("lost", "the connection was lost")
    return Temporary("connect", str(error)[:200])


def _words(text: bytes | str) -> str:
    return (text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text))[:200]


def _classified(code: int, text: bytes | str, *, of_recipient: bool) -> Exception:
    words = _words(text)
    if 400 <= code < 500:
        # Greylisting opens only after a while.
        return Temporary(str(code), words, 300 if code in (450, 451) else None)
    if words.startswith("5.7"):
        return Misconfigured(str(code), words, 3600)
    if words.startswith("5.2.2"):
        return Temporary(str(code), words, 3600)
    # A refused text says nothing about the mailbox.
    return Permanent(str(code), words, "bad" if of_recipient and code in (550, 551, 553) else None)
