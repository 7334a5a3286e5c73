"""A mail server that says at each step exactly what a test wants: also what no sane one does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from typing import Any

POLITE = {
    "": "220 hello",
    "EHLO": "250 hello",
    "MAIL": "250 fine",
    "RCPT": "250 fine",
    "DATA": "354 go on",
    ".": "250 taken",
    "QUIT": "221 bye",
}
HANGS, BREAKS_OFF = "hangs", "breaks off"


class Scripted:
    """Answers by step: the greeting "", each verb, "." at the end of a mail. ``taken`` counts the mails it has."""

    def __init__(self) -> None:
        self.says: Mapping[str, str] = POLITE
        self.taken = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._ended = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while not self._ended.is_set():
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(caller,), daemon=True).start()

    def _talk(self, caller: socket.socket) -> None:
        with caller, caller.makefile("rwb") as line:
            step, in_mail = "", False
            while self._say(line, step):
                in_mail = step == "DATA"
                while True:
                    heard = line.readline()
                    if not heard:
                        return
                    if not in_mail or heard == b".\r\n":
                        break
                self.taken += in_mail
                step = "." if in_mail else heard[:4].decode().upper()

    def _say(self, line: Any, step: str) -> bool:
        answer = self.says.get(step, "250 fine")
        if answer == BREAKS_OFF:
            return False
        if answer == HANGS:
            self._ended.wait(60)
            return False
        line.write(answer.encode() + b"\r\n")
        line.flush()
        return True

    def close(self) -> None:
        """Ends it."""
        self._ended.set()
        self._listener.close()
