"""How long the arithmetic of availability takes: ``python -m bench.arithmetic`` prints milliseconds per view.

The month is the one of the targets: 200 bookings a head, 30 days over a clock change, 45 minutes and 15 of buffer on a grid of
15. Beside it the same month by naive reasoning over aware datetimes, checked to give the same starts; only the ratio means
anything on a noisy machine.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from scheduling import availability as av
from scheduling import hours

ZONE = "Europe/Berlin"
FIRST, LAST = date(2026, 10, 5), date(2026, 11, 3)
NOW = int(datetime(2026, 10, 1, tzinfo=UTC).timestamp())
WEEK: tuple[tuple[hours.Window, ...], ...] = (*(((540, 720), (780, 1080)),) * 5, ((600, 840),), ())
LENGTH, AFTER, STEP, BOOKINGS = 45, 15, 15, 200

Case = tuple[av.Service, av.Location, Mapping[int, av.Resource], av.Taken, av.Ask]


def month(people: int, *, days: int = 30, seed: int = 7) -> Case:
    """A business of ``people``, all working the same hours, with their bookings in the month."""
    rng = random.Random(seed)
    ids = tuple(range(1, people + 1))
    base = hours.edge(ZONE, FIRST, 0)
    busy = {
        id: [
            (start, start + LENGTH + AFTER)
            for start in (base + rng.randrange(30) * 1440 + rng.randrange(28, 72) * STEP for _ in range(BOOKINGS))
        ]
        for id in ids
    }
    service = av.Service(
        id=1,
        lengths=(av.Length(LENGTH),),
        needs=(av.Need(candidates=ids, choosable=True),),
        buffer_after=AFTER,
        step=STEP,
        horizon_days=60,
    )
    resources = {id: av.Resource(id=id, order=id, units=(id,)) for id in ids}
    ask = av.Ask(first=FIRST, last=FIRST + timedelta(days=days - 1), now_seconds=NOW, length=av.Length(LENGTH))
    return (
        service,
        av.Location(id=1, zone=ZONE, timetable=hours.Timetable(weekly=WEEK)),
        resources,
        av.Taken(busy=busy),
        ask,
    )


def naive(case: Case) -> list[tuple[int, tuple[int, ...]]]:
    """The same month with aware datetimes, one start, person and booking after the other."""
    _service, location, resources, taken, ask = case
    zone = ZoneInfo(location.zone)
    busy = {
        id: [(datetime.fromtimestamp(a * 60, UTC), datetime.fromtimestamp(b * 60, UTC)) for a, b in each]
        for id, each in taken.busy.items()
    }
    found = []
    start = datetime.combine(ask.first, datetime.min.time(), zone).astimezone(UTC)
    while (local := start.astimezone(zone)).date() <= ask.last:
        end = start + timedelta(minutes=LENGTH)
        last = end.astimezone(zone)
        wall, wall_end = local.hour * 60 + local.minute, last.hour * 60 + last.minute
        windows = location.timetable.weekly[local.weekday()]
        if last.date() == local.date() and any(a <= wall and wall_end <= b for a, b in windows):
            until = end + timedelta(minutes=AFTER)
            free = tuple(id for id in resources if not any(a < until and b > start for a, b in busy[id]))
            if free:
                found.append((int(start.timestamp()) // 60, free))
        start += timedelta(minutes=STEP)
    return found


def median_ms(run: Callable[[], object], rounds: int) -> float:
    """The median of ``rounds`` runs, in milliseconds."""
    taken = []
    for _ in range(rounds):
        begun = time.perf_counter()
        run()
        taken.append((time.perf_counter() - begun) * 1000)
    return statistics.median(taken)


def main() -> None:
    """Prints one row per view."""
    sizes = {
        "1 person, a day": month(1, days=1),
        "50 people, a day": month(50, days=1),
        "1 person, a month": month(1),
        "10 people, a month": month(10),
        "50 people, a month": month(50),
        "100 people, a month": month(100),
    }
    fifty = sizes["50 people, a month"]
    if [(slot.start, slot.choosable) for slot in av.slots(*fifty)] != naive(fifty):
        sys.exit("the sweep and the naive loop differ")
    figures = {}
    for name, case in sizes.items():
        figures[name] = median_ms(lambda case=case: av.slots(*case), 41)  # type: ignore[misc]
        sys.stdout.write(f"{name:22} {figures[name]:9.3f} ms\n")
    slow = median_ms(lambda: naive(fifty), 3)
    sys.stdout.write(
        f"{'naive, 50, a month':22} {slow:9.3f} ms, {slow / figures['50 people, a month']:.0f} times ours\n"
    )
    grown = figures["100 people, a month"] / figures["1 person, a month"]
    sys.stdout.write(f"people x 100: x {grown:.1f}\n")


if __name__ == "__main__":
    main()
