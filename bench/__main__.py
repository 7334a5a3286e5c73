"""``make bench``: each target as a ratio to R or to the empty endpoint of the same run, interleaved, medians of three.

``python -m bench confirmations sqlite`` measures one part on one database. ``BENCH_ROWS`` and ``BENCH_BOOKINGS`` make the parts
``imports`` and ``restore`` smaller.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from bench.confirmations import confirmations
from bench.customers import customers
from bench.diary import diary
from bench.figures import figures
from bench.growth import growth
from bench.house import House
from bench.imports import imports
from bench.messages import messages
from bench.restore import restore
from bench.table import ROUNDS, SECONDS, missed
from bench.views import views

PARTS = ("views", "confirmations", "messages", "growth", "diary", "figures", "customers", "imports", "restore")
KINDS = {"postgres": (0.25, 0.40), "sqlite": (0.20, 0.35)}


def main(wanted: list[str]) -> int:
    """Prints the table; 1 when a figure that must be reached was missed."""
    parts = [each for each in PARTS if each in wanted] or PARTS
    kinds = [each for each in KINDS if each in wanted] or KINDS
    print(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start; two sync workers each; medians of {ROUNDS}"
    )
    print(f"rounds of {SECONDS:g} s, interleaved. Only ratios mean anything, and those of a noise over 30 % little.")
    with tempfile.TemporaryDirectory() as folder:
        if "diary" in parts and "postgres" in kinds:
            diary(Path(folder) / "diary")
        for kind in kinds if {*parts} - {"diary", "figures", "customers", "imports", "restore"} else ():
            house = House(kind, Path(folder) / kind)
            house.fill(200)
            if "views" in parts:
                views(house)
            if "confirmations" in parts:
                confirmations(house, *KINDS[kind])
            if "messages" in parts:
                messages(house)
            house.close()
            if "growth" in parts:
                growth(kind, Path(folder) / f"{kind}-growth")
        if "figures" in parts and "postgres" in kinds:
            figures(Path(folder) / "figures")
        if "customers" in parts and "postgres" in kinds:
            customers(Path(folder) / "customers")
        if "imports" in parts and "postgres" in kinds:
            imports(Path(folder) / "imports")
        if "restore" in parts and "postgres" in kinds:
            restore(Path(folder) / "restore")
    print("\nMissed: " + "; ".join(missed) if missed else "\nAll reached.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
