"""Quiet drawings of arcs and planes for services without a picture, one of twelve each, in the business's colours."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from wire.colour import tokens

# Of 3:2, the middle third whole by itself: phones show a strip. {b} is the brand, {a} the accent, {m} the accent faintly.
_SHAPES = (
    # sun over waves
    '<circle cx="150" cy="62" r="44" fill="{b}"/><path d="M0 122q58-62 112 0t118 44 70-52v86H0z" fill="{m}"/>'
    '<path d="M0 152q56-50 106 0t90 48H0z" fill="{a}"/>',
    # two gates
    '<path d="M44 200V94a54 54 0 0 1 108 0v106z" fill="{m}"/><path d="M124 200V74a62 62 0 0 1 124 0v126z" fill="{b}"/>'
    '<path d="M124 200V74q0-11 3-20 25 15 25 40v106z" fill="{a}"/>',
    # a road to the horizon
    '<circle cx="220" cy="54" r="34" fill="{b}"/><path d="M0 112h300v88H0z" fill="{m}"/>'
    '<path d="M136 112h28l74 88H62z" fill="{a}"/>',
    # a hill and its shadow
    '<path d="M0 200a150 120 0 0 1 300 0z" fill="{m}"/><path d="M60 200a90 76 0 0 1 180 0z" fill="{b}"/>'
    '<path d="M150 124a90 76 0 0 1 90 76h-90z" fill="{a}"/>',
    # two rings
    '<circle cx="122" cy="104" r="62" fill="{b}"/><circle cx="186" cy="104" r="62" fill="{m}"/>'
    '<path d="M154 51a62 62 0 0 1 0 106 62 62 0 0 1 0-106z" fill="{a}"/>',
    # leaves
    '<path d="M150 200V76a76 76 0 0 1 76-76v76a124 124 0 0 1-76 124z" fill="{b}"/>'
    '<path d="M150 200v-84a70 70 0 0 0-84-64v58a96 96 0 0 0 84 90z" fill="{m}"/><path d="M146 100h8v100h-8z" fill="{a}"/>',
    # a table with a bowl
    '<path d="M74 96h152a76 76 0 0 1-152 0z" fill="{b}"/><path d="M0 172h300v28H0z" fill="{m}"/>'
    '<circle cx="150" cy="54" r="20" fill="{a}"/>',
    # steps
    '<path d="M48 200v-44h68v44z" fill="{m}"/><path d="M116 200v-92h68v92z" fill="{b}"/>'
    '<path d="M184 200V60h68v140z" fill="{a}"/>',
    # quarter rounds
    '<path d="M50 0h101v100h-1A100 100 0 0 1 50 0z" fill="{m}"/><path d="M150 0a100 100 0 0 1 0 200z" fill="{b}"/>'
    '<path d="M150 100V0a100 100 0 0 1 100 100z" fill="{a}"/>',
    # a moon over a bay
    '<path d="M170 26a54 54 0 1 0 40 88 66 66 0 0 1-40-88z" fill="{b}"/><path d="M0 150h300v50H0z" fill="{m}"/>'
    '<path d="M60 166h180v8H60zM104 184h92v8h-92z" fill="{a}"/>',
    # beads
    '<path d="M66 66h168v68H66z" fill="{m}"/><circle cx="84" cy="100" r="42" fill="{b}"/>'
    '<circle cx="216" cy="100" r="42" fill="{a}"/>',
    # a window with light
    '<path d="M86 200V92a64 64 0 0 1 128 0v108z" fill="{m}"/><path d="M104 200V94a46 46 0 0 1 92 0v106z" fill="{b}"/>'
    '<path d="M146 48h8v152h-8zM104 122h92v8h-92z" fill="{a}"/>',
)


def numbers(slugs: Iterable[str]) -> dict[str, int]:
    """The number of each service's drawing: by its slug, the next one where an earlier service has that already. One that is
    added at the end changes no other."""
    found: dict[str, int] = {}
    for slug in slugs:
        wanted = zlib.crc32(slug.encode())
        tried = [(wanted + step) % len(_SHAPES) for step in range(len(_SHAPES))]
        taken = list(found.values())[len(found) // len(_SHAPES) * len(_SHAPES) :]
        found[slug] = next(number for number in tried if number not in taken)
    return found


def drawing(number: int, colour: str | None, *, dark: bool = False) -> str:
    """An SVG picture of 3:2, always the same for the same number and colour; ``dark`` for dark pages."""
    own = tokens(colour)["dark" if dark else "light"]
    faint = f'{own["accent"]}" fill-opacity=".3'
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 200" preserveAspectRatio="xMidYMid slice">'
        f'<rect width="300" height="200" fill="{own["soft"]}"/>'
        f"{_SHAPES[number].format(a=own['accent'], b=own['brand'], m=faint)}</svg>"
    )
