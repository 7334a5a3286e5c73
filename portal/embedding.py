"""What a site needs that frames the portal."""

from __future__ import annotations

from flask import Response

from portal import portal
from web import limits
from web.assets import STATIC

_SCRIPT = (STATIC / "js" / "embed.js").read_bytes()


@portal.get("/embed.js")
@limits.limiter.limit(limits.READS)
def embed_script() -> Response:
    """The script that gives a frame the height of its page. It is the one thing that other sites may load from here."""
    answer = Response(_SCRIPT, mimetype="text/javascript")
    answer.headers["Cache-Control"] = "public, max-age=3600"
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer
