"""One row on its way: what it says, what is wrong with it, and what it is a double of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from actions.importing import values
from rules.errors import FieldError

TAKE, NEW, LEAVE = "take", "new", "leave"
CHOICES = (TAKE, NEW, LEAVE)
# Kinds of doubles, with what is done with them unless somebody chooses otherwise, and what may be chosen.
DOUBLES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "known": (TAKE, CHOICES),
    "shared": (NEW, CHOICES),
    "twin": (LEAVE, (LEAVE, NEW)),
}


@dataclass(slots=True)
class Row:
    """One row of a file. ``fields`` are typed and can be kept as JSON, ``wrong`` an error per field (``""``: of the whole)."""

    number: int
    cells: Mapping[str, Any]
    fields: dict[str, Any] = field(default_factory=dict)
    wrong: dict[str, FieldError] = field(default_factory=dict)
    double: str | None = None
    group: str | None = None

    def read(self, name: str, judged: Any) -> Any:
        """Takes what ``judged`` (a function of the cell) makes of a field; None where it is empty or wrong."""
        cell = self.cells.get(name)
        if (bad := values.broken(cell)) is not None:
            self.wrong[name] = bad
            return None
        if values.empty(cell):
            return None
        found = judged(cell)
        if isinstance(found, FieldError):
            self.wrong[name] = found
            return None
        return found

    def keep(self, name: str, judged: Any) -> Any:
        """The same, kept under its name where there is something."""
        found = self.read(name, judged)
        if found not in (None, ""):
            self.fields[name] = found
        return found

    def need(self, *names: str) -> None:
        """These must be there."""
        for name in names:
            if name not in self.fields and name not in self.wrong:
                self.wrong[name] = FieldError("required")

    def doubles(self, kind: str, group: str) -> None:
        """It is a double of that kind, together with all of that group."""
        self.double, self.group = kind, group

    def kept(self, run_id: int) -> dict[str, Any]:
        """As it is kept until it is written."""
        wrong = [{"field": name, "code": each.code, "params": dict(each.params)} for name, each in self.wrong.items()]
        return {
            "run_id": run_id,
            "number": self.number,
            "state": "refused" if wrong else "ready",
            "chosen": True,
            "double": self.double,
            "grp": self.group,
            "choice": DOUBLES[self.double][0] if self.double else None,
            "fields": self.fields if not wrong else self.fields | {"_given": self._given()},
            "wrong": wrong,
            "object_id": None,
        }

    def _given(self) -> dict[str, str]:
        """What stood in the file, for the workbook of what was refused."""
        return {name: str(cell)[:2000] for name, cell in self.cells.items() if not values.empty(cell)}
