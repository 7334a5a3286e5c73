"""A business's own colour made safe: from one value the tokens for light and dark, in OKLCH, with contrast kept.

Conversions after Björn Ottosson, https://bottosson.github.io/posts/oklab/; contrast by WCAG 2.2.
"""

from __future__ import annotations

import hashlib
import math
from functools import lru_cache

DEFAULT = "#0f6470"
PAPER, INK = "#f6f4f0", "#1e1c19"
DARK_RAISED, DARK_INK = "#282623", "#171613"
Rgb = tuple[float, float, float]


def tokens(value: str | None) -> dict[str, dict[str, str]]:
    """``light`` and ``dark`` tokens: brand, on-brand, accent, on-accent, soft, hover."""
    brand = value or DEFAULT
    light, chroma, hue = _oklch(_rgb(brand))
    accent = _until(min(light, 0.56), min(chroma, 0.16), hue, -0.005, PAPER, 5.2)
    bright = _until(max(light, 0.70), min(chroma, 0.13), hue, 0.005, DARK_RAISED, 6.2)
    on_brand = "#ffffff" if contrast(brand, "#ffffff") >= 4.5 else INK
    return {
        "light": {
            "brand": brand,
            "on-brand": on_brand,
            "accent": _hex(*accent),
            "on-accent": "#ffffff",
            "soft": _fit(0.952, min(chroma, 0.021), hue, _hex(*accent), 4.9, 0.002),
            "hover": _hex(accent[0] - 0.06, accent[1], accent[2]),
        },
        "dark": {
            "brand": brand,
            "on-brand": on_brand,
            "accent": _hex(*bright),
            "on-accent": DARK_INK,
            "soft": _fit(0.31, min(chroma, 0.045), hue, _hex(*bright), 5.3, -0.002),
            "hover": _hex(min(bright[0] + 0.05, 0.97), bright[1], bright[2]),
        },
    }


@lru_cache(maxsize=16)
def stylesheet(value: str | None) -> tuple[str, str]:
    """The small style sheet of a colour, and its fingerprint."""
    both = tokens(value)

    def block(names: dict[str, str]) -> str:
        return "".join(f"--{name}:{colour};" for name, colour in names.items())

    text = f":root{{{block(both['light'])}}}@media (prefers-color-scheme:dark){{:root{{{block(both['dark'])}}}}}"
    text += f"@media print{{:root{{{block(both['light'])}}}}}"
    return text, hashlib.sha256(text.encode()).hexdigest()[:10]


def contrast(one: str, other: str) -> float:
    """WCAG contrast of two ``#rrggbb``."""
    high, low = sorted((_luminance(_rgb(one)), _luminance(_rgb(other))), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _until(
    light: float, chroma: float, hue: float, step: float, ground: str, floor: float
) -> tuple[float, float, float]:
    while contrast(_hex(light, chroma, hue), ground) < floor and 0.05 < light < 0.98:
        light += step
    return light, chroma, hue


def _fit(light: float, chroma: float, hue: float, over: str, floor: float, step: float) -> str:
    for _ in range(40):
        found = _hex(light, chroma, hue)
        if contrast(found, over) >= floor:
            break
        light += step
    return found


def _rgb(value: str) -> Rgb:
    return tuple(int(value[at : at + 2], 16) / 255 for at in (1, 3, 5))  # type: ignore[return-value]


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _curved(channel: float) -> float:
    return channel * 12.92 if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055


def _luminance(rgb: Rgb) -> float:
    red, green, blue = map(_linear, rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _oklch(rgb: Rgb) -> tuple[float, float, float]:
    red, green, blue = map(_linear, rgb)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    middle = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    light = 0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short
    return light, math.hypot(a, b), math.atan2(b, a)


def _hex(light: float, chroma: float, hue: float) -> str:
    """The nearest colour that a screen has: chroma gives way until all channels fit."""
    for _ in range(60):
        channels = _channels(light, chroma, hue)
        if all(-0.0005 <= each <= 1.0005 for each in channels):
            break
        chroma *= 0.94
    return "#" + "".join(f"{round(min(1, max(0, _curved(max(0.0, each)))) * 255):02x}" for each in channels)


def _channels(light: float, chroma: float, hue: float) -> Rgb:
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )
