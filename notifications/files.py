"""Files, in the worker: those that are brought are looked at and written, those that are asked for are made; and what else
takes long.

In a thread of its own, so that messages leave while fifty thousand rows are read.
"""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy.exc import DBAPIError

import clock
from actions import exports
from actions.importing import running
from config import Settings
from models.base import db
from notifications import chores, exporting, unheard
from rules.errors import Busy

log = logging.getLogger("frontdesk.files")
TICK = 1.0
SWEEP_EVERY = timedelta(minutes=10)
# Long enough for the part in hand.
PATIENCE = 15.0


class Files:
    """Does what waits, one file after the other."""

    def __init__(self, app: Flask, stop: threading.Event) -> None:
        self._app, self._stop = app, stop
        self._thread = threading.Thread(target=self._work, name="files", daemon=True)
        self._swept: datetime | None = None
        self._looked: datetime | None = None

    def start(self) -> None:
        """Begins to look."""
        self._thread.start()

    def stop(self) -> None:
        """Lets it finish the part in hand."""
        self._thread.join(PATIENCE)

    def _work(self) -> None:
        while not self._stop.is_set():
            with self._app.app_context():
                if not self._once():
                    self._stop.wait(TICK)

    def _once(self) -> bool:
        """One file; True when there may be another."""
        settings = self._app.config["SETTINGS"]
        try:
            self._sweep()
            self._look_after(settings)
            read = running.carry_on(folder=settings.imports, clock=clock.now, ended=self._stop.is_set)
            return exporting.make(folder=settings.exports, clock=clock.now) or read
        except (DBAPIError, Busy) as problem:
            log.warning("database: %s", type(getattr(problem, "orig", None) or problem).__name__)
        except Exception:
            log.exception("files")
        finally:
            db.session.remove()
        return False

    def _look_after(self, settings: Settings) -> None:
        """Asked once a turn of the shortest, not with every file."""
        now = clock.now()
        if self._looked is None or now - self._looked >= unheard.EVERY:
            self._looked = now
            chores.do_long_ones(settings, now=now, ended=self._stop.is_set)

    def _sweep(self) -> None:
        now = clock.now()
        if self._swept is None or now - self._swept >= SWEEP_EVERY:
            self._swept = now
            settings = self._app.config["SETTINGS"]
            running.forget_old(folder=settings.imports, now=now)
            exports.forget_old(folder=settings.exports, now=now)
