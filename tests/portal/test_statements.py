"""How many statements a page takes: as many for a house with much to offer as for one with little."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from sqlalchemy import event

from models.base import db

HOUSE = """
business: {name: House, timezone: Europe/Berlin, country: DE, currency: EUR}
locations: [{slug: here, name: Here, hours: {mon: ["08:00-18:00"], tue: ["08:00-18:00"]}}]
resources: [{slug: ann, kind: staff, name: Ann, location: here}, {slug: ben, kind: staff, name: Ben, location: here}]
services:
"""


@pytest.fixture
def offering(load_business, tmp_path, client):
    """``offering(20)``: the front page of a house with so many services, as it is asked for again."""

    def page(services):
        path = tmp_path / f"{services}.yaml"
        each = "  - {{slug: s{0}, name: S{0}, duration: 30, needs: [{{kind: staff}}]}}\n"
        path.write_text(HOUSE + "".join(each.format(number) for number in range(services)))
        load_business(path)
        assert client.get("/").text.count('href="/book/s') == services
        return client

    return page


@contextmanager
def statements():
    asked = []

    def listen(_connection, _cursor, statement, *_more):
        asked.append(statement)

    event.listen(db.engine, "before_cursor_execute", listen)
    try:
        yield asked
    finally:
        event.remove(db.engine, "before_cursor_execute", listen)


def count(client):
    with statements() as asked:
        assert client.get("/").status_code == 200
    return len([each for each in asked if each.startswith("SELECT")])


def test_the_front_page_asks_as_little_for_twenty_services_as_for_two(offering):
    few, many = count(offering(2)), count(offering(20))
    assert few == many <= 4
