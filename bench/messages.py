"""Messages: what they add to a confirmation, how fast a worker sends them beside bare RQ, and ten thousand reminders at once."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import redis
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer
from sqlalchemy import func, insert, select

from actions import confirm, record
from bench.house import House
from bench.table import row
from models.base import db, table
from models.bookings import BookingView
from models.outbox import Message
from models.snapshot import catalogue
from tests.support import servers
from tests.support.web import SECRET_KEY, environment, start, stop

BARE, SENT, REMINDERS = 2000, 400, 10_000


def messages(house: House) -> None:
    """Prints the rows of one database."""
    with house.app.app_context():
        booked = _booked()
        _added(booked)
        db.session.remove()
    url = _redis()
    bare = _bare(url)
    _due(house, booked, SENT)
    rate = SENT / _drained(house, url, workers=1)
    row("messages/s of one worker ÷ bare RQ", rate / bare, 0.2, 0.4, f"{rate:.0f}/s, bare {bare:.0f}/s, SimpleWorker")
    _due(house, booked, REMINDERS)
    took = _drained(house, url, workers=2)
    row("seconds for 10,000 reminders, two workers", took, 120, 30, f"{REMINDERS / took:.0f}/s", most=True)


def nothing() -> None:
    """The job of bare RQ."""


def _booked() -> BookingView:
    start = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=300)
    return confirm.confirm(
        wish=confirm.Wish("all", start),
        customer={"name": "Customer", "email": "customer@example.com", "phone": "+4915120000000"},
        answers={},
        locale="en",
        now=datetime.now(UTC),
    ).booking


def _added(booked: BookingView) -> None:
    """What writing the messages of a booking takes, in one transaction with nothing else."""
    session, now = db.session(), datetime.now(UTC)
    known = catalogue(session)
    times = []
    for _ in range(50):
        began = time.perf_counter()
        record.tell(session, "confirmed", booked, known=known, now=now)
        times.append((time.perf_counter() - began) * 1000)
        session.rollback()
        catalogue(session)
    row("ms added to a confirmation by its messages", median(times[5:]), 1.0, 0.3, "", most=True)


def _redis() -> str:
    base = servers.redis_url()
    url = f"{base}?db=9" if base.startswith("unix:") else f"{base.rstrip('/')}/9"
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url


def _bare(url: str) -> float:
    """Jobs per second that do nothing, same worker class and serializer."""
    with redis.Redis.from_url(url) as client:
        queue = Queue("bare", connection=client, serializer=JSONSerializer)
        job = "bench.messages.nothing"
        data = [Queue.prepare_data(job, job_id=f"bare-{n}", timeout=60, result_ttl=0) for n in range(BARE)]
        queue.enqueue_many(data)
        kept = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
        began = time.perf_counter()
        SimpleWorker([queue], connection=client, serializer=JSONSerializer).work(burst=True, logging_level="WARNING")
        took = time.perf_counter() - began
    for each, handler in kept.items():
        signal.signal(each, handler)
    return BARE / took


def _due(house: House, booked: BookingView, count: int) -> None:
    """Reminders of one booking, one for each offset: half of them mails, half short texts, all due now."""
    now = datetime.now(UTC)
    with house.app.app_context():
        last = db.session.execute(select(func.max(Message.offset_minutes))).scalar() or 0
        rows: list[dict[str, Any]] = [
            {
                "object_id": booked.id,
                "revision": booked.revision,
                "kind": "reminder",
                "offset_minutes": last + 1 + n,
                "audience": "customer",
                "channel": "mail" if n % 2 else "sms",
                "recipient": booked.email if n % 2 else booked.phone,
                "locale": "en",
                "due_at": now,
                "next_at": now,
                "deadline": booked.start,
                "created_at": now,
            }
            for n in range(count)
        ]
        db.session.execute(insert(table(Message)), rows)
        db.session.commit()
        db.session.remove()


def _drained(house: House, url: str, *, workers: int) -> float:
    """Seconds until real workers have sent everything that is due, counted from their first message."""
    given = {"DATABASE_URL": house.url, "REDIS_URL": url, "SECRET_KEY": SECRET_KEY, "BASE_URL": "http://127.0.0.1:8000"}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]
    before, began, first = _waiting(house), time.perf_counter(), 0.0
    running: list[subprocess.Popen[bytes]] = [
        start(command, environment(house.folder, given), house.folder / f"worker-{n}.log") for n in range(workers)
    ]
    try:
        while (left := _waiting(house)) > 0:
            if left < before and not first:
                first = time.perf_counter()
            if time.perf_counter() - began > 300:
                break
            time.sleep(0.05)
    finally:
        for each in running:
            stop(each)
    return time.perf_counter() - (first or began)


def _waiting(house: House) -> int:
    with house.app.app_context():
        found = select(func.count()).select_from(Message)
        found = found.where(Message.state.in_(("ready", "retry", "claimed")), Message.next_at <= datetime.now(UTC))
        count = int(db.session.execute(found).scalar_one())
        db.session.remove()
        return count
