"""Builds the application and hangs the doors."""

from __future__ import annotations

import config
from flask import Flask
from flask_migrate import Migrate

import clock
import failpoints
from models.base import db, engine_options, set_up_connections

migrate = Migrate()


def create_app(settings: config.Settings | None = None) -> Flask:
    """The application for ``settings`` (default: environment and ``.env``). Raises ``config.SettingError`` for odd ones."""
    settings = settings or config.load()
    app = Flask("frontdesk", root_path=str(config.ROOT), static_folder=None, template_folder=None)
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url),
    )
    failpoints.arm(settings.failpoints)
    clock.use_offset_file(settings.clock_offset_file)
    _connect_database(app)
    _hang_doors(app, settings)
    return app


def _connect_database(app: Flask) -> None:
    db.init_app(app)
    migrate.init_app(app, db, directory=str(config.ROOT / "migrations"))
    with app.app_context():
        set_up_connections(db.engine)


def _hang_doors(app: Flask, settings: config.Settings) -> None:
    import cli

    cli.register(app)
