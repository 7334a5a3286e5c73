"""A sweep that breaks off half through: the rest is done all the same, and the next one goes on where it stopped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

import failpoints
from actions import upkeep
from models.base import db
from models.booking import Booking, Hold, Session
from tests.factories import HANNAH, booked, free, held
from tests.support.time import Clock


def count(query: Any) -> int:
    db.session.rollback()
    return int(db.session.execute(query).scalar_one())


def test_what_was_left_is_done_by_the_next(app: Flask, load_business: Callable[..., Any], clock: Clock, tmp_path: Path):
    load_business("clinic")
    asked = booked("ultrasound", clock.now, customer={**HANNAH, "email": ""}, answers={"referral": False}).booking
    starts = free("check-up", clock.now, resources=("dr-yilmaz",))
    for offer in starts[:20:5]:
        held("check-up", clock.now, start=offer.start, resources=("dr-yilmaz",))
    db.session.rollback()
    clock.now = asked.start
    open_holds = select(func.count()).select_from(Hold).where(Hold.state == "open")
    assert count(open_holds) == 4

    (tmp_path / "once").touch()
    failpoints.arm({"before_commit": f"raise@{tmp_path / 'once'}"})
    with pytest.raises(failpoints.Failed):
        upkeep.sweep(now=clock.now)
    assert count(open_holds) == 4
    assert db.session.get(Booking, asked.id).status == "expired"
    db.session.rollback()

    assert upkeep.sweep(now=clock.now)["holds"] == 4
    assert count(open_holds) == 0
    assert count(select(func.count()).select_from(Session).where(Session.live)) == 0
    assert upkeep.sweep(now=clock.now)["holds"] == 0
