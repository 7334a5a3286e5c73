"""Logs: one event, one line, no secrets."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime

# What opens something: tokens of manage links, feeds and new passwords, keys, anything that looks like a phone number.
_SECRETS = re.compile(r"([?&]t=|/feeds/|/password/\d+/\d+/|\bfd_)[\w.-]+|(\+?\d[\d ]{4,}\d)(?=\d{2}\b)")


class _OneLine(logging.Formatter):
    """Time, level, logger and text; breaks inside are spelled out, secrets masked."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self._json = kind == "json"

    def format(self, record: logging.LogRecord) -> str:
        text = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            text += " | " + self.formatException(record.exc_info)
        text = _SECRETS.sub(lambda found: f"{found.group(1) or ''}****", text)
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        if self._json:
            return json.dumps(
                {"at": at, "level": record.levelname, "logger": record.name, "text": text}, ensure_ascii=False
            )
        plain = text.encode("unicode_escape", "backslashreplace").decode("ascii") if not text.isprintable() else text
        return f"{at} {record.levelname} {record.name} {plain}"


def configure(kind: str) -> None:
    """Sends our own logs, and what RQ's worker warns of, to standard error, once."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine(kind))
    for name, level in (("frontdesk", logging.INFO), ("rq.worker", logging.WARNING)):
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(handler)
            logger.setLevel(level)
            logger.propagate = False
