"""Settings: the only reader of the environment and of ``.env``. An odd value stops the start with one line that names it."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dotenv import dotenv_values

ROOT = Path(__file__).resolve().parent
SHORTEST_SECRET = 32
_HOST = re.compile(r"(\*\.)?[A-Za-z0-9.-]+(:[0-9]{1,5})?")
_MAILBOX = re.compile(r"[^@<>\s]+@[^@<>\s]+")

NAMES = frozenset(
    {
        "DATABASE_URL",
        "DATA_DIR",
        "REDIS_URL",
        "SECRET_KEY",
        "SECRET_KEY_FALLBACKS",
        "BASE_URL",
        "HOST",
        "PORT",
        "WEB_WORKERS",
        "MAIL_URL",
        "MAIL_FROM",
        "TWILIO_ACCOUNT_SID",
        "TWILIO_AUTH_TOKEN",
        "TWILIO_FROM",
        "TWILIO_MESSAGING_SERVICE_SID",
        "TWILIO_API_BASE",
        "HOLD_MINUTES",
        "DEMO",
        "RATE_LIMITS",
        "PROXIES",
        "LOG",
        "METRICS_TOKEN",
        "EMBED_SITES",
        "CLOCK_OFFSET_FILE",
        "FAILPOINTS",
        "FLASK_DEBUG",
    }
)


_EVERYWHERE = "0.0.0.0"  # noqa: S104  a wish that is recognised, not one that is made


class SettingError(Exception):
    """One setting that cannot be used; the text names it and says what is expected."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set. ``production`` is an https ``BASE_URL``."""

    database_url: str
    data_dir: Path
    secret_key: str
    base_url: str
    secret_key_fallbacks: tuple[str, ...] = ()
    host: str = "127.0.0.1"
    port: int = 8000
    web_workers: int = 1
    redis_url: str | None = None
    mail_url: str | None = None
    mail_from: str | None = None
    twilio_account_sid: str | None = None
    twilio_auth_token: str | None = None
    twilio_from: str | None = None
    twilio_messaging_service_sid: str | None = None
    twilio_api_base: str | None = None
    hold_minutes: int = 10
    demo: bool = True
    rate_limits: bool = True
    proxies: int = 0
    log: str = "text"
    metrics_token: str | None = None
    embed_sites: tuple[str, ...] = ()
    clock_offset_file: Path | None = None
    failpoints: Mapping[str, str] = field(default_factory=dict)
    debug: bool = False

    @property
    def production(self) -> bool:
        """True behind https."""
        return self.base_url.startswith("https://")

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """The key that signs and seals, then the earlier ones: what they signed still opens."""
        return (self.secret_key, *self.secret_key_fallbacks)

    @property
    def outgoing(self) -> Path:
        """Where messages are written while no mail or SMS account is set."""
        return self.data_dir / "outgoing"

    @property
    def pictures(self) -> Path:
        """Where pictures of the business are kept."""
        return self.data_dir / "pictures"

    @property
    def answers(self) -> Path:
        """Where files are kept that customers gave."""
        return self.data_dir / "answers"

    @property
    def erased(self) -> Path:
        """Who was erased, by public id: a restore erases them again."""
        return self.data_dir / "erased"

    @property
    def imports(self) -> Path:
        """Where files wait that are being imported."""
        return self.data_dir / "imports"

    @property
    def exports(self) -> Path:
        """Where large files wait for whoever asked for them."""
        return self.data_dir / "exports"

    @property
    def sms(self) -> bool:
        """True when Twilio is set up."""
        return bool(self.twilio_account_sid)


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of ``environ`` (default: the process's environment over ``.env``). Raises SettingError."""
    values = _values(environ)
    data_dir = Path(values.get("DATA_DIR") or ROOT / "instance").absolute()
    host = values.get("HOST") or "127.0.0.1"
    port = _number(values, "PORT", 8000, 1, 65535)
    base_url = (values.get("BASE_URL") or _local_url(host, port)).rstrip("/")
    _check_url("BASE_URL", base_url, ("http", "https"))
    if any((parts := urlsplit(base_url))[2:]) or parts.username is not None:
        raise SettingError("BASE_URL must be scheme and host only, like https://book.example.com")
    production = base_url.startswith("https://")
    settings = Settings(
        database_url=_database(values.get("DATABASE_URL"), data_dir),
        data_dir=data_dir,
        secret_key=_secret(values.get("SECRET_KEY"), data_dir, production),
        base_url=base_url,
        secret_key_fallbacks=_earlier_secrets(values.get("SECRET_KEY_FALLBACKS")),
        host=host,
        port=port,
        web_workers=_number(values, "WEB_WORKERS", 1, 1, 64),
        redis_url=_url(values, "REDIS_URL", ("redis", "rediss", "unix")),
        mail_url=_url(values, "MAIL_URL", ("smtp", "smtps")),
        mail_from=values.get("MAIL_FROM") or None,
        twilio_account_sid=values.get("TWILIO_ACCOUNT_SID") or None,
        twilio_auth_token=values.get("TWILIO_AUTH_TOKEN") or None,
        twilio_from=values.get("TWILIO_FROM") or None,
        twilio_messaging_service_sid=values.get("TWILIO_MESSAGING_SERVICE_SID") or None,
        twilio_api_base=_url(values, "TWILIO_API_BASE", ("http", "https")),
        hold_minutes=_number(values, "HOLD_MINUTES", 10, 1, 120),
        demo=_choice(values, "DEMO", {"1": True, "0": False}, not production),
        rate_limits=_choice(values, "RATE_LIMITS", {"on": True, "off": False}, True),
        proxies=_number(values, "PROXIES", 0, 0, 10),
        log=_choice(values, "LOG", {"text": "text", "json": "json"}, "text"),
        metrics_token=values.get("METRICS_TOKEN") or None,
        embed_sites=_sites(values.get("EMBED_SITES")),
        clock_offset_file=Path(values["CLOCK_OFFSET_FILE"]) if values.get("CLOCK_OFFSET_FILE") else None,
        failpoints=_failpoints(values.get("FAILPOINTS")),
        debug=_choice(values, "FLASK_DEBUG", {"1": True, "0": False}, False),
    )
    _check_together(settings)
    return settings


def _local_url(host: str, port: int) -> str:
    if host in (_EVERYWHERE, "::"):
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _values(environ: Mapping[str, str] | None) -> dict[str, str]:
    if environ is not None:
        return dict(environ)
    path = ROOT / ".env"
    written = {name: value or "" for name, value in dotenv_values(path).items()} if path.exists() else {}
    for name in written:
        if name not in NAMES:
            raise SettingError(f"{name} in .env is not a setting of Frontdesk; docs/operating.md lists them")
    return {**written, **{name: os.environ[name] for name in NAMES if name in os.environ}}


def _database(value: str | None, data_dir: Path) -> str:
    if not value:
        return f"sqlite:///{data_dir / 'frontdesk.db'}"
    scheme, _, rest = value.partition("://")
    if scheme in ("postgresql", "postgres", "postgresql+psycopg") and rest:
        return f"postgresql+psycopg://{rest}"
    # Three slashes and a name would be a path that depends on where the program was started.
    if scheme == "sqlite" and rest.startswith("//"):
        return value
    raise SettingError("DATABASE_URL must be postgresql://… or sqlite:///… with an absolute path")


def _secret(value: str | None, data_dir: Path, production: bool) -> str:
    if value:
        if len(value) < SHORTEST_SECRET:
            raise SettingError(
                f"SECRET_KEY is too short: at least {SHORTEST_SECRET} characters, for example from `openssl rand -hex 32`"
            )
        return value
    if production:
        raise SettingError(
            "SECRET_KEY is missing: an https BASE_URL needs one, for example from `openssl rand -hex 32`"
        )
    path = data_dir / "secret_key"
    try:
        if not path.exists():
            data_dir.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_hex(32))
        return path.read_text().strip()
    except FileExistsError:
        return path.read_text().strip()
    except OSError as error:
        raise SettingError(f"DATA_DIR {data_dir} cannot be written: {error.strerror}") from error


