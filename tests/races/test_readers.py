"""Readers of times and calendars while others write: what was answered is seen at once, and never a mixture."""

from __future__ import annotations

import itertools
import random
import threading
import time
from datetime import datetime
from typing import Any

import pytest
import requests
from bs4 import BeautifulSoup

from tests.races.racing import together
from tests.support.calendars import pairs

pytestmark = [pytest.mark.timeout(900), pytest.mark.race]


def read_by_program(town, day):
    """Free starts by the API, asked again with the ETag of the last answer."""
    kept: dict[str, Any] = {}

    def read(session):
        headers = {"If-None-Match": kept["etag"]} if kept else {}
        address = f"{town.url}/api/v1/services/photo/slots"
        answer = session.get(address, params={"from": day, "to": day}, headers=headers, timeout=60)
        assert answer.status_code in (200, 304), answer.text
        if answer.status_code == 200:
            kept.update(etag=answer.headers["ETag"], starts={instant(each["start"]) for each in answer.json()["slots"]})
        return kept["starts"]

    return read


def read_by_page(town, day):
    """Free starts on the page, the way it renews itself."""
    kept: dict[str, Any] = {"version": "", "starts": set()}

    def read(session):
        query = {"day": day, "v": kept["version"]}
        answer = session.get(f"{town.url}/book/photo", params=query, headers={"X-Part": "times"}, timeout=60)
        assert answer.status_code in (200, 204), answer.text
        if answer.status_code == 200:
            buttons = BeautifulSoup(answer.text, "html.parser").find_all("button", {"name": "start"})
            kept.update(version=answer.headers["X-Version"], starts={instant(each["value"]) for each in buttons})
        return kept["starts"]

    return read


def instant(text):
    return datetime.fromisoformat(text).timestamp()


def test_what_was_booked_is_seen_at_once_by_everybody_who_looks(town, sizes):
    readers, writers = sizes(8, 200), sizes(6, 20)
    day = town.day()
    free = town.starts("photo", day)
    taken, lock = {}, threading.Lock()
    looked, over = [], threading.Event()

    def reader(read):
        def look():
            with requests.Session() as session:
                while True:
                    last, began = over.is_set(), time.monotonic()
                    looked.append((began, read(session)))
                    if last:
                        return

        return look

    def writer(number):
        def act(session):
            dice = random.Random(number)
            # Each believes the page that she has read first: what others took meanwhile is refused, not given twice.
            for start in dice.sample(free, 4):
                answer = town.booking("photo", start)(session)
                if answer.status_code == 201:
                    with lock:
                        taken[instant(start)] = time.monotonic()
            return session.get(f"{town.url}/healthz", timeout=60)

        return act

    def write():
        try:
            town.rush([writer(number) for number in range(writers)])
        finally:
            over.set()

    ways = itertools.cycle((read_by_program, read_by_page))
    together([write, *(reader(next(ways)(town, day)) for _ in range(readers))])
    assert len(taken) >= 4
    stale = [(start, began) for began, starts in looked for start in starts if taken.get(start, began) < began]
    assert stale == []
    # And nothing else was hidden: what is free in the end is what nobody has.
    assert {instant(start) for start in town.starts("photo", day)} == {instant(start) for start in free} - set(taken)


def test_a_feed_that_is_read_while_everything_moves(town, sizes):
    """Each reading is one moment: every booking once, at a time that it had, nobody at two places; numbers only rise."""
    days = [town.day() for _ in range(2)]
    starts = [start for day in days for start in town.starts("haircut", day, duration=30, resource="ada")[::3]]
    made = [town.book("haircut", start, duration=30, resource="ada") for start in starts[:8]]
    address = town.feed(resource="ada")
    moves, over = sizes(40, 400), threading.Event()
    had = {made_["reference"]: {0: made_["start"]} for made_ in made}
    readings = []

    def move_about():
        dice = random.Random(44)
        try:
            with requests.Session() as session:
                for _ in range(moves):
                    each = dice.choice(made)
                    answer = town.moving(each, dice.choice(starts))(session)
                    assert answer.status_code in (200, 409), answer.text
                    if answer.status_code == 200:
                        had[each["reference"]][answer.json()["revision"]] = answer.json()["start"]
        finally:
            over.set()

    def read():
        with requests.Session() as session:
            while True:
                last = over.is_set()
                answer = session.get(address, timeout=60)
                assert answer.status_code == 200
                readings.append(answer.content)
                if last:
                    return
                time.sleep(0.02)

    together([move_about, read, read])
    uids = {row.uid: row.reference for row in town.store.rows("SELECT uid, reference FROM booking")}
    for reading in dict.fromkeys(readings):
        events = pairs(reading)
        taken = set()
        for event, twin in events:
            uid, number, start = str(event["uid"]), int(event["sequence"]), event["dtstart"].dt
            reference = uids[uid.removesuffix("@frontdesk")]
            assert (twin.uid.value, int(twin.sequence.value), twin.dtstart.value) == (uid, number, start)
            if reference in had:
                assert datetime.fromisoformat(had[reference][number]) == start
                assert start not in taken
                taken.add(start)
        found = [uids[str(event["uid"]).removesuffix("@frontdesk")] for event, _ in events]
        assert sorted(each for each in found if each in had) == sorted(had)
    assert len(set(readings)) > 1
