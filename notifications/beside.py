"""The RQ worker of ``flask worker``: a process of its own, started again when it ends, gone when its parent is.

Not a thread: RQ wants the signals of its process for itself. And it is the child, not the parent: should it die, the one
that looks at the database lives and sees to it; should that one die, nothing is left that looks alive and is not.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import threading
import time
from multiprocessing.context import SpawnProcess
from types import FrameType

import redis
from flask import Flask
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer

from models.base import db
from notifications import dispatch
from notifications.jobs import deliver

log = logging.getLogger("frontdesk.worker")
AGAIN_AFTER = 1.0
WITHOUT_REDIS = 5.0
# Longer than a job may take: what is being sent is sent to its end.
PATIENCE = dispatch.JOB_TIMEOUT + 5
_app: Flask | None = None


class Beside:
    """Keeps one RQ worker running; none where there is no Redis."""

    def __init__(self, url: str | None) -> None:
        self._url = url
        self._process: SpawnProcess | None = None
        self._start_at = 0.0

    def tend(self) -> None:
        """Starts it when it does not run. Called again and again."""
        if self._url is None or (self._process is not None and self._process.is_alive()):
            return
        now = time.monotonic()
        if self._process is not None:
            log.warning("the RQ worker ended (exit code %s) and starts again", self._process.exitcode)
            self._process, self._start_at = None, now + AGAIN_AFTER
        if now >= self._start_at:
            context = multiprocessing.get_context("spawn")
            self._process = context.Process(target=_work, args=(self._url, os.getpid()), daemon=True, name="rq")
            self._process.start()

    def stop(self) -> None:
        """Lets it finish the message in hand, and ends it."""
        if self._process is None:
            return
        self._process.terminate()
        self._process.join(PATIENCE)
        self._process.kill()


class _Worker(SimpleWorker):
    """Asked to end, it finishes the message in hand first, whatever Redis does and however often it is asked: Ctrl-C in a
    terminal reaches the whole family, and then the parent asks too."""

    max_connection_wait_time = WITHOUT_REDIS
    busy = False

    def __init__(self, url: str, ended: threading.Event) -> None:
        bell = redis.Redis.from_url(url)
        # One queue: RQ then moves jobs atomically, and a killed worker's job is found again.
        queue = Queue(dispatch.QUEUE, connection=bell, serializer=JSONSerializer)
        super().__init__([queue], connection=bell, serializer=JSONSerializer, worker_ttl=30, maintenance_interval=5)
        self.ended = ended

    def execute_job(self, job: Job, queue: Queue) -> None:
        """One message."""
        self.busy = True
        try:
            super().execute_job(job, queue)
        finally:
            self.busy = False
        if self.ended.is_set():
            raise StopRequested

    def request_stop(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002  RQ's signature
        """SIGTERM or SIGINT has come."""
        self.ended.set()
        if not self.busy:
            raise StopRequested


def _work(url: str, parent: int) -> None:
    from app import create_app

    global _app
    _app = create_app()
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    ended = threading.Event()
    with contextlib.suppress(StopRequested):
        while not ended.is_set():
            try:
                _Worker(url, ended).work(logging_level="WARNING", with_scheduler=False)
            except (redis.RedisError, OSError) as problem:
                log.warning("redis: %s", type(problem).__name__)
            ended.wait(WITHOUT_REDIS)


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


def run(message_id: int) -> None:
    """The job: delivers one message inside the application."""
    assert _app is not None, "jobs run in the process that this room has started"
    with _app.app_context():
        try:
            deliver(message_id)
        finally:
            db.session.remove()
