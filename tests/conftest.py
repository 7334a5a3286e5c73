"""The cast of every test: two databases, a clock that stands, a client, real servers, a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import redis
from argon2 import PasswordHasher
from flask import Flask

import clock as product_clock
import failpoints
from actions import passwords
from app import create_app
from models.base import db
from tests.invariants import check, check_url
from tests.support import browser, databases, servers
from tests.support.carriers import Carriers
from tests.support.crew import Crew
from tests.support.houses import BUSINESSES, open_house, settings
from tests.support.time import Clock
from tests.support.web import Served, Visitor, environment, start, stop

pytest_plugins = ["tests.support.pure_floors", "tests.support.rounds", "tests.support.golden"]

BOTH = ("sqlite", "postgres")


def pytest_configure(config: pytest.Config) -> None:
    """With several processes the servers start here, once, and are found by all of them through the environment."""
    if getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput"):
        servers.postgres_url()
        servers.redis_url()


# Databases and the application


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """A real PostgreSQL server on which databases may be made."""
    return servers.postgres_url()


@pytest.fixture(scope="session")
def redis_server() -> str:
    """A real Redis, shared by the whole run. A test that writes to it takes ``redis_url``."""
    return servers.redis_url()


@pytest.fixture
def redis_url(redis_server: str, worker_id: str) -> str:
    """A Redis database of this process, empty."""
    number = 1 + int(worker_id.removeprefix("gw") or 0) if worker_id != "master" else 0
    url = f"{redis_server}?db={number}" if redis_server.startswith("unix:") else f"{redis_server.rstrip('/')}/{number}"
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url


@pytest.fixture(scope="session")
def _databases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Both kinds of database, each migrated when it is first asked for."""
    made: dict[str, tuple[databases.Database, Flask]] = {}

    def of(kind: str) -> tuple[databases.Database, Flask]:
        if kind not in made:
            folder = tmp_path_factory.mktemp(kind)
            if kind == "sqlite":
                files = databases.Sqlite(folder)
                databases.migrate(create_app(settings(files.url(files.template), folder)))
                files.empty()
                made[kind] = files, create_app(settings(files.url(), folder))
            else:
                server = databases.Postgres(request.getfixturevalue("postgres_url"))
                databases.migrate(create_app(settings(server.url(server.template), folder)))
                server.ready()
                made[kind] = server, create_app(settings(server.url(), folder))
        return made[kind]

    yield of
    for database, app in made.values():
        databases.let_go(app)
        database.drop()


@pytest.fixture(params=BOTH)
def database(request: pytest.FixtureRequest, _databases: Any) -> databases.Database:
    """An empty database at the newest schema; the test runs once on SQLite and once on PostgreSQL."""
    found, app = _databases(request.param)
    databases.let_go(app)
    found.empty()
    return found


@pytest.fixture
def app(database: databases.Database, _databases: Any, clock: Clock) -> Iterator[Flask]:
    """The application on an empty database, inside its context; afterwards the invariants of what it wrote are checked."""
    _, app = _databases(database.name)
    app.test_client_class = Visitor
    app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False, WTF_CSRF_ENABLED=False)
    with app.app_context():
        yield app
        db.session.rollback()
        with db.engine.connect() as connection:
            check(connection, now=clock.now)
    failpoints.arm({})


@pytest.fixture
def make_app(database: databases.Database, tmp_path: Path, clock: Clock) -> Iterator[Callable[..., Flask]]:
    """``make_app(BASE_URL=…, REDIS_URL=…)``: another application with settings of its own on the same database."""
    made: list[Flask] = []

    from web.limits import limiter

    def make(**values: str) -> Flask:
        app = create_app(settings(database.url(), tmp_path, **values))
        app.test_client_class = Visitor
        made.append(app)
        return app

    yield make
    for each in made:
        databases.let_go(each)
    # One limiter counts for all applications of this process: that one of them lost its Redis is nothing to the next.
    limiter._storage_dead = False


@pytest.fixture
def client(app: Flask) -> Visitor:
    """A visitor without cookies."""
    found = app.test_client()
    assert isinstance(found, Visitor)
    return found


