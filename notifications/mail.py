"""Mail: by SMTP, or as files while no account is set."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import config
from notifications.outcome import Misconfigured, Permanent, Sent, Temporary, Unknown

CONNECT, WHOLE = 10, 60
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


def connected(url: str) -> smtplib.SMTP:
    """A connection to the server of a ``smtp://`` or ``smtps://`` address: encrypted where it can be, signed in."""
    parts = urlsplit(url)
    host, secure = parts.hostname or "localhost", parts.scheme == "smtps"
    context = ssl.create_default_context()
    server: smtplib.SMTP
    if secure:
        server = smtplib.SMTP_SSL(host, parts.port or 465, timeout=CONNECT, context=context)
    else:
        server = smtplib.SMTP(host, parts.port or 587, timeout=CONNECT)
    try:
        if server.sock is not None:
            server.sock.settimeout(WHOLE)
        server.ehlo()
        if not secure and server.has_extn("starttls"):
            server.starttls(context=context)
            server.ehlo()
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
    except BaseException:
        server.close()
        raise
    return server


def _smtp(message: EmailMessage, mail: Mail, sender: str, url: str) -> Sent:
    data_sent = False
    try:
        with connected(url) as server:
            data_sent = True
            refused = server.send_message(message, sender, [mail.to])
            if refused:
                code, text = next(iter(refused.values()))
                raise _classified(code, text)
            data_sent = False
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        raise _classified(code, text) from error
    except smtplib.SMTPAuthenticationError as error:
        raise Misconfigured(str(error.smtp_code), "the mail server refuses our sign-in", 900) from error
    except smtplib.SMTPResponseException as error:
        raise _classified(error.smtp_code, error.smtp_error) from error
    except smtplib.SMTPServerDisconnected as error:
        raise (Unknown if data_sent else Temporary)("lost", "the connection was lost") from error
    except (smtplib.SMTPException, OSError) as error:
        raise (Unknown if data_sent and isinstance(error, TimeoutError) else Temporary)(
            "connect", str(error)[:200]
        ) from error
    return Sent(mail.message_id)


def _classified(code: int, text: bytes | str) -> Exception:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    if 400 <= code < 500:
        # Greylisting opens only after a while.
        return Temporary(str(code), words[:200], 300 if code in (450, 451) else None)
    if words.startswith("5.7"):
        return Misconfigured(str(code), words[:200], 3600)
    if words.startswith("5.2.2"):
        return Temporary(str(code), words[:200], 3600)
    return Permanent(str(code), words[:200], "bad" if code in (550, 551, 553) else None)
