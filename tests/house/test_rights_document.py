"""docs/rights.md says what rules/rights.py decides. Its tables are written by this: ``python -m tests.house.test_rights_document``."""

from __future__ import annotations

from collections.abc import Iterator

import config
from backoffice.frame import ROLES
from backoffice.rights import ACTIONS, SCOPES, SWITCHES
from rules import rights
from rules.rights import Viewer

PAGE = config.ROOT / "docs" / "rights.md"
LEADER = {"own": frozenset({1}), "team": frozenset({2}), "leads": True}
FIELDS = {
    "name": "Name", "phone": "Phone", "email": "E-mail", "company": "Company", "address": "Address", "answers": "Answers",
    "notes": "Notes of staff", "reason": "Reason of a cancellation", "price": "Price",
}  # fmt: skip


def viewer(role: str, **more: object) -> Viewer:
    return Viewer(0, "", "", role, **more)


def table(head: list[str], rows: list[list[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def actions() -> str:
    """Action by role, and how far."""
    roles = [
        *((viewer(role), name) for role, name in ROLES.items()),
        (viewer("staff", **LEADER), "Staff who lead a team"),
    ]
    rows = [[said, *(SCOPES[who.scope(action)] for who, _ in roles)] for action, said in ACTIONS.items()]
    return "\n".join(table(["", *(name for _, name in roles)], rows))


def switches() -> str:
    """Each switch as it stands from the start."""
    rows = [
        [title, *("on" if viewer(role).on(name) else "off" for role in ROLES)] for name, (title, _) in SWITCHES.items()
    ]
    return "\n".join(table(["", *ROLES.values()], rows))


def fields() -> str:
    """The level of each field, for those whose contacts are not shown in full apart."""
    columns = {
        "Owner, manager": rights.fields(viewer("owner"), "other"),
        "Front desk": rights.fields(viewer("front_desk"), "other"),
        "Staff, own and team": rights.fields(viewer("staff"), "own"),
        "the same, shown for a reason": rights.fields(viewer("staff"), "own", shown=True),
        "Staff, others": rights.fields(viewer("staff"), "other"),
        "Auditor": rights.fields(viewer("auditor"), "other"),
    }
    rows = [[said, *(levels[field] for levels in columns.values())] for field, said in FIELDS.items()]
    return "\n".join(table(["", *columns], rows))


def test_the_document_is_the_table_of_the_rules() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for written in (actions(), switches(), fields()):
        assert written in text, f"docs/rights.md should hold:\n{written}"


def test_every_action_field_and_switch_has_its_line() -> None:
    assert set(ACTIONS) == rights.ACTIONS
    assert set(FIELDS) == set(rights.FIELDS)
    assert set(SWITCHES) == set(rights.SWITCHES)
    assert set(ROLES) == set(rights.ROLES)
    # The columns that the document puts together are the same.
    assert rights.fields(viewer("owner"), "other") == rights.fields(viewer("manager"), "own")


if __name__ == "__main__":
    print("\n\n".join((actions(), switches(), fields())))
