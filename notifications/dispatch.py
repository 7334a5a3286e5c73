"""Finding what is due and handing it on. The database is the truth; Redis is a doorbell."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import redis
from flask import current_app
from rq import Queue, Retry
from rq.serializers import JSONSerializer

import clock
from failpoints import failpoint
from models import message_queries, sending
from models.base import db
from notifications.jobs import deliver

log = logging.getLogger("frontdesk.messages")
QUEUE = "frontdesk"
JOB = "notifications.beside.run"
# Every carrier's own time-outs end before it, and it before the lease of a claim.
JOB_TIMEOUT = 100
_connections: dict[str, redis.Redis] = {}


def connection(url: str, *, timeout: float = 1.0) -> redis.Redis:
    """One connection pool per address and process."""
    key = f"{url} {timeout}"
    if key not in _connections:
        _connections[key] = redis.Redis.from_url(url, socket_timeout=timeout, socket_connect_timeout=1)
    return _connections[key]


def ring(message_ids: Sequence[int]) -> None:
    """Rings after a commit, so that messages leave at once. Never raises: unheard, the worker finds them by itself."""
    failpoint("ring")
    url = current_app.config["SETTINGS"].redis_url
    if url is None or not message_ids:
        return
    try:
        connection(url).publish("frontdesk-bell", "ring")
    except (redis.RedisError, OSError) as problem:
        log.warning("doorbell: %s", type(problem).__name__)


def enqueue_due(*, limit: int = 500) -> int:
    """Puts what is due on the queue, each message once per attempt. Returns how many; raises RedisError when Redis is away."""
    url = current_app.config["SETTINGS"].redis_url
    ids = _due(limit)
    if not ids:
        return 0
    queue = Queue(QUEUE, connection=connection(url), serializer=JSONSerializer)
    waiting = set(queue.get_job_ids())
    data = [
        Queue.prepare_data(
            JOB,
            args=(id,),
            job_id=f"message-{id}",
            timeout=JOB_TIMEOUT,
            result_ttl=0,
            failure_ttl=7 * 86400,
            # No pauses between: those need RQ's scheduler. When a message is tried again is for its row to say.
            retry=Retry(max=2),
        )
        for id in ids
        if f"message-{id}" not in waiting
    ]
    if data:
        queue.enqueue_many(data)
    return len(data)


def deliver_due(*, limit: int = 100) -> int:
    """Delivers what is due in this process, for a house without Redis. Returns how many were tried."""
    ids = _due(limit)
    for id in ids:
        deliver(id)
        db.session.remove()
    return len(ids)


def _due(limit: int) -> list[int]:
    """What is due, the read transaction ended; nothing while sending is paused."""
    session = db.session()
    ids = [] if sending.paused(session) else message_queries.due(session, clock.now(), limit)
    session.rollback()
    return ids
