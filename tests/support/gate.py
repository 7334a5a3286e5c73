"""A gate between the product and PostgreSQL: shut, every connection breaks and none is made; open, all is as before."""

from __future__ import annotations

import contextlib
import select
import socket
import threading

from psycopg import conninfo


class Gate:
    """Stands open. ``url`` is the address of the database through it, ``behind`` the one past it."""

    def __init__(self, url: str) -> None:
        self.behind = url
        parts = conninfo.conninfo_to_dict(url)
        host, port = str(parts.get("host") or "127.0.0.1"), str(parts.get("port") or 5432)
        self._target: str | tuple[str, int] = f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, int(port))
        self._open = True
        self._deaf = False
        self._through: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        user = f"{parts.get('user') or 'postgres'}:{parts.get('password') or ''}"
        self.url = f"postgresql://{user}@127.0.0.1:{self._listener.getsockname()[1]}/{parts['dbname']}"
        self._talks: list[threading.Thread] = []
        self._serving = threading.Thread(target=self._serve)
        self._serving.start()

    def shut(self) -> None:
        """As if the server had died."""
        self._open = False
        self.cut()

    def open(self) -> None:
        """The server is back."""
        self._open = True

    def cut(self) -> None:
        """Breaks every connection; new ones are made."""
        through, self._through = self._through, []
        for each in through:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def swallow(self) -> None:
        """What is asked next gets there; its answer is lost with the connection."""
        self._deaf = True

    def close(self) -> None:
        """Ends it."""
        self.shut()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._serving.join()
        for each in self._talks:
            each.join()

    def _serve(self) -> None:
        with self._listener:
            while True:
                try:
                    caller, _ = self._listener.accept()
                except OSError:
                    return
                talk = threading.Thread(target=self._talk, args=(caller,))
                self._talks.append(talk)
                talk.start()

    def _talk(self, caller: socket.socket) -> None:
        family = socket.AF_UNIX if isinstance(self._target, str) else socket.AF_INET
        with caller, socket.socket(family) as server, contextlib.suppress(OSError):
            if not self._open:
                return
            server.connect(self._target)
            other = {caller: server, server: caller}
            self._through += other
            while True:
                for one in select.select(list(other), [], [])[0]:
                    data = one.recv(65536)
                    if not data:
                        return
                    if self._deaf and one is server:
                        self._deaf = False
                        return
                    other[one].sendall(data)
