"""Charts as SVG with classes, not colours, so that the strict policy holds and dark works. Every text in them is escaped.

They are drawings: hidden from readers, since the same values stand in a list or table beside each, with the same links.
A mark's link therefore takes no place in the order of the keyboard.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, pi, sin
from xml.sax.saxutils import escape, quoteattr

from rules.figures import warmth

RADIUS, HOLE, GAP = 100.0, 62.0, 2.0
WIDE, HIGH = 1000, 22
FIELD, LINE, SIDE, TOP = 44, 26, 84, 24


@dataclass(frozen=True, slots=True)
class Part:
    """One value with its name and the address of the list behind it ("" for none)."""

    name: str
    value: int
    href: str = ""


def pie(parts: Sequence[Part], middle: str, under: str) -> str:
    """A ring of at most six parts, the largest first; what it all is stands in the middle."""
    whole = sum(each.value for each in parts)
    found, turned = [], 0.0
    for number, each in enumerate(parts):
        angle = 2 * pi * each.value / whole if whole else 0
        found.append(_linked(_slice(number, turned, turned + angle), each.href, f"{each.name} {each.value}"))
        turned += angle
    texts = f'<text class="sum" y="4">{escape(middle)}</text><text class="under" y="24">{escape(under)}</text>'
    return f'<svg class="pie" viewBox="-104 -104 208 208" width="208" height="208" aria-hidden="true">{"".join(found)}{texts}</svg>'


def _slice(number: int, begin: float, end: float) -> str:
    if end - begin > 2 * pi - 0.001:
        middle = (RADIUS + HOLE) / 2
        return f'<circle class="c{number} ring" r="{middle:g}" fill="none" stroke-width="{RADIUS - HOLE:g}"/>'
    # The gap is as wide inside as outside.
    outer, inner = (min(GAP / 2 / radius, (end - begin) / 3) for radius in (RADIUS, HOLE))
    big = int(end - begin > pi)
    points = [_at(RADIUS, begin + outer), _at(RADIUS, end - outer), _at(HOLE, end - inner), _at(HOLE, begin + inner)]
    return (
        f'<path class="c{number}" d="M{points[0]}A{RADIUS:g} {RADIUS:g} 0 {big} 1 {points[1]}'
        f'L{points[2]}A{HOLE:g} {HOLE:g} 0 {big} 0 {points[3]}Z"/>'
    )


def _at(radius: float, angle: float) -> str:
    return f"{radius * sin(angle):.2f} {-radius * cos(angle):.2f}"


def bar(value: int, then: int | None, most: int, *, href: str = "", name: str = "") -> str:
    """One bar as long as ``value`` is of ``most``; a mark where it was in the period before."""
    scale = WIDE / max(most, 1)
    drawn = f'<rect class="c0" width="{max(value * scale, 2 if value else 0):.1f}" height="{HIGH}" rx="4"/>'
    mark = "" if then is None else f'<path class="then" d="M{min(max(then * scale, 2), WIDE - 2):.1f} -4v{HIGH + 8}"/>'
    return (
        f'<svg class="bar-of" viewBox="0 -4 {WIDE} {HIGH + 8}" width="100%" height="{HIGH + 8}" preserveAspectRatio="none" '
        f'aria-hidden="true">{_linked(drawn, href, name)}{mark}</svg>'
    )


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a heat map: a figure of a hundred, or None where nothing is open."""

    percent: int | None
    name: str
    href: str = ""


def heat(rows: Sequence[tuple[str, Sequence[Field]]], columns: Sequence[str]) -> str:
    """A grid of fields with their figures; dashed ones are closed."""
    wide, high = SIDE + FIELD * len(columns), TOP + LINE * len(rows)
    heads = "".join(
        f'<text class="head" x="{SIDE + FIELD * at + FIELD / 2:g}" y="15">{escape(name)}</text>'
        for at, name in enumerate(columns)
    )
    drawn = []
    for line, (name, fields) in enumerate(rows):
        y = TOP + LINE * line
        drawn.append(f'<text class="side" x="0" y="{y + 17}">{escape(name)}</text>')
        drawn += [_field(each, SIDE + FIELD * at, y) for at, each in enumerate(fields)]
    return (
        f'<svg class="heat" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" aria-hidden="true">'
        f"{heads}{''.join(drawn)}</svg>"
    )


def _field(field: Field, x: int, y: int) -> str:
    box = f'x="{x + 1}" y="{y + 1}" width="{FIELD - 2}" height="{LINE - 2}" rx="4"'
    if field.percent is None:
        return f'<rect class="shut" {box}/>'
    shade = warmth(field.percent)
    text = f'<text class="t{shade}" x="{x + FIELD / 2:g}" y="{y + 17}">{field.percent}</text>'
    return _linked(f'<rect class="h{shade}" {box}/>{text}', field.href, f"{field.name} {field.percent} %")


def _linked(drawn: str, href: str, name: str) -> str:
    title = f"<title>{escape(name)}</title>"
    if not href:
        return f"<g>{title}{drawn}</g>"
    return f'<a href={quoteattr(href)} tabindex="-1">{title}{drawn}</a>'
