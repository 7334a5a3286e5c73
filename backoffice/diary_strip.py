"""A day as a strip to scale: open time as its ground, taken time by status. Figures and classes only."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from scheduling.intervals import Interval, Intervals

WIDE, HIGH = 600, 8


def strip(open_: Intervals, taken: Iterable[tuple[int, int, str]], begin: int, frame: Interval) -> Markup:
    """An SVG that shows the minutes ``frame`` after ``begin``; nothing where nothing is open or taken.

    One path a status, not a shape a booking: a page has a thousand strips. How high it is, the style sheet says.
    """
    shapes: dict[str, str] = {}
    for low, high in open_:
        shapes["g"] = shapes.get("g", "") + _bar(low - begin, high - begin, frame)
    for low, high, status in taken:
        shapes[status] = shapes.get(status, "") + _bar(low - begin, high - begin, frame, gap=3)
    paths = "".join(f'<path class="{name}" d="{shape}"/>' for name, shape in shapes.items() if shape)
    if not paths:
        return Markup("")
    return Markup(  # noqa: S704  figures only
        f'<svg class="gauge" viewBox="0 0 {WIDE} {HIGH}" preserveAspectRatio="none" aria-hidden="true">{paths}</svg>'
    )


def _bar(low: int, high: int, frame: Interval, gap: int = 0) -> str:
    """A bar as a part of a path, as high as the strip."""
    low, high = max(low, frame[0]), min(high, frame[1])
    if low >= high:
        return ""
    scale = WIDE / (frame[1] - frame[0])
    x, width = round((low - frame[0]) * scale), round((high - low) * scale)
    return f"M{x} 0h{max(2, width - gap)}v{HIGH}H{x}z"
