"""``/healthz``: the process lives. ``/readyz``: it can serve. ``/metrics``: figures for Prometheus."""

from __future__ import annotations

import hmac
from datetime import timedelta

import redis
from flask import Blueprint, Response, abort, current_app, jsonify, request
from prometheus_client import CollectorRegistry, Gauge, generate_latest

import clock
from models import bookings, message_queries, schema
from models.base import db
from models.doors import last_beat

health = Blueprint("health", __name__)
BEAT = timedelta(seconds=60)


@health.get("/healthz")
def healthz() -> Response:
    """Always 200 while the process answers."""
    return jsonify(status="ok")


@health.get("/readyz")
def readyz() -> tuple[Response, int]:
    """200 when the database answers at the newest schema; Redis and the worker are named, booking goes on without them."""
    database = database_state()
    ready = database == "ok"
    worker = worker_state() if ready else "unknown"
    found = {"database": database, "redis": redis_state(), "worker": worker}
    return jsonify(status="ok" if ready else "unavailable", **found), 200 if ready else 503


def database_state() -> str:
    """``ok``, or what is wrong with the database."""
    try:
        version = schema.version(db.session.connection())
    except Exception:
        db.session.rollback()
        return "unavailable"
    return "ok" if version == schema.head() else f"schema {version}, {schema.head()} is needed"


def redis_state() -> str:
    """``ok``, ``none`` where there is no Redis, or that it is away."""
    url = current_app.config["SETTINGS"].redis_url
    if url is None:
        return "none"
    try:
        redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1).ping()
    except (redis.RedisError, OSError):
        return "unavailable: messages are delayed"
    return "ok"


def worker_state() -> str:
    """``ok`` when a worker beat within the last minute, else when one was last seen."""
    beat = last_beat(db.session())
    if beat is None:
        return "never seen"
    return "ok" if clock.now() - beat < BEAT else f"last seen {beat.isoformat()}"


@health.get("/metrics")
def metrics() -> Response:
    """Figures read from the database, so that any process gives the same ones."""
    token = current_app.config["SETTINGS"].metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token or not hmac.compare_digest(given.encode(), token.encode()):
        abort(404)
    registry = CollectorRegistry()
    waiting = Gauge("frontdesk_messages", "Messages by state", ["state"], registry=registry)
    for state, count in message_queries.by_state(db.session()).items():
        waiting.labels(state).set(count)
    known = Gauge("frontdesk_bookings", "Bookings by status", ["status"], registry=registry)
    for status, count in bookings.by_status(db.session()).items():
        known.labels(status).set(count)
    now = clock.now()
    oldest = message_queries.oldest_waiting(db.session(), now)
    Gauge("frontdesk_oldest_unsent_seconds", "Age of the oldest message that is due", registry=registry).set(
        (now - oldest).total_seconds() if oldest else 0
    )
    return Response(generate_latest(registry), mimetype="text/plain; version=0.0.4")
