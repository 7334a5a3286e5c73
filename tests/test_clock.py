"""The one reader of the system clock, and the steps at which tests can make a process stumble."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import clock
import failpoints


@pytest.fixture(autouse=True)
def unshifted():
    yield
    clock.use_offset_file(None)
    failpoints.arm({})


def test_now_is_aware_and_utc():
    assert clock.now().tzinfo is UTC


def test_a_file_shifts_the_clock_of_every_process_that_reads_it(tmp_path: Path):
    before = clock.now()
    path = tmp_path / "offset"
    path.write_text("86400")
    clock.use_offset_file(path)
    assert timedelta(days=1) <= clock.now() - before < timedelta(days=1, seconds=10)


@pytest.mark.parametrize("text", ["", "tomorrow"])
def test_a_file_without_a_number_shifts_nothing(tmp_path: Path, text: str):
    path = tmp_path / "offset"
    path.write_text(text)
    clock.use_offset_file(path)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=10)


def test_a_missing_file_shifts_nothing(tmp_path: Path):
    clock.use_offset_file(tmp_path / "none")
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=10)


def test_nothing_happens_at_a_step_that_is_not_armed():
    failpoints.failpoint("before_commit")
    failpoints.arm({"after_commit": "raise"})
    failpoints.failpoint("before_commit")


def test_an_armed_step_fails():
    failpoints.arm({"before_commit": "raise"})
    with pytest.raises(failpoints.Failed):
        failpoints.failpoint("before_commit")


def test_a_switch_is_on_only_when_armed():
    assert not failpoints.enabled("guard_off")
    failpoints.arm({"guard_off": "on"})
    assert failpoints.enabled("guard_off")
