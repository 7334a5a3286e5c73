"""Settings: what is odd stops the start with one line that names it; https means production."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

import config
from config import SettingError, load

KEY = "k" * 32


def settings(tmp_path: Path, **values: str) -> config.Settings:
    return load({"DATA_DIR": str(tmp_path), "SECRET_KEY": KEY, **values})


def complaint(tmp_path: Path, **values: str) -> str:
    with pytest.raises(SettingError) as caught:
        settings(tmp_path, **values)
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


def test_nothing_has_to_be_set(tmp_path: Path):
    found = load({"DATA_DIR": str(tmp_path)})
    assert found.database_url == f"sqlite:///{tmp_path}/frontdesk.db"
    assert (found.host, found.port, found.base_url) == ("127.0.0.1", 8000, "http://127.0.0.1:8000")
    assert (found.hold_minutes, found.demo, found.rate_limits, found.web_workers) == (10, True, True, 1)
    assert not found.production


def test_an_empty_value_is_the_same_as_none(tmp_path: Path):
    assert settings(tmp_path, PORT="", REDIS_URL="", DEMO="") == settings(tmp_path)


def test_a_trial_makes_its_own_key_once_and_keeps_it_to_itself(tmp_path: Path):
    first = load({"DATA_DIR": str(tmp_path / "new")})
    again = load({"DATA_DIR": str(tmp_path / "new")})
    assert first.secret_key == again.secret_key
    assert len(first.secret_key) == 64
    assert stat.S_IMODE((tmp_path / "new" / "secret_key").stat().st_mode) == 0o600


@pytest.mark.parametrize("given", ["postgresql://u:p@db/fd", "postgres://u:p@db/fd", "postgresql+psycopg://u:p@db/fd"])
def test_postgresql_goes_through_psycopg(tmp_path: Path, given: str):
    assert settings(tmp_path, DATABASE_URL=given).database_url == "postgresql+psycopg://u:p@db/fd"


def test_the_port_is_part_of_the_address_unless_one_is_given(tmp_path: Path):
    assert settings(tmp_path, PORT="9000").base_url == "http://127.0.0.1:9000"
    assert settings(tmp_path, HOST="0.0.0.0", PORT="9000").base_url == "http://127.0.0.1:9000"
    assert settings(tmp_path, HOST="::1").base_url == "http://[::1]:8000"
    assert settings(tmp_path, BASE_URL="http://desk.example/").base_url == "http://desk.example"


ODD = [
    ("DATABASE_URL", "mysql://db/fd"),
    ("DATABASE_URL", "sqlite:///frontdesk.db"),
    ("DATABASE_URL", "sqlite://"),
    ("DATABASE_URL", "postgresql://"),
    ("REDIS_URL", "http://127.0.0.1"),
    ("REDIS_URL", "redis"),
    ("SECRET_KEY", "short"),
    ("SECRET_KEY_FALLBACKS", "short"),
    ("SECRET_KEY_FALLBACKS", f"{KEY},short"),
    ("SECRET_KEY_FALLBACKS", f"{KEY},"),
    ("SECRET_KEY_FALLBACKS", f"{' ' * 32},{KEY}"),
    ("BASE_URL", "desk.example.com"),
    ("BASE_URL", "ftp://desk.example.com"),
    ("BASE_URL", "http://"),
    ("BASE_URL", "http://desk.example.com/booking"),
    ("BASE_URL", "http://desk.example.com?x=1"),
    ("BASE_URL", "http://user:word@desk.example.com"),
    ("BASE_URL", "http://desk.example.com:eighty"),
    ("PORT", "eighty"),
    ("PORT", "0"),
    ("PORT", "65536"),
    ("PORT", "8 000"),
    ("PORT", "８０００"),
    ("WEB_WORKERS", "0"),
    ("WEB_WORKERS", "-1"),
    ("HOLD_MINUTES", "0"),
    ("HOLD_MINUTES", "ten"),
    ("PROXIES", "1.5"),
    ("DEMO", "yes"),
    ("RATE_LIMITS", "0"),
    ("LOG", "xml"),
    ("MAIL_URL", "http://mail.example.com"),
    ("MAIL_FROM", "nobody"),
    ("MAIL_FROM", "Praxis am Park <desk@example.com>"),
    ("MAIL_FROM", "a@example.com\nBcc: b@example.com"),
    ("TWILIO_API_BASE", "twilio"),
    ("EMBED_SITES", "www.example.com"),
    ("EMBED_SITES", "https://a.example;script-src"),
    ("EMBED_SITES", "https://a.example/page"),
    ("FLASK_DEBUG", "maybe"),
]


@pytest.mark.parametrize(("name", "value"), ODD)
def test_an_odd_value_is_named(tmp_path: Path, name: str, value: str):
    assert name in complaint(tmp_path, **{name: value})


def test_earlier_keys_are_a_list_behind_the_one_that_signs(tmp_path: Path):
    found = settings(tmp_path, SECRET_KEY_FALLBACKS=f"{'b' * 32}, {'a' * 40}")
    assert found.secret_keys == (KEY, "b" * 32, "a" * 40)
    assert settings(tmp_path).secret_keys == (KEY,)


def test_no_complaint_shows_a_key(tmp_path: Path):
    assert "b" * 32 not in complaint(tmp_path, SECRET_KEY_FALLBACKS=f"{'b' * 32},shortish")
    assert "shortish" not in complaint(tmp_path, SECRET_KEY_FALLBACKS=f"{'b' * 32},shortish")


def test_embedding_sites_are_a_list(tmp_path: Path):
    given = "https://www.example.com, https://*.example.org:8443"
    assert settings(tmp_path, EMBED_SITES=given).embed_sites == (
        "https://www.example.com",
        "https://*.example.org:8443",
    )


def test_half_of_an_account_is_named(tmp_path: Path):
    assert "MAIL_FROM" in complaint(tmp_path, MAIL_URL="smtp://mail.example.com")
    assert "TWILIO_AUTH_TOKEN" in complaint(tmp_path, TWILIO_ACCOUNT_SID="AC1")
    assert "TWILIO_FROM" in complaint(tmp_path, TWILIO_ACCOUNT_SID="AC1", TWILIO_AUTH_TOKEN="t")


def test_whole_accounts_are_taken(tmp_path: Path):
    found = settings(
        tmp_path,
        MAIL_URL="smtps://user:word@mail.example.com:465",
        MAIL_FROM="desk@example.com",
        TWILIO_ACCOUNT_SID="AC1",
        TWILIO_AUTH_TOKEN="t",
        TWILIO_MESSAGING_SERVICE_SID="MG1",
    )
    assert found.sms


HTTPS = {"BASE_URL": "https://book.example.com"}


def test_https_means_production_and_the_demo_stays_away(tmp_path: Path):
    found = settings(tmp_path, **HTTPS)
    assert found.production
    assert not found.demo


UNSAFE = [
    ("DEMO", "1"),
    ("RATE_LIMITS", "off"),
    ("FAILPOINTS", "before_commit=raise"),
    ("CLOCK_OFFSET_FILE", "/nowhere"),
    ("FLASK_DEBUG", "1"),
    ("SECRET_KEY", ""),
    ("SECRET_KEY", "short"),
]


@pytest.mark.parametrize(("name", "value"), UNSAFE)
def test_what_is_unsafe_stops_production(tmp_path: Path, name: str, value: str):
    assert name in complaint(tmp_path, **{**HTTPS, name: value})


def test_the_file_is_read_and_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(config, "ROOT", tmp_path)
    for name in config.NAMES:
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".env").write_text(f"SECRET_KEY={KEY}\nPORT=9001\nHOLD_MINUTES=15\n")
    monkeypatch.setenv("PORT", "9002")
    found = load()
    assert (found.port, found.hold_minutes) == (9002, 15)


def test_an_unknown_name_in_the_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(config, "ROOT", tmp_path)
    (tmp_path / ".env").write_text("HOLD_MINUTE=15\n")
    with pytest.raises(SettingError, match=r"HOLD_MINUTE in \.env is not a setting"):
        load()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingError, match="DATA_DIR"):
        load({"DATA_DIR": str(tmp_path / "file" / "below")})
