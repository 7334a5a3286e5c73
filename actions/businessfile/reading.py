"""From YAML text to plain Python, every value kept as it was written and with its place.

Scalars stay text: YAML 1.1 would make 12:30 a number of seconds, 2026-12-24 a date, NO a false. What a field takes
decides what its text means (``checking``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

MAX_BYTES = 2_000_000
MAX_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, where: a path like ``services[0].duration`` and the line of the file. ``ahead`` are the bookings (views)
    that stand against it."""

    place: str
    reason: str
    line: int | None = None
    ahead: tuple[Any, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        where = f"line {self.line}, " if self.line else ""
        return f"{where}{self.place or 'file'}: {self.reason}"


class Wrong(Exception):
    """The file cannot be loaded; ``problems`` lists every reason."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class Scalar(str):
    """A written value. ``quoted`` is True when it stood in quotation marks or in a block."""

    __slots__ = ("line", "quoted")
    quoted: bool
    line: int


class Mapping(dict[str, Any]):
    """A mapping that knows its line and those of its keys."""

    def __init__(self) -> None:
        super().__init__()
        self.line = 0
        self.lines: dict[str, int] = {}


class Sequence(list[Any]):
    """A list that knows its line."""

    line: int = 0


def read(text: bytes) -> Mapping:
    """The file as mappings, lists and scalars. Raises Wrong."""
    if len(text) > MAX_BYTES:
        raise Wrong([Problem("", f"larger than {MAX_BYTES // 1_000_000} MB")])
    try:
        decoded = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Wrong([Problem("", "not UTF-8 text")]) from error
    try:
        for event in yaml.parse(decoded, Loader=yaml.SafeLoader):
            line = event.start_mark.line + 1 if event.start_mark else None
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise Wrong([Problem("", "anchors and aliases (& and *) are not allowed", line)])
            tag = getattr(event, "tag", None)
            if tag:
                raise Wrong([Problem("", f"tags like {tag!r} are not allowed", line)])
        node = yaml.compose(decoded, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        said = [getattr(error, name, None) for name in ("context", "problem")]
        reason = ", ".join(each for each in said if each) or "cannot be read as YAML"
        raise Wrong([Problem("", reason, mark.line + 1 if mark else None)]) from error
    except (RecursionError, ValueError) as error:
        raise Wrong([Problem("", "cannot be read as YAML")]) from error
    problems: list[Problem] = []
    built = _build(node, "", problems, 0) if node is not None else Mapping()
    if not problems and not isinstance(built, Mapping):
        problems.append(Problem("", "the file is not a mapping", 1))
    if problems:
        raise Wrong(problems)
    return built


def written(value: Any) -> Any:
    """Plain values as if they had been read from a file."""
    if isinstance(value, dict):
        found = Mapping()
        for name, each in value.items():
            found[str(name)] = written(each)
            found.lines[str(name)] = 0
        return found
    if isinstance(value, (list, tuple)):
        return Sequence(written(each) for each in value)
    if value is None:
        return None
    scalar = Scalar(str(value).lower() if isinstance(value, bool) else str(value))
    scalar.quoted, scalar.line = isinstance(value, str), 0
    return scalar


def _build(node: Node, path: str, problems: list[Problem], depth: int) -> Any:
    line = node.start_mark.line + 1
    if depth > MAX_DEPTH:
        problems.append(Problem(path, "nested too deeply", line))
        return None
    if isinstance(node, ScalarNode):
        if node.tag == "tag:yaml.org,2002:null" and node.style is None:
            return None
        scalar = Scalar(node.value)
        scalar.quoted = node.style is not None
        scalar.line = line
        return scalar
    if isinstance(node, SequenceNode):
        items = Sequence(_build(each, f"{path}[{index}]", problems, depth + 1) for index, each in enumerate(node.value))
        items.line = line
        return items
    assert isinstance(node, MappingNode)
    found = Mapping()
    found.line = line
    for key, value in node.value:
        if not isinstance(key, ScalarNode):
            problems.append(Problem(path, "a key is not text", key.start_mark.line + 1))
            continue
        name = key.value
        place = f"{path}.{name}" if path else name
        if name in found:
            problems.append(Problem(place, "stands twice", key.start_mark.line + 1))
            continue
        found.lines[name] = key.start_mark.line + 1
        found[name] = _build(value, place, problems, depth + 1)
    return found
