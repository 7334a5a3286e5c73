"""The picture of a service: taken from a file, made small and free of hidden data, kept under a name of our own."""

from __future__ import annotations

import secrets

from flask import redirect, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

import clock
from actions import catalogue as editing
from actions import uploads
from backoffice import access
from backoffice.access import door
from backoffice.blueprint import desk
from backoffice.services_edit import pictures_dir
from models.base import db
from rules.errors import FieldError, Invalid, Refusal
from web.locale import words
from web.uploading import read


@desk.post("/services/<slug>/picture")
@door("business.write")
def services_picture(slug: str) -> AnyResponse:
    """Shows another picture from now on, or none."""
    entry, now, by = editing.entry(db.session(), "service", slug), clock.now(), access.viewer()
    try:
        if "drop" in request.form:
            entry.pop("picture", None)
            editing.save("service", slug, entry, by=by, now=now, keep=True)
            said = words().gettext("The picture is gone.")
        else:
            sent = request.files.get("picture")
            data = read(sent, uploads.MAX_BYTES) if sent else b""
            if sent:
                sent.close()
            if not data:
                raise Invalid(errors={"picture": FieldError("required")})
            kind, safe = uploads.safe(data)
            uploads.within_quota(db.session(), by=by, now=now)
            name = f"{secrets.token_hex(12)}.{kind}"
            editing.save(
                "service",
                slug,
                {**entry, "picture": name},
                by=by,
                now=now,
                keep=True,
                files={name: safe},
                pictures_dir=pictures_dir(),
            )
            said = words().gettext("The picture is saved.")
    except Invalid as refusal:
        said = " ".join(words().field(each) for each in refusal.errors.values())
    except Refusal as refusal:
        said = words().sentence(refusal)
    session["toast"] = {"said": said, "reference": "", "until": ""}
    return redirect(url_for("desk.services_one", slug=slug, tab="read") + "#picture", 303)
