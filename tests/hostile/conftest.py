"""The business that asks everything, and what every hostile test does with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hostile.doors import Visitor


@pytest.fixture
def asking(load_business, client):
    """A client of the business that asks everything."""
    load_business(Path(__file__).with_name("asking.yaml"))
    return client


@pytest.fixture
def visitor(asking):
    return Visitor(asking)
