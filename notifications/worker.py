"""The worker: a dispatcher that finds what is due, an RQ worker that sends it, and the clock of periodic tasks.

The dispatcher is a process of its own: a thread that ticks inside RQ's forking parent would be copied into its children.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
from datetime import datetime, timedelta
from types import FrameType
from typing import Any

import redis
from flask import Flask
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer
from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite

import clock
from actions import upkeep
from actions.transaction import transaction
from models.base import db
from models.doors import PeriodicTask
from notifications import dispatch
from notifications.jobs import deliver

log = logging.getLogger("frontdesk.worker")
TICK = 2.0
SWEEP_EVERY = timedelta(seconds=15)
_app: Flask | None = None


def run(message_id: int) -> None:
    """The job: delivers one message inside the application."""
    with _application().app_context():
        try:
            deliver(message_id)
        finally:
            db.session.remove()


def _application() -> Flask:
    global _app
    if _app is None:
        from app import create_app

        _app = create_app()
    return _app


def work(app: Flask) -> None:
    """Runs until SIGTERM or SIGINT. With Redis: a dispatcher beside an RQ worker; without: everything in this process."""
    global _app
    _app = app
    url = app.config["SETTINGS"].redis_url
    if url is None:
        dispatcher(app, inline=True)
        return
    context = multiprocessing.get_context("spawn")
    beside = context.Process(target=_dispatcher_process, args=(os.getpid(),), daemon=True, name="dispatcher")
    beside.start()
    try:
        _rq(url)
    finally:
        beside.terminate()
        beside.join(5)


def _rq(url: str) -> None:
    """One queue per worker: RQ then moves jobs atomically, and a killed worker's job is found again."""
    bell = redis.Redis.from_url(url)
    queue = Queue(dispatch.QUEUE, connection=bell, serializer=JSONSerializer)
    worker = SimpleWorker([queue], connection=bell, serializer=JSONSerializer, worker_ttl=30, maintenance_interval=5)
    worker.work(logging_level="WARNING", with_scheduler=False)


def _dispatcher_process(parent: int) -> None:
    from app import create_app

    app = create_app()
    dispatcher(app, inline=False, parent=parent)


def dispatcher(app: Flask, *, inline: bool, parent: int | None = None) -> None:
    """Every two seconds, or when the doorbell rings: beats, sends or enqueues what is due, runs periodic tasks."""
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    bell = _Bell(app.config["SETTINGS"].redis_url)
    while not stop.is_set() and (parent is None or os.getppid() == parent):
        with app.app_context():
            busy = False
            try:
                tick()
                busy = _hand_on(inline)
            except Exception:
                log.exception("dispatcher")
            finally:
                db.session.remove()
        if not busy:
            bell.wait(stop, TICK)


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
        if self._url is None:
            stop.wait(seconds)
            return
        try:
            if self._heard is None:
                self._heard = dispatch.connection(self._url, timeout=5.0).pubsub(ignore_subscribe_messages=True)
                self._heard.subscribe("frontdesk-bell")
            self._heard.get_message(timeout=seconds)
        except (redis.RedisError, OSError):
            self._heard = None
            stop.wait(seconds)


def tick() -> None:
    """Beats, and runs the periodic tasks whose turn has come in any of the workers."""
    now = clock.now()
    with transaction() as session:
        make: Any = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        beat = make(PeriodicTask).values(name="worker", last_run=now)
        session.execute(beat.on_conflict_do_update(index_elements=["name"], set_={"last_run": now}))
        due = _my_turn(session, make, "sweep", now, SWEEP_EVERY)
    if due:
        upkeep.sweep(now=now)


def _my_turn(session: Any, make: Any, name: str, now: datetime, every: timedelta) -> bool:
    """Takes the turn of a periodic task by a conditional update: one process wins, the others wait for the next."""
    session.execute(make(PeriodicTask).values(name=name, next_due=now).on_conflict_do_nothing())
    taken = session.execute(
        update(PeriodicTask)
        .where(PeriodicTask.name == name, PeriodicTask.next_due <= now)
        .values(next_due=now + every, last_run=now)
        .execution_options(synchronize_session=False)
    )
    return bool(taken.rowcount == 1)
