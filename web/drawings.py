"""Quiet drawings of arcs and planes for services without a picture, one of twelve by the slug, in the business's colours."""

from __future__ import annotations

import zlib

from wire.colour import tokens

_SHAPES = (
    '<circle cx="220" cy="150" r="110" fill="{a}"/><rect y="130" width="300" height="70" fill="{b}" opacity=".9"/>',
    '<path d="M0 200 150 40l150 160z" fill="{a}"/><circle cx="230" cy="60" r="34" fill="{b}"/>',
    '<path d="M0 120a150 90 0 0 1 300 0v80H0z" fill="{a}"/><path d="M60 200a90 70 0 0 1 180 0z" fill="{b}"/>',
    '<rect x="40" y="50" width="120" height="150" rx="60" fill="{a}"/><rect x="140" y="90" width="120" height="110" rx="55" fill="{b}"/>',
    '<path d="M0 0h150a150 150 0 0 1-150 150z" fill="{a}"/><path d="M300 200H150a150 150 0 0 1 150-150z" fill="{b}"/>',
    '<circle cx="100" cy="100" r="70" fill="{a}"/><circle cx="190" cy="100" r="70" fill="{b}" opacity=".85"/>',
    '<path d="M0 70q75-50 150 0t150 0v130H0z" fill="{a}"/><path d="M0 130q75-40 150 0t150 0v70H0z" fill="{b}"/>',
    '<rect x="60" y="30" width="90" height="170" fill="{a}"/><rect x="150" y="80" width="90" height="120" fill="{b}"/>',
    '<path d="M300 0v200H100A200 200 0 0 1 300 0z" fill="{a}"/><circle cx="90" cy="70" r="40" fill="{b}"/>',
    '<path d="M0 200A150 150 0 0 1 150 50v150z" fill="{a}"/><path d="M150 200A150 150 0 0 1 300 50v150z" fill="{b}"/>',
    '<rect y="60" width="200" height="50" rx="25" x="30" fill="{a}"/><rect y="120" width="200" height="50" rx="25" x="80" fill="{b}"/>',
    '<circle cx="150" cy="200" r="140" fill="{a}"/><circle cx="150" cy="200" r="80" fill="{b}"/>',
)


def drawing(slug: str, colour: str | None) -> str:
    """An SVG picture of 3:2, always the same for the same slug and colour."""
    light = tokens(colour)["light"]
    shape = _SHAPES[zlib.crc32(slug.encode()) % len(_SHAPES)]
    body = shape.format(a=light["accent"], b=light["brand"])
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 200">'
        f'<rect width="300" height="200" fill="{light["soft"]}"/><g opacity=".55">{body}</g></svg>'
    )
