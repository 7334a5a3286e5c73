"""Failures as pages: what happened, that nothing was changed, what to do; never how it is made inside."""

from __future__ import annotations

import logging
import re

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from models.base import db
from portal import front
from rules.errors import Busy, StorageFull


@pytest.fixture
def clinic(load_business, client):
    load_business("clinic")
    return client


def test_an_unknown_address_says_that_nothing_is_here(clinic):
    answer = clinic.get("/nothing")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text


def test_the_same_in_chinese(clinic):
    answer = clinic.get("/nothing?lang=zh")
    assert "这里没有内容" in answer.text
    assert '<html lang="zh-CN">' in answer.text


def test_a_failure_shows_a_code_and_no_trace(clinic, monkeypatch, caplog):
    logging.getLogger("frontdesk").propagate = True

    def broken(*_given, **_named):
        raise RuntimeError("the secret inside")

    monkeypatch.setattr(front, "stylesheet", broken)
    monkeypatch.setattr(front, "state_of", broken)
    answer = clinic.get("/")
    assert answer.status_code == 500
    assert "the secret inside" not in answer.text
    assert "Traceback" not in answer.text
    code = re.search(r"F-[0-9A-F]{6}", answer.text)
    assert code, "the page names no code"
    assert any(code[0] in record.getMessage() for record in caplog.records), "the log does not know the code"


@pytest.mark.parametrize(("refusal", "status"), [(Busy(retry_after=3), 503), (StorageFull(), 503)])
def test_a_pause_says_when_to_come_back(clinic, monkeypatch, refusal, status):
    def paused(*_given, **_named):
        raise refusal

    monkeypatch.setattr(front, "state_of", paused)
    answer = clinic.get("/")
    assert answer.status_code == status
    assert int(answer.headers["Retry-After"]) > 0
    assert "Nothing was changed" in answer.text


def test_a_database_that_went_away_is_a_pause(clinic, monkeypatch):
    def away(*_given, **_named):
        raise OperationalError("SELECT secret", {}, Exception("server closed the connection unexpectedly"))

    monkeypatch.setattr(front, "state_of", away)
    answer = clinic.get("/")
    assert answer.status_code == 503
    assert "SELECT" not in answer.text


def test_a_portal_without_a_business_asks_for_patience(client):
    answer = client.get("/")
    assert answer.status_code == 503
    assert "Traceback" not in answer.text


def test_programs_are_answered_in_their_own_way(clinic):
    answer = clinic.get("/api/v1/nothing")
    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_look_that_takes_the_database_too_long_is_a_pause(clinic, monkeypatch):
    def slow(*_given, **_named):
        db.session.execute(text("SET LOCAL statement_timeout = 20"))
        db.session.execute(text("SELECT pg_sleep(5)"))

    monkeypatch.setattr(front, "state_of", slow)
    answer = clinic.get("/")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert clinic.get("/find").status_code == 200
