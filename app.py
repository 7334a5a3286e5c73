"""Builds the application and hangs the doors."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from flask import Flask, Response, current_app
from flask.json.provider import DefaultJSONProvider
from flask_migrate import Migrate
from flask_wtf.csrf import CSRFProtect
from jinja2 import ChoiceLoader, PackageLoader

import api
import backoffice
import cli
import clock
import config
import failpoints
import portal
from actions import visits
from models.base import db, engine_options, set_up_connections
from web import errors, limits, request_ids, security
from web.assets import assets
from web.health import health


class CompactJson(DefaultJSONProvider):
    """JSON without blanks, Chinese as it is, keys in the order of the code."""

    ensure_ascii = False
    sort_keys = False
    compact = True


migrate = Migrate()
csrf = CSRFProtect()


def create_app(settings: config.Settings | None = None) -> Flask:
    """The application for ``settings`` (default: environment and ``.env``). Raises ``config.SettingError`` for odd ones."""
    settings = settings or config.load()
    app = Flask("frontdesk", root_path=str(config.ROOT), static_folder=None, template_folder=None)
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key,
        SECRET_KEY_FALLBACKS=list(settings.secret_key_fallbacks),
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url),
    )
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    failpoints.arm(settings.failpoints)
    clock.use_offset_file(settings.clock_offset_file)
    _log(settings)
    _connect_database(app)
    _hang_doors(app, settings)
    return app


def _log(settings: config.Settings) -> None:
    """One line an event on standard error; JSON where the settings say so."""
    from web.logs import configure

    configure(settings.log)
    logging.getLogger("alembic").setLevel(logging.WARNING)


def _connect_database(app: Flask) -> None:
    db.init_app(app)
    migrate.init_app(app, db, directory=str(config.ROOT / "migrations"))
    with app.app_context():
        set_up_connections(db.engine)


def _hang_doors(app: Flask, settings: config.Settings) -> None:
    app.json = CompactJson(app)
    app.jinja_env.loader = ChoiceLoader(
        [PackageLoader("web"), PackageLoader("portal"), PackageLoader("backoffice"), PackageLoader("notifications")]
    )
    request_ids.number(app)
    security.secure(app, settings)
    limits.limit(app, settings)
    csrf.init_app(app)
    errors.handle(app)
    app.register_blueprint(assets)
    app.register_blueprint(health)
    portal.install(app)
    backoffice.install(app)
    api.install(app, csrf)
    for view in ("portal.receipt", "portal.inbound"):
        csrf.exempt(app.view_functions[view])
    cli.register(app)
    app.after_request(_write_visits)


def _write_visits(response: Response) -> Any:
    """Writes the counted visits now and then, once the answer has been sent."""
    if visits.due(clock.now()):
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        response.call_on_close(partial(_flush_visits, app))
    return response


def _flush_visits(app: Flask) -> None:
    with app.app_context():
        try:
            visits.flush(clock.now())
        except Exception:
            logging.getLogger("frontdesk").warning("visits could not be written")
