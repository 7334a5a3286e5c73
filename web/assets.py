"""Own static files, each with a fingerprint in its address so that browsers may keep it for ever.

They are sent packed, so that a phone gets little also where no proxy packs: done once per file and process, while pages,
which differ each time and carry secrets, are left to the proxy.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Response, abort, request

STATIC = Path(__file__).with_name("static")
assets = Blueprint("assets", __name__)


@lru_cache(maxsize=256)
def asset(name: str) -> str:
    """The address of a static file."""
    return f"/static/{_fingerprint(name)}/{name}"


def _fingerprint(name: str) -> str:
    path = STATIC / name
    # Scripts import each other by relative addresses, so all of them change theirs together.
    files = sorted(path.parent.glob("*.js")) if path.suffix == ".js" else [path]
    return hashlib.sha256(b"".join(each.read_bytes() for each in files)).hexdigest()[:10]


@assets.get("/static/<digest>/<path:name>")
def static_file(digest: str, name: str) -> Response:
    """One static file. The fingerprint only names the version; an old page may still ask for an old one."""
    if not digest.isalnum() or name not in _names():
        abort(404)
    packed = request.accept_encodings.quality("gzip") > 0
    response = Response(_content(name, packed=packed), mimetype=mimetypes.guess_type(name)[0])
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    return frozenset(path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.is_file())


@lru_cache(maxsize=256)
def _content(name: str, *, packed: bool) -> bytes:
    content = (STATIC / name).read_bytes()
    return gzip.compress(content, 9, mtime=0) if packed else content
