"""A town for each kind of database, shared by the races of one file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conftest import BOTH
from tests.races.town import Town
from tests.support.houses import open_house
from tests.support.rounds import waited


@pytest.fixture(scope="module", params=BOTH)
def open_town(
    request: pytest.FixtureRequest, _databases: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    """Four web processes before ``crowd.yaml``; closed, and its account balanced, after the last test of the file."""
    database, _ = _databases(request.param)
    found = Town(open_house(database, tmp_path_factory.mktemp("town"), "crowd", processes=4))
    try:
        yield found
    finally:
        found.served.stop()
    found.close()


@pytest.fixture
def town(request: pytest.FixtureRequest, open_town: Town) -> Iterator[Town]:
    """The town, which notes how long its customers waited in this test."""
    open_town.longest, open_town.asked = 0.0, 0
    yield open_town
    waited(request.node.name, open_town.asked, open_town.longest)


@pytest.fixture
def new_town(serve: Callable[..., Any]) -> Iterator[Callable[..., Town]]:
    """``new_town(FAILPOINTS=…)``: a town of its own, with settings of its own, whose account is balanced in the end."""
    made: list[Town] = []

    def new(business: str = "crowd", **options: Any) -> Town:
        made.append(Town(serve(business, **{"processes": 4, **options})))
        return made[-1]

    yield new
    for each in made:
        each.close()
