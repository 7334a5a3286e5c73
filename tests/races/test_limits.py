"""What one person may have at most, asked for by several taps at the same moment."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from io import BytesIO

import pytest

import failpoints
from actions import exports, keys
from actions.importing import receiving
from models.base import db
from models.people import Staff
from models.staff_queries import viewer_of
from rules.errors import Refusal
from tests.races.racing import together
from tests.support.staff import account

pytestmark = pytest.mark.race
NOW = datetime(2026, 11, 30, 9, 5, tzinfo=UTC)
TAPS, MOST = 5, 2


@pytest.fixture
def taps(app, load_business, tmp_path, monkeypatch):
    """``taps(act)``: what five taps of one person were told, "" for those that were taken."""
    load_business("clinic")
    monkeypatch.setattr(exports, "MOST_WAITING", MOST)
    monkeypatch.setattr(receiving, "MOST_OPEN", MOST)
    monkeypatch.setattr(keys, "AT_MOST", MOST)
    id = account("owner")
    db.session.remove()

    def ask(by):
        exports.ask(what="customers", form="csv", asked={}, locale="en", by=by, now=NOW)

    def bring(by):
        body = BytesIO(b"Name,Phone\nAnna,+49 151 10000001\n")
        receiving.receive(body, kind="customers", label="a.csv", folder=tmp_path / "imports", by=by, now=NOW)

    def key(by):
        keys.make(name="Till", may=None, days=30, by=by, now=NOW)

    def tap(act):
        with app.app_context():
            try:
                act(viewer_of(db.session(), db.session.get(Staff, id)))
            except Refusal as refusal:
                return refusal.code
        return ""

    acts = {"export": ask, "import": bring, "key": key}
    yield lambda name: Counter(together([lambda: tap(acts[name])] * TAPS)), tmp_path / "imports"
    failpoints.arm({})


@pytest.mark.parametrize(
    ("act", "code"), [("export", "limit_reached"), ("import", "bad_file"), ("key", "limit_reached")]
)
def test_taps_at_once_pass_no_limit(taps, act, code):
    failpoints.arm({"counted": "sleep:0.05"})
    tap, folder = taps
    assert tap(act) == {"": MOST, code: TAPS - MOST}
    assert len(list(folder.glob("*"))) == (MOST if act == "import" else 0)


# On SQLite the transaction is the lock.
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
@pytest.mark.parametrize("act", ["export", "import", "key"])
def test_without_the_lock_they_do(taps, act):
    """The control of the one above."""
    failpoints.arm({"counted": "sleep:0.3", "guard_off": "on"})
    tap, _ = taps
    assert tap(act)[""] > MOST