def _earlier_secrets(value: str | None) -> tuple[str, ...]:
    found = tuple(each.strip() for each in value.split(",")) if value else ()
    if any(len(each) < SHORTEST_SECRET for each in found):
        raise SettingError(
            f"SECRET_KEY_FALLBACKS must be earlier keys with commas between them, each at least {SHORTEST_SECRET} characters"
        )
    return found


def _number(values: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    value = values.get(name)
    if not value:
        return default
    if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
        raise SettingError(f"{name} must be a whole number from {low} to {high}, not {value!r}")
    return int(value)


def _choice(values: Mapping[str, str], name: str, options: Mapping[str, Any], default: Any) -> Any:
    value = values.get(name)
    if not value:
        return default
    if value not in options:
        raise SettingError(f"{name} must be {' or '.join(options)}, not {value!r}")
    return options[value]


def _url(values: Mapping[str, str], name: str, schemes: tuple[str, ...]) -> str | None:
    value = values.get(name)
    if value:
        _check_url(name, value, schemes)
    return value or None


def _check_url(name: str, value: str, schemes: tuple[str, ...]) -> None:
    try:
        parts = urlsplit(value)
        fits = parts.scheme in schemes and bool(parts.hostname or (parts.scheme == "unix" and parts.path))
        _port = parts.port
    except ValueError:
        fits = False
    if not fits:
        raise SettingError(f"{name} must start with {' or '.join(each + '://' for each in schemes)} and name a host")


def _sites(value: str | None) -> tuple[str, ...]:
    """Origins that may frame the portal. They end up in a header, so nothing else passes."""
    sites = tuple((value or "").replace(",", " ").split())
    for site in sites:
        parts = urlsplit(site)
        if parts.scheme not in ("http", "https") or not _HOST.fullmatch(parts.netloc) or any(parts[2:]):
            raise SettingError(f"EMBED_SITES must be addresses like https://www.example.com, not {site!r}")
    return sites


def _failpoints(value: str | None) -> dict[str, str]:
    """``name=action,name=action``."""
    pairs = [each.partition("=") for each in (value or "").split(",") if each]
    return {name: action or "on" for name, _, action in pairs}


def _check_together(settings: Settings) -> None:
    if settings.sms:
        if not settings.twilio_auth_token:
            raise SettingError("TWILIO_AUTH_TOKEN is missing: TWILIO_ACCOUNT_SID is set")
        if not (settings.twilio_from or settings.twilio_messaging_service_sid):
            raise SettingError("TWILIO_FROM or TWILIO_MESSAGING_SERVICE_SID is missing: TWILIO_ACCOUNT_SID is set")
    if settings.mail_url and not settings.mail_from:
        raise SettingError("MAIL_FROM is missing: MAIL_URL is set")
    if settings.mail_from and not _MAILBOX.fullmatch(settings.mail_from):
        raise SettingError("MAIL_FROM must be an address like desk@example.com; the name beside it is the business's")
    if not settings.production:
        return
    unsafe: list[tuple[str, Callable[[Settings], bool], str]] = [
        ("RATE_LIMITS", lambda each: not each.rate_limits, "cannot be off"),
        ("FAILPOINTS", lambda each: bool(each.failpoints), "are for tests only"),
        ("CLOCK_OFFSET_FILE", lambda each: each.clock_offset_file is not None, "is for tests only"),
        ("DEMO", lambda each: each.demo, "cannot be 1"),
        ("FLASK_DEBUG", lambda each: each.debug, "cannot be on"),
    ]
    for name, is_set, why in unsafe:
        if is_set(settings):
            raise SettingError(f"{name} {why} with an https BASE_URL")
