"""What a command says when the database fails it: one line, and what to do."""

from __future__ import annotations

from typing import Any

import click
from flask import has_app_context
from flask.cli import AppGroup
from sqlalchemy.exc import DBAPIError, OperationalError

from models.base import db

# https://www.postgresql.org/docs/current/errcodes-appendix.html
_NO_TABLE, _NO_COLUMN = "42P01", "42703"


class Group(AppGroup):
    """Commands of one subject. An error of the database ends them with one line instead of a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command."""
        try:
            return super().invoke(ctx)
        except DBAPIError as error:
            sentence = why(error)
            if sentence is None:
                raise
            raise click.ClickException(sentence) from error


def why(error: DBAPIError) -> str | None:
    """The sentence for an error that an operator can mend; None for one that is our mistake."""
    state, words = getattr(error.orig, "sqlstate", None), str(error.orig)
    if state in (_NO_TABLE, _NO_COLUMN) or words.startswith("no such"):
        return "the database is not at the newest schema; run `make migrate`"
    damaged = "not a database" in words or "malformed" in words
    if not damaged and not isinstance(error, OperationalError):
        return None
    reason = words.splitlines()[0] if words else type(error.orig).__name__
    if has_app_context() and db.engine.dialect.name == "sqlite":
        reason = f"{reason} ({db.engine.url.database})"
    return f"the database {'is damaged, restore a backup' if damaged else 'does not answer'}: {reason}"
