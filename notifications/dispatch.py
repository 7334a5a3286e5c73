"""Finding what is due and handing it on. The database is the truth; Redis is a doorbell."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import redis
from flask import current_app
from rq import Queue, Retry
from rq.serializers import JSONSerializer

import clock
from models import message_queries
from models.base import db
from notifications.jobs import deliver

log = logging.getLogger("frontdesk.messages")
QUEUE = "frontdesk"
_connections: dict[str, redis.Redis] = {}
JOB = "notifications.worker.run"


def connection(url: str, *, timeout: float = 1.0) -> redis.Redis:
    """One connection pool per address and process."""
    key = f"{url} {timeout}"
    if key not in _connections:
        _connections[key] = redis.Redis.from_url(url, socket_timeout=timeout, socket_connect_timeout=1)
    return _connections[key]


def ring(message_ids: Sequence[int]) -> None:
    """Rings after a commit, so that messages leave at once. Never raises: without an answer the dispatcher finds them."""
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
    ids = message_queries.due(db.session(), clock.now(), limit)
    db.session.rollback()
    if not ids:
        return 0
    queue = Queue(QUEUE, connection=connection(url), serializer=JSONSerializer)
    waiting = set(queue.get_job_ids())
    data = [
        Queue.prepare_data(
            JOB,
            args=(id,),
            job_id=f"message-{id}",
            timeout=60,
            result_ttl=0,
            failure_ttl=7 * 86400,
            retry=Retry(max=2, interval=[5, 30]),
        )
        for id in ids
        if f"message-{id}" not in waiting
    ]
    if data:
        queue.enqueue_many(data)
    return len(data)


def deliver_due(*, limit: int = 100) -> int:
    """Delivers what is due in this process, for a house without Redis. Returns how many were tried."""
    ids = message_queries.due(db.session(), clock.now(), limit)
    db.session.rollback()
    for id in ids:
        deliver(id)
        db.session.remove()
    return len(ids)
