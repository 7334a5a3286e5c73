"""``make race``: fifty customers, one slot, real processes; and what happens without the guard."""

from __future__ import annotations

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app import create_app
from tests.conftest import BUSINESSES, _settings
from tests.races.racing import Store, at_once, booking, slots, told
from tests.support import databases, servers
from tests.support.web import Served

CUSTOMERS, ROUNDS = 50, 10


def main() -> int:
    """0 when exactly one wins in every round, and the control without the guard shows a double booking."""
    print(f"{CUSTOMERS} customers want the same slot at the same moment, {ROUNDS} times, against 4 web processes.\n")
    fair = True
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("sqlite", "postgres"):
            made = _database(kind, Path(folder))
            fair &= _rounds(kind, made, Path(folder))
            if kind == "postgres":
                fair &= _control(made, Path(folder))
            made.drop()
    print("\nEvery slot had one owner." if fair else "\nSomething is wrong: see above.")
    return 0 if fair else 1


def _database(kind: str, folder: Path) -> Any:
    if kind == "sqlite":
        files = databases.Sqlite(folder)
        databases.migrate(create_app(_settings(files.url(files.template), folder)))
        return files
    server = databases.Postgres(servers.postgres_url())
    databases.migrate(create_app(_settings(server.url(server.template), folder)))
    return server


def _served(database: Any, folder: Path, **environ: str) -> Served:
    from actions.businessfile.loading import load

    place = Path(tempfile.mkdtemp(dir=folder))
    url = database.another(place)
    app = create_app(_settings(url, place))
    with app.app_context():
        load(BUSINESSES / "clinic.yaml", pictures_dir=place / "pictures", now=datetime.now(UTC))
    databases.let_go(app)
    return Served({"DATABASE_URL": url, **environ}, place, processes=4)


def _rounds(kind: str, database: Any, folder: Path) -> bool:
    served = _served(database, folder)
    store = Store(served.environ["DATABASE_URL"])
    starts = [each["start"] for each in slots(served.url, "check-up", resource="dr-yilmaz")][::6][:ROUNDS]
    fair = True
    try:
        for number, start in enumerate(starts):
            customers = range(number * CUSTOMERS, (number + 1) * CUSTOMERS)
            answers = at_once([booking(served.url, n, "check-up", start, resource="dr-yilmaz") for n in customers])
            found, longest = told(answers), max(answer.waited for answer in answers)
            one = found == {"": 1, "slot_taken": CUSTOMERS - 1} and store.overlaps() == 0
            fair &= one
            print(
                f"  {kind:9} {start}  booked {found['']}, told taken {found['slot_taken']}, longest wait {longest * 1000:.0f} ms"
            )
        print(f"  {kind:9} overlaps {store.overlaps()}, deadlocks {store.deadlocks()}")
    finally:
        store.close()
        served.stop()
    return fair and store.overlaps() == 0


def _control(database: Any, folder: Path) -> bool:
    print("\nThe same without the constraint and without the locks:")
    served = _served(database, folder, FAILPOINTS="guard_off=on,chosen=sleep:0.05")
    store = Store(served.environ["DATABASE_URL"])
    store.drop_guard()
    try:
        for number in range(20):
            start = slots(served.url, "check-up", resource="dr-yilmaz")[number]["start"]
            found = told(at_once([booking(served.url, n, "check-up", start, resource="dr-yilmaz") for n in range(16)]))
            if store.overlaps():
                print(f"  postgres  {start}  booked {found['']} times: this is what the guard is for")
                return True
    finally:
        store.close()
        served.stop()
    print("  nothing was booked twice: the control has failed")
    return False


if __name__ == "__main__":
    sys.exit(main())
