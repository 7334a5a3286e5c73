"""What each day counted, kept so that a year is a sum of days; and which days have to be counted anew.

Triggers write down every booking that came or changed; the days are counted again before they are read. All of this can be
made again at any time: backups leave it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Index, Select, String, cast, func, literal, select, text, union_all
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm import Session as OrmSession

from models.base import Base, Id
from models.figures import ALL, EPOCH, KINDS, Cells, Which, asked
from rules.figures import NAMES, Counts
from rules.use import NOTHING, Hours

# Minutes taken of each resource, and of each kind of resource by hour of the week.
TAKEN, HEAT = "taken", "heat"


class DayCount(Base):
    """What the bookings of one place, local date (days since 1970) and service count for, by kind and key as
    ``models.figures`` has them; ``minutes`` for what is taken (``TAKEN``, ``HEAT``)."""

    __tablename__ = "day_count"

    location_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    day: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    service_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    bookings: Mapped[int] = mapped_column(default=0)
    confirmed: Mapped[int] = mapped_column(default=0)
    completed: Mapped[int] = mapped_column(default=0)
    no_show: Mapped[int] = mapped_column(default=0)
    late: Mapped[int] = mapped_column(default=0)
    by_customer: Mapped[int] = mapped_column(default=0)
    by_house: Mapped[int] = mapped_column(default=0)
    to_come: Mapped[int] = mapped_column(default=0)
    firm: Mapped[int] = mapped_column(default=0)
    first: Mapped[int] = mapped_column(default=0)
    income: Mapped[int] = mapped_column(Id, default=0)
    lead: Mapped[int] = mapped_column(Id, default=0)
    led: Mapped[int] = mapped_column(default=0)
    minutes: Mapped[int] = mapped_column(default=0)

    __table_args__ = (
        # The sums of places, days and services are those of these few.
        Index(
            "ix_day_count_all",
            "location_id",
            "day",
            postgresql_where=text("kind = 'all'"),
            sqlite_where=text("kind = 'all'"),
        ),
    )


class DayStale(Base):
    """Something that changed since its days were counted: a session whose booking, or whose time, is another one, with the
    customer; or, once that has been looked up, a place and a local date (days since 1970)."""

    __tablename__ = "day_stale"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    session_id: Mapped[int | None] = mapped_column(Id)
    customer_id: Mapped[int | None] = mapped_column(Id)
    location_id: Mapped[int | None] = mapped_column(Id)
    day: Mapped[int | None]

    __table_args__ = (Index("ix_day_stale_location_id_day", "location_id", "day"),)


_DAY: Any = DayCount


def summed(session: OrmSession, which: Which) -> tuple[Cells, dict[int, int], dict[str, Hours]]:
    """What ``models.figures.cells`` finds, as a sum of days; minutes taken by resource; and by kind of resource and hour of the
    week. One statement, for everything that is not narrowed to a resource."""
    found: Cells = {kind: {} for kind in (*KINDS, *map(asked, which.answers))}
    taken: dict[int, int] = {}
    heat: dict[str, list[int]] = {}
    for kind, key, *values, minutes in session.execute(_sums(which)):
        if kind == TAKEN:
            taken[int(key)] = int(minutes)
        elif kind == HEAT:
            of, _, hour = key.partition(":")
            heat.setdefault(of, list(NOTHING))[int(hour)] = int(minutes)
        elif kind in found:
            found[kind][key] = Counts(*map(int, values))
    return found, taken, {kind: tuple(hours) for kind, hours in heat.items()}


def _sums(which: Which) -> Any:
    counted = [func.sum(getattr(DayCount, name)) for name in (*NAMES, "minutes")]

    def of(kind: Any, key: Any, *by: Any) -> Select[Any]:
        return select(kind, key, *counted).where(*_here(which)).group_by(*by)

    # As the index says it: of a parameter PostgreSQL cannot tell.
    whole = text("kind = 'all'")
    all_ = select(literal(ALL), literal(""), *[func.coalesce(each, 0) for each in counted]).where(*_here(which), whole)
    columns = (("day", _DAY.day), ("place", _DAY.location_id), ("service", _DAY.service_id))
    derived = [of(literal(kind), cast(column, String), column).where(whole) for kind, column in columns]
    wanted = [*(kind for kind in KINDS if kind != ALL), TAKEN, HEAT, *map(asked, which.answers)]
    return union_all(all_, *derived, of(_DAY.kind, _DAY.key, _DAY.kind, _DAY.key).where(_DAY.kind.in_(wanted)))


def _here(which: Which) -> Sequence[Any]:
    first, last = which.first.toordinal() - EPOCH, which.last.toordinal() - EPOCH
    found = [_DAY.location_id.in_(which.locations), _DAY.day >= first, _DAY.day <= last]
    return [*found, _DAY.service_id == which.service] if which.service is not None else found


def waiting(session: OrmSession) -> int:
    """How many changes and days have not been counted yet."""
    return session.execute(select(func.count()).select_from(DayStale)).scalar_one()
