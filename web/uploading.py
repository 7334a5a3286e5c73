"""Files as they arrive: as much of each is kept as could be taken, the rest is read and let go.

A form whose file is too large is answered like any other with something to mend, and nothing of what was typed is lost. A body
that is refused before it was read leaves the browser with a broken connection instead of a page.
"""

from __future__ import annotations

from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast

from flask import Request, request
from werkzeug.datastructures import FileStorage

from rules.attachments import MB, MOST_FILES, MOST_MB

# What is read of a form with files at all, in bytes, and what is kept of one file and of all of them: as many as may be given
# with one booking, each as large as may be, since pictures are made small before they are counted together.
MOST_SENT, MOST_OF_ONE = 100_000_000, MOST_MB * MB + 1
MOST_KEPT = MOST_FILES * MOST_OF_ONE
_IN_MEMORY = 500_000


@dataclass(slots=True)
class Room:
    """What may still be kept of all files of one form, in bytes."""

    left: int = MOST_KEPT


class Arriving(SpooledTemporaryFile[bytes]):
    """One file of a form; ``cut`` once something of it was let go."""

    def __init__(self, room: Room) -> None:
        super().__init__(max_size=_IN_MEMORY, mode="rb+")
        self.room, self.left, self.cut = room, MOST_OF_ONE, False

    def write(self, data: Any) -> int:
        """Keeps what may be kept. Says that all was, so that the rest is read too."""
        room = max(0, min(self.left, self.room.left, len(data)))
        self.cut = self.cut or room < len(data)
        self.left -= room
        self.room.left -= room
        super().write(data[:room])
        return len(data)


class Uploading(Request):
    """A request whose files are cut where they are too large, and closed with it."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.arrived: list[Arriving] = []
        self._room = Room()

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        del total_content_length, content_type, filename, content_length
        self.arrived.append(Arriving(self._room))
        return cast("IO[bytes]", self.arrived[-1])


def let_go(_error: BaseException | None = None) -> None:
    """Closes what has arrived with the request that ends."""
    for each in getattr(request, "arrived", ()):
        each.close()


def cut(sent: FileStorage) -> bool:
    """True for a file of which only a part is here."""
    return bool(getattr(sent.stream, "cut", False))


def read(sent: FileStorage, most: int) -> bytes:
    """At most one byte more than may be: that much tells. A file that was cut is too large, however much of it is here."""
    data: bytes = sent.stream.read(most + 1)
    return data.ljust(most + 1, b"\0") if cut(sent) else data
