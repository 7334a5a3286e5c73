"""The worker: finds what is due, beats, and runs periodic tasks; an RQ worker beside it sends, or it sends itself."""

from __future__ import annotations

import logging
import signal
import threading
from datetime import timedelta
from types import FrameType
from typing import Any

import redis
from flask import Flask, current_app
from sqlalchemy.exc import DBAPIError

import clock
from actions import counting, likeness, summaries, upkeep
from actions.transaction import transaction
from models.base import db
from notifications import dispatch
from notifications.beside import Beside
from notifications.chores import beat, my_turn
from notifications.files import Files
from rules.errors import Busy

log = logging.getLogger("frontdesk.worker")
TICK = 2.0
# How long it may take to notice that it is to end.
GLANCE = 0.5
SWEEP_EVERY = timedelta(seconds=15)


def work(app: Flask) -> None:
    """Every two seconds, or when the doorbell rings: does what is due, until SIGTERM or SIGINT."""
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    url = app.config["SETTINGS"].redis_url
    bell, beside, files = _Bell(url), Beside(url), Files(app, stop)
    files.start()
    try:
        while not stop.is_set():
            beside.tend()
            with app.app_context():
                busy = _once(inline=url is None)
            if not busy:
                bell.wait(stop, TICK)
    finally:
        stop.set()
        files.stop()
        beside.stop()


def _once(*, inline: bool) -> bool:
    """One round; True when there may be more to do at once."""
    try:
        tick()
        return _hand_on(inline)
    except (DBAPIError, Busy) as problem:
        log.warning("database: %s", type(getattr(problem, "orig", None) or problem).__name__)
    except Exception:
        log.exception("worker")
    finally:
        db.session.remove()
    return False


def _hand_on(inline: bool) -> bool:
    if inline:
        return dispatch.deliver_due() > 0
    try:
        dispatch.enqueue_due()
        return False
    except (redis.RedisError, OSError) as problem:
        # Redis is away: what is due is delivered here, by the same claim.
        log.warning("redis: %s; delivering here", type(problem).__name__)
        db.session.rollback()
        return dispatch.deliver_due() > 0


class _Bell:
    """Waits for a ring or for the next tick, whichever comes first."""

    def __init__(self, url: str | None) -> None:
        self._url = url
        self._heard: Any = None

    def wait(self, stop: threading.Event, seconds: float) -> None:
        try:
            for _ in range(round(seconds / GLANCE)):
                if stop.is_set() or self._rings(stop):
                    return
        except (redis.RedisError, OSError):
            self._heard = None
            stop.wait(seconds)

    def _rings(self, stop: threading.Event) -> bool:
        if self._url is None:
            return stop.wait(GLANCE)
        if self._heard is None:
            self._heard = dispatch.connection(self._url, timeout=5.0).pubsub(ignore_subscribe_messages=True)
            self._heard.subscribe("frontdesk-bell")
        return self._heard.get_message(timeout=GLANCE) is not None


def tick() -> None:
    """Beats, and runs the periodic tasks whose turn has come in any of the workers."""
    now, settings = clock.now(), current_app.config["SETTINGS"]
    with transaction() as session:
        beat(session, now)
        due = my_turn(session, "sweep", now, SWEEP_EVERY)
    if due:
        upkeep.sweep(now=now, answers=settings.answers, keys=settings.secret_keys)
    counting.count(now=now, seconds=0.5)
    likeness.compare(now=now, seconds=0.3)
    summaries.plan(now=now)
