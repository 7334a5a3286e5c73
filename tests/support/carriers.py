"""A mail server and a Twilio on the loopback that keep a journal of what really arrived, and that can be told to fail."""

from __future__ import annotations

import json
import secrets
import threading
from collections import Counter
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiosmtpd.controller import Controller

from tests.support.servers import free_port

ACCOUNT = "AC" + "0" * 32


class Carriers:
    """Both of them. ``texts`` and ``mails`` hold every copy that was taken, in the order of arrival."""

    def __init__(self) -> None:
        self.texts: list[dict[str, str]] = []
        self.mails: list[dict[str, str]] = []
        # What is taken is not answered while this is not set: for a process that dies in between.
        self.answers = threading.Event()
        self.answers.set()
        self.forgets = False
        self.waiting = threading.Semaphore(0)
        self._web = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._web.daemon_threads = True
        threading.Thread(target=self._web.serve_forever, daemon=True).start()
        self._port = free_port()
        self._smtp = Controller(_Mailbox(self), hostname="127.0.0.1", port=self._port)
        self._smtp.start()

    @property
    def settings(self) -> dict[str, str]:
        """The settings that lead here."""
        return {
            "MAIL_URL": f"smtp://127.0.0.1:{self._port}",
            "MAIL_FROM": "desk@example.com",
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": "token",
            "TWILIO_FROM": "+15005550006",
            "TWILIO_API_BASE": f"http://127.0.0.1:{self._web.server_address[1]}",
        }

    def copies_of_texts(self) -> Counter[str]:
        """How often each text has really arrived, by number and words."""
        return Counter(f"{each['To']} {each['Body']}" for each in self.texts)

    def copies_of_mails(self) -> Counter[str]:
        """How often each mail has really arrived, by its Message-ID, which never changes."""
        return Counter(each["id"] for each in self.mails)

    def close(self) -> None:
        """Ends both."""
        self.answers.set()
        self._web.shutdown()
        self._web.server_close()
        self._smtp.stop()


def _handler(carriers: Carriers) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            text = {name: values[0] for name, values in form.items()}
            text["sid"] = "SM" + secrets.token_hex(16)
            carriers.texts.append(text)
            carriers.waiting.release()
            carriers.answers.wait(60)
            self._answer(201, {"sid": text["sid"], "status": "queued"})

        def do_GET(self) -> None:
            asked = parse_qs(urlsplit(self.path).query)
            found = [] if carriers.forgets else [each for each in carriers.texts if each["To"] == asked["To"][0]]
            listed = [{"sid": each["sid"], "body": each["Body"], "status": "sent"} for each in found]
            self._answer(200, {"messages": listed, "next_page_uri": None})

        def _answer(self, status: int, body: dict[str, Any]) -> None:
            content = json.dumps(body).encode()
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except OSError:
                return  # who asked is dead

        def log_message(self, *_: Any) -> None:
            """Silent."""

    return Handler


class _Mailbox:
    def __init__(self, carriers: Carriers) -> None:
        self._carriers = carriers

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        message = message_from_bytes(envelope.content)
        self._carriers.mails.append({"to": envelope.rcpt_tos[0], "id": message["Message-ID"]})
        return "250 OK"
