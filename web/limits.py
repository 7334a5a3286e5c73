"""How often: generous by address (a fair sits behind one), strict by contact and by secret."""

from __future__ import annotations

from flask import Flask, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

import config

limiter = Limiter(key_func=get_remote_address, headers_enabled=False, strategy="moving-window")

# Numbers per address stop floods only: a hundred customers of one fair share theirs.
READS = "1200/minute"
HOLDS = "600/hour;120/minute"
WRITES = "600/hour;200/minute"
LOOK_UPS = "10/hour"
FEED = "60/hour"
API = "1200/minute"
API_WRITES = "600/minute"


def limit(app: Flask, settings: config.Settings) -> None:
    """Connects the limits to Redis, with an in-process count while it is away."""
    url = settings.redis_url or "memory://"
    # Flask-Limiter wants redis+unix:// where redis-py says unix://.
    storage = url.replace("unix://", "redis+unix://", 1) if url.startswith("unix://") else url
    app.config.update(
        RATELIMIT_ENABLED=settings.rate_limits,
        RATELIMIT_STORAGE_URI=storage,
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=settings.redis_url is not None,
        RATELIMIT_STORAGE_OPTIONS={"socket_connect_timeout": 1, "socket_timeout": 1} if settings.redis_url else {},
        RATELIMIT_KEY_PREFIX="frontdesk",
    )
    limiter.init_app(app)


def by_reference() -> str:
    """Counts wrong look-ups per booking."""
    return f"reference:{(request.form.get('reference') or '')[:20].upper()}"
