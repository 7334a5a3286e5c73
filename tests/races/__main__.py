"""``make race``: fifty customers, one time, real processes; how long they wait, and what happens without the guard."""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from app import create_app
from tests.races.racing import told
from tests.races.town import Town
from tests.support import databases, servers
from tests.support.houses import open_house, settings

CUSTOMERS, ROUNDS = 50, 30
WANTED = {"photo": "one person", "lesson": "a person and a room"}


def main() -> int:
    """0 when exactly one wins in every round, and the control without the guard shows a double booking."""
    print(f"{CUSTOMERS} customers want the same time at once, {ROUNDS} times over, against 4 web processes.")
    print(f"Before the start {os.getloadavg()[0]:.1f} other processes want the {os.cpu_count()} processors.\n")
    fair = True
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("sqlite", "postgres"):
            made = _database(kind, Path(folder))
            try:
                fair &= _rounds(kind, made, Path(folder))
                if kind == "postgres":
                    fair &= _control(made, Path(folder))
            finally:
                made.drop()
    print("\nEvery time had one owner." if fair else "\nSomething is wrong: see above.")
    return 0 if fair else 1


def _database(kind: str, folder: Path) -> Any:
    made: Any = databases.Sqlite(folder) if kind == "sqlite" else databases.Postgres(servers.postgres_url())
    databases.migrate(create_app(settings(made.url(made.template), folder)))
    return made


def _rounds(kind: str, database: Any, folder: Path) -> bool:
    town = Town(open_house(database, folder / kind, "crowd", processes=4))
    fair = True
    try:
        for service, what in WANTED.items():
            town.longest, sum_ = 0.0, Counter[str]()
            starts = [start for _ in range(2) for start in town.starts(service)][:ROUNDS]
            for start in starts:
                found = told(town.rush([town.booking(service, start) for _ in range(CUSTOMERS)]))
                fair &= found == {"": 1, "slot_taken": CUSTOMERS - 1}
                sum_ += found
            others = sum(sum_.values()) - sum_[""] - sum_["slot_taken"]
            print(
                f"  {kind:8}  {what:19}  rounds {len(starts)}, booked {sum_['']}, told taken {sum_['slot_taken']},",
                end="",
            )
            print(f" told otherwise {others}, longest wait {town.longest * 1000:.0f} ms (at most 1000)")
        town.close()
    except AssertionError as broken:
        print(f"  {kind:8}  {broken}")
        return False
    finally:
        town.served.stop()
    print(f"  {kind:8}  overlaps {town.store.overlaps()}, deadlocks {town.store.deadlocks()}")
    return fair


def _control(database: Any, folder: Path) -> bool:
    print("\nThe same without the constraint and without the locks:")
    off = {"FAILPOINTS": "guard_off=on,chosen=sleep:0.05"}
    town = Town(open_house(database, folder / "control", "crowd", processes=4, **off))
    town.store.drop_guard()
    try:
        for start in town.starts("photo")[:20]:
            found = told(town.rush([town.booking("photo", start) for _ in range(16)], may_overlap=True))
            if town.store.overlaps():
                print(f"  postgres  {start}  booked {found['']} times: this is what the guard is for")
                return True
    finally:
        town.served.stop()
    print("  nothing was booked twice: the control has failed")
    return False


if __name__ == "__main__":
    sys.exit(main())
