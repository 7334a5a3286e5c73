"""No arithmetic on local times: Python's is wall-clock arithmetic, an hour off wherever clocks change in between.

An hour later is reckoned in UTC and shown in a zone afterwards. Dates may be counted; instants and minutes may.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.house.test_house import product, where

UTC = {"UTC", "timezone.utc", "datetime.UTC"}


def is_local(node: ast.expr, known: set[str]) -> bool:
    """True for what is seen to be a local time: made with a zone other than UTC, or a name that was given one."""
    if ast.unparse(node) in known:
        return True
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Attribute) and node.func.attr == "astimezone":
        return not node.args or ast.unparse(node.args[0]) not in UTC
    zones = [keyword.value for keyword in node.keywords if keyword.arg in ("tzinfo", "tz")]
    return any(ast.unparse(zone) not in {*UTC, "None"} for zone in zones)


def local_names(tree: ast.AST) -> set[str]:
    """Names and attributes that are given a local time somewhere below ``tree``."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and is_local(node.value, set()):
            found |= {ast.unparse(target) for target in node.targets}
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Tuple)
            and isinstance(node.targets[0], ast.Tuple)
        ):
            pairs = zip(node.targets[0].elts, node.value.elts, strict=False)
            found |= {ast.unparse(target) for target, value in pairs if is_local(value, set())}
        if isinstance(node, ast.FunctionDef) and any(ast.unparse(each) == "property" for each in node.decorator_list):
            returns = [each.value for each in ast.walk(node) if isinstance(each, ast.Return) and each.value]
            if any(is_local(value, set()) for value in returns):
                found.add(f"self.{node.name}")
    return found


def wall_clock_sums(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of each sum or difference with a local time in it."""
    tree = ast.parse(source)
    properties = {name for name in local_names(tree) if name.startswith("self.")}
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        known = properties | local_names(function)
        for node in ast.walk(function):
            sums = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub)
            if sums and (is_local(node.left, known) or is_local(node.right, known)):
                yield node.lineno, ast.unparse(node)


def test_nobody_counts_hours_on_a_wall_clock() -> None:
    sums = [
        f"{where(path, line)} {text}"
        for path in product()
        for line, text in wall_clock_sums(path.read_text(encoding="utf-8"))
    ]
    assert sums == []


def test_who_would_is_seen() -> None:
    """The control."""
    source = """
class Visit:
    @property
    def start(self):
        return self.at.astimezone(ZoneInfo(self.zone))

    def deadline(self):
        return self.start - timedelta(hours=24)

def tomorrow(at, zone):
    local = at.astimezone(zone)
    return local + timedelta(days=1)

def length(start, end, zone):
    start, end = start.astimezone(zone), end.astimezone(zone)
    return end - start

def noon(day, zone):
    return datetime(day.year, day.month, day.day, 12, tzinfo=zone) - timedelta(hours=12)

def right(at, zone):
    return (at.astimezone(UTC) + timedelta(hours=24)).astimezone(zone), at.astimezone(zone).date() + timedelta(days=1)
"""
    assert sorted(line for line, _ in wall_clock_sums(source)) == [8, 12, 16, 19]
