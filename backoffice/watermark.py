"""The watermark of pages with personal data."""

from __future__ import annotations

from xml.sax.saxutils import escape


def watermark_svg(name: str, at: str) -> str:
    """An image that repeats ``name`` and ``at`` over any size, faint enough to read through."""
    text = escape(f"{name} {at}")
    wide = 180 + 9 * len(text)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="100%" height="100%"><defs>'
        f'<pattern id="m" width="{wide}" height="150" patternUnits="userSpaceOnUse" patternTransform="rotate(-14)">'
        f'<text x="20" y="80" font-family="sans-serif" font-size="15" fill="#808080" fill-opacity=".09">{text}</text>'
        '</pattern></defs><rect width="100%" height="100%" fill="url(#m)"/></svg>'
    )
