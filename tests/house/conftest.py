"""The practice of four, in which everybody has something."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.support.practice import Practice, furnish
from tests.support.time import Clock


@pytest.fixture
def practice(load_business: Callable[..., Any], app: Flask, clock: Clock) -> Practice:
    """Two places, four people, one account of every kind."""
    load_business("practice")
    return furnish(app, clock.now)
