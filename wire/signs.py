"""What somebody copies to her own site, and what stands on a printed sign."""

from __future__ import annotations

from html import escape
from urllib.parse import quote, urlsplit

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def button(link: str, text: str) -> str:
    """A link that looks like a button, for any page; no script."""
    look = (
        "display:inline-block;padding:12px 20px;border-radius:10px;background:#1e1c19;color:#fff;text-decoration:none"
    )
    return f'<a href="{escape(link)}" style="{look}">{escape(text)}</a>'


_FRAMED = {"service": "", "location": "place/", "resource": "person/"}


def frame(
    base_url: str, slug: str, title: str, *, kind: str = "service", link: str = "", source: str | None = None
) -> str:
    """A frame with the times of a service, or with what a person can be booked for or a place offers; the link for whom it does not open (of a
    service its own); and the script that gives it its height."""
    asked = f"?src={quote(source)}" if source else ""
    inside = f"{base_url}/embed/{_FRAMED[kind]}{quote(slug)}{asked}"
    plain = link or f"{base_url}/book/{quote(slug)}{asked}"
    return (
        f'<iframe src="{escape(inside)}" title="{escape(title)}" style="width:100%;height:700px;border:0"></iframe>\n'
        f'<p><a href="{escape(plain)}">{escape(title)}</a></p>\n'
        f'<script src="{escape(base_url)}/embed.js" async></script>'
    )


def service_url(base_url: str, slug: str, *, source: str | None = None) -> str:
    """The public link of a service."""
    return f"{base_url}/book/{quote(slug)}" + (f"?src={quote(source)}" if source else "")


def short(base_url: str, code: str) -> tuple[str, str]:
    """The address on a sign in two parts: ``book.example.com/q/`` and the code that is typed."""
    return f"{urlsplit(base_url).netloc}/q/", code


def is_loopback(base_url: str) -> bool:
    """True for an address that leads every phone to itself."""
    return urlsplit(base_url).hostname in _LOOPBACK
