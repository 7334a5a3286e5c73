"""Own static files, each with a fingerprint in its address so that browsers may keep it for ever."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Response, abort, send_from_directory

STATIC = Path(__file__).with_name("static")
assets = Blueprint("assets", __name__)


@lru_cache(maxsize=256)
def asset(name: str) -> str:
    """The address of a static file."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]
    return f"/static/{digest}/{name}"


@assets.get("/static/<digest>/<path:name>")
def static_file(digest: str, name: str) -> Response:
    """One static file. The fingerprint only names the version; an old page may still ask for an old one."""
    if not digest.isalnum():
        abort(404)
    response = send_from_directory(STATIC, name)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
