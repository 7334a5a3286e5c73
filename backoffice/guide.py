"""The guide at the desk: the chapters of docs/guide in the reader's language, and which of them helps on which page."""

from __future__ import annotations

from functools import cache
from pathlib import Path, PurePosixPath

from flask import Response, abort, render_template, request, url_for
from markdown_it import MarkdownIt
from markupsafe import Markup

from backoffice import desk
from backoffice.access import SIGNED_IN, door
from web.locale import words

GUIDE = Path(__file__).parent.parent / "docs" / "guide"
# Which chapter helps on a page: the longest beginning of its endpoint's name counts. The rest is helped by the contents.
CHAPTERS = {
    "today": "today",
    "do_undo": "today",
    "request": "requests",
    "decide": "requests",
    "telephone": "telephone",
    "diary": "diary",
    "move": "diary",
    "block": "diary",
    "pause": "diary",
    "booking": "booking",
    "correct": "booking",
    "cancel": "booking",
    "propose": "booking",
    "question": "booking",
    "asked": "booking",
    "answer_file": "booking",
    "out": "away",
    "figures": "figures",
    "feedback": "feedback",
    "import": "import",
    "do_import": "import",
    "do_receive": "import",
    "export": "import",
    "do_export_customers": "import",
    "history": "history",
    "sign": "signs",
    "start": "first-hour",
    "services": "services",
    "setup": "places",
    "customers": "customers",
    "consents": "customers",
    "retention": "customers",
    "people": "people",
    "person": "people",
    "rights": "people",
    "account": "account",
    "second_factor": "account",
    "keys": "account",
}


# One page for several rooms: the chapter of each.
ROOMS = {"business": "first-hour", "places": "places", "things": "things"}


def chapter_of(endpoint: str, room: str | None = None) -> str:
    """The chapter that helps on the page of an endpoint (``desk.diary_week``), and of a ``room`` of it."""
    if room in ROOMS:
        return ROOMS[room]
    name = endpoint.removeprefix("desk.")
    fitting = [start for start in CHAPTERS if name.startswith(start)]
    return CHAPTERS[max(fitting, key=len)] if fitting else "index"


@desk.get("/guide/")
@desk.get("/guide/<chapter>")
@door(SIGNED_IN)
def guide(chapter: str = "index") -> str:
    """One chapter."""
    title, text = _chapter("zh" if words().locale == "zh" else "en", chapter) or abort(404)
    return render_template("backoffice/guide.html", chapter=chapter, title=title, text=text)


@desk.get("/guide/pictures/<language>/<name>")
@door(SIGNED_IN)
def guide_picture(language: str, name: str) -> Response:
    """A picture of the guide."""
    taken = {each.relative_to(GUIDE / "pictures").as_posix(): each for each in GUIDE.glob("pictures/*/*.jpg")}
    picture = taken.get(f"{language}/{name}") or abort(404)
    return Response(picture.read_bytes(), mimetype="image/jpeg")


def names() -> list[str]:
    """The chapters that there are."""
    return sorted(each.stem for each in (GUIDE / "en").glob("*.md"))


@cache
def _chapter(language: str, name: str) -> tuple[str, Markup] | None:
    """The title and the rest of a chapter, which lead to other chapters and pictures by the desk's addresses."""
    if name not in names():
        return None
    text = (GUIDE / language / f"{name}.md").read_text(encoding="utf-8")
    title, _, rest = text.partition("\n")
    reader = MarkdownIt("js-default")
    tokens = reader.parse(rest)
    for each in (part for token in tokens for part in token.children or ()):
        where = PurePosixPath(str(each.attrGet("href") or each.attrGet("src") or ""))
        if each.type == "link_open" and where.suffix == ".md":
            each.attrSet("href", url_for("desk.guide", chapter=where.stem))
        if each.type == "image":
            each.attrSet("src", url_for("desk.guide_picture", language=where.parent.name, name=where.name))
            each.attrSet("loading", "lazy")
    # Our own files, read without HTML of theirs.
    return title.lstrip("# "), Markup(reader.renderer.render(tokens, reader.options, {}))  # noqa: S704


def help_here() -> str:
    """The address of the chapter that helps on the page that is asked for."""
    return url_for("desk.guide", chapter=chapter_of(request.endpoint or "", (request.view_args or {}).get("room")))