@pytest.fixture
def load_business(app: Flask, clock: Clock) -> Callable[..., Any]:
    """``load_business("clinic")``: loads one of ``tests/businesses/``, or any path, and gives the report."""
    from actions.businessfile.loading import load
    from tests.support.loaded import is_empty
    from tests.support.loaded import loaded as before

    def loaded(name: str | Path, **options: Any) -> Any:
        path = BUSINESSES / f"{name}.yaml" if isinstance(name, str) else name
        if path.parent == BUSINESSES and not options and is_empty():
            return before(path, clock.now)
        return load(path, pictures_dir=app.config["SETTINGS"].pictures, now=clock.now, **options)

    return loaded


@pytest.fixture(scope="session", autouse=True)
def _cheap_hashes() -> None:
    """Passwords are hashed in this process by the same way with the least effort; real servers take their whole time."""
    passwords.hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


# Time


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The product's clock, standing on Monday 30 November 2026, 09:00 UTC, until the test moves it."""
    standing = Clock()
    monkeypatch.setattr(product_clock, "now", lambda: standing.now)
    return standing


@pytest.fixture
def clock_at(clock: Clock) -> Callable[[str], Clock]:
    """``clock_at("2026-11-30T09:00Z")``: the standing clock at an instant of the test's choice."""

    def at(text: str) -> Clock:
        clock.set(text)
        return clock

    return at


# Real processes


@pytest.fixture
def serve(database: databases.Database, tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """``serve("clinic", at="2026-11-30T09:00Z", processes=2, REDIS_URL=…)``: a real gunicorn with several processes.

    It has a database of its own on the kind that the test runs on, with a business loaded, and a clock that starts at
    ``at`` and goes on from there.
    """
    made: list[Served] = []

    def served(business: str | Path | None = "clinic", **options: Any) -> Served:
        made.append(open_house(database, tmp_path / f"served-{len(made)}", business, **options))
        return made[-1]

    yield served
    for each in made:
        each.stop()
    for each in made:
        check_url(each.environ["DATABASE_URL"])


@pytest.fixture
def run_worker(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """``run_worker(served)``: a real ``flask worker`` beside a served application; gives the process."""
    import sys

    made: list[Any] = []

    def run(served: Served, **environ: str) -> Any:
        command = [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]
        log = tmp_path / f"worker-{len(made)}.log"
        made.append(start(command, environment(served.folder, {**served.environ, **environ}), log))
        return made[-1]

    yield run
    for each in made:
        stop(each)


@pytest.fixture
def own_redis() -> Iterator[servers.OwnRedis]:
    """A Redis that the test may stop, make hang and empty."""
    made = servers.OwnRedis()
    yield made
    made.close()


@pytest.fixture
def carriers() -> Iterator[Carriers]:
    """A mail server and a Twilio with a journal; ``serve("clinic", **carriers.settings)`` sends through them."""
    made = Carriers()
    yield made
    made.close()


@pytest.fixture
def crew() -> Iterator[Callable[..., Crew]]:
    """``crew(environ, "deliver", 4)``: four real processes that wait for ``go()`` to do the same at the same moment."""
    made: list[Crew] = []

    def gather(environ: Mapping[str, str], act: str, count: int, *arguments: str) -> Crew:
        made.append(Crew(environ, act, count, *arguments))
        return made[-1]

    yield gather
    for each in made:
        each.stop()


# A browser


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A real Chromium, driven through Playwright."""
    with browser.started() as chromium:
        yield chromium


@pytest.fixture
def new_page(chromium: Any) -> Iterator[Callable[..., Any]]:
    """``new_page(width=390, locale="zh-CN", javascript=False)``: a page of its own visitor; its console must stay silent."""
    contexts = []
    errors: list[str] = []

    def new(
        *, width: int = 1280, height: int = 900, locale: str = "en", javascript: bool = True, **options: Any
    ) -> Any:
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            locale=locale,
            java_script_enabled=javascript,
            service_workers="block",
            **{"timezone_id": "Europe/Berlin", **options},
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: errors.append(line.text) if "Content Security Policy" in line.text else None)
        return page

    yield new
    for each in contexts:
        each.close()
    assert not errors, "errors in the browser's console: " + "; ".join(errors)


@pytest.fixture
def page(new_page: Callable[..., Any]) -> Any:
    """A desk-sized page."""
    return new_page()
