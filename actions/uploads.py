"""Pictures that somebody at the desk gives: looked at before they are kept, and not too many of them."""

from __future__ import annotations

from datetime import datetime, timedelta

from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from actions.businessfile import pictures
from models.history import History
from rules.errors import FieldError, Invalid, RateLimited
from rules.rights import Viewer

MAX_BYTES = pictures.MAX_BYTES
A_DAY, MOST = timedelta(days=1), 50
_KINDS = ((b"\x89PNG", "png"), (b"\xff\xd8\xff", "jpg"), (b"RIFF", "webp"))


def safe(data: bytes) -> tuple[str, bytes]:
    """The kind of a picture (png, jpg, webp) and the picture written anew: small, upright, without place and camera. What it
    is called says nothing; what it is made of does. Raises Invalid (``picture``) for what is too large or no such picture:
    a drawing with a program in it is none."""
    if len(data) > MAX_BYTES:
        raise Invalid(errors={"picture": FieldError("picture_too_large", {"most": MAX_BYTES // 1_000_000})})
    kind = next((kind for start, kind in _KINDS if data.startswith(start)), None)
    if kind is None:
        raise Invalid(errors={"picture": FieldError("no_picture")})
    try:
        return kind, pictures.safe(f"picture.{kind}", data)
    except ValueError as error:
        bombs = (Image.DecompressionBombError, Image.DecompressionBombWarning)
        large = "pixels" in str(error) or isinstance(error.__cause__, bombs)
        code = "too_many_pixels" if large else "no_picture"
        raise Invalid(errors={"picture": FieldError(code)}) from error


def within_quota(session: OrmSession, *, by: Viewer, now: datetime) -> None:
    """Raises RateLimited for who has given as many pictures within a day as anybody may."""
    mine = (History.actor == by.actor, History.object_kind == "service", History.action == "edited")
    given = select(History.at, History.after).where(*mine, History.at > now - A_DAY).order_by(History.at)
    times = [at for at, after in session.execute(given) if (after or {}).get("picture")]
    if len(times) >= MOST:
        raise RateLimited(retry_after=int((times[-MOST] + A_DAY - now).total_seconds()) + 1, at=times[-MOST] + A_DAY)
