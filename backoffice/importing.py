"""Imports at the desk: a file, its headers, what stands in it, its doubles, the start, and what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, BinaryIO, cast
from zoneinfo import ZoneInfo

from flask import current_app, make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

import clock
from actions.importing import choosing, receiving, running
from actions.importing.fields import KINDS, MOST_ROWS
from actions.importing.row import DOUBLES
from backoffice import access
from backoffice.access import door
from backoffice.blueprint import desk
from models import import_queries
from models.base import db
from models.imports import ImportRun
from models.snapshot import catalogue
from rules.errors import BadFile, Invalid, Missing
from web.fields import whole
from web.locale import here, words
from web.uploading import cut
from wire import importing as said
from wire.booking import STATUS

FOLLOWED = ("checking", "running")


@desk.get("/import")
@door("import")
def imports() -> AnyResponse:
    """What can be imported, and one's own files."""
    return _start()


def _start(wrong: str = "", kind: str = "", status: int = 200) -> AnyResponse:
    say, viewer = words(), access.viewer()
    kinds = [
        {"name": name, "title": say.gettext(title), "about": say.gettext(said.ABOUT[name])}
        for name, title in said.KINDS.items()
        if name != "accounts" or viewer.may("staff.manage")
    ]
    page = render_template(
        "backoffice/imports.html",
        kinds=kinds,
        chosen=kind or request.args.get("kind", ""),
        wrong=wrong,
        most=say.number(MOST_ROWS),
        megabytes=receiving.MOST_BYTES // 1_000_000,
        runs=[_line(each) for each in import_queries.runs_of(db.session(), viewer.id)],
        done=session.pop("done", None),
    )
    return make_response(page, status)


def _line(run: ImportRun) -> dict[str, Any]:
    say = words()
    return {
        "href": url_for("desk.imports_one", id=run.id),
        "label": run.label,
        "kind": say.gettext(said.KINDS[run.kind]),
        "rows": say.number(run.total),
        "state": say.gettext(said.STATES[run.state]),
        "chip": {"done": "confirmed", "failed": "cancelled"}.get(run.state, "held"),
        "at": _when(run.created_at),
    }


def _when(at: Any) -> str:
    return words().day_and_time(at.astimezone(ZoneInfo(here()))) if at else ""


def folder() -> Any:
    """Where the files lie."""
    return current_app.config["SETTINGS"].imports


@desk.post("/import")
@door("import")
def do_receive() -> AnyResponse:
    """Takes a file in."""
    kind, file = request.form.get("kind", ""), request.files.get("file")
    if kind not in KINDS:
        raise Missing
    if file is None or not file.filename:
        return _start(words().gettext("Choose a file first."), kind, 422)
    try:
        if cut(file):
            raise BadFile(which="large", most=receiving.MOST_BYTES // 1_000_000)
        id = receiving.receive(
            cast("BinaryIO", file.stream),
            kind=kind,
            label=file.filename,
            folder=folder(),
            by=access.viewer(),
            now=clock.now(),
        )
    except BadFile as refusal:
        return _start(words().sentence(refusal), kind, refusal.status)
    return redirect(url_for("desk.imports_one", id=id), 303)


@desk.get("/import/<int:id>")
@door("import")
def imports_one(id: int) -> AnyResponse:
    """One file, as far as it has come."""
    return _page(id)


def _page(id: int, wrong: dict[str, str] | None = None, status: int = 200) -> AnyResponse:
    run, say = receiving.owned(db.session(), id, access.viewer()), words()
    if run.state == "dropped":
        raise Missing
    common = {
        "run": run,
        "line": _line(run),
        "state": run.state,
        "notes": [say.gettext(said.NOTES[each]) for each in run.notes if each in said.NOTES],
        "progress": _progress(run),
        "wrong": wrong or {},
        "done": session.pop("done", None),
    }
    if request.headers.get("X-Part") == "progress":
        part = make_response(render_template("backoffice/import_progress.html", **common), status)
        part.headers["X-State"] = run.state
        return part
    more = {"mapping": _mapping, "ready": _ready, "done": _result, "failed": _stopped}.get(run.state)
    page = render_template("backoffice/import.html", **common, **(more(run) if more else {}))
    return make_response(page, status)


def _progress(run: ImportRun) -> dict[str, Any]:
    # While it is written, the position is the number of the row in the file.
    share = min(99, run.position * 100 // max(run.total + 1, 1)) if run.total else 0
    return {"share": share, "position": words().number(run.position), "total": words().number(run.total)}


def _mapping(run: ImportRun) -> dict[str, Any]:
    """The headers and the fields."""
    say, kind = words(), KINDS[run.kind]
    fields = [
        {
            "name": each.name,
            "title": say.gettext(said.FIELDS[each.name]),
            "required": each.required,
            "column": run.mapping.get(each.name),
        }
        for each in kind.fields
    ]
    before = import_queries.the_same(db.session(), run)
    return {
        "fields": fields,
        "columns": [(n, head or say.gettext("Column %(n)s", n=n + 1)) for n, head in enumerate(run.heads)],
        "before": _when(before.ended_at) if before else "",
        "encodings": list(said.ENCODINGS.items()),
        "separators": [(key, say.gettext(text)) for key, text in said.SEPARATORS.items()],
    }


def _ready(run: ImportRun) -> dict[str, Any]:
    """What stands in it: counts, the first rows, errors, doubles."""
    say, session_, kind = words(), db.session(), KINDS[run.kind]
    after = whole(request.args.get("after", ""), digits=8) or 0
    counts = running.counts(session_, run.id)
    # Where nothing can be written the reasons come first.
    first = "ready" if counts.get("ready") or counts.get("unchosen") or not counts.get("refused") else "refused"
    wanted = request.args.get("show", "")
    show = wanted if wanted in ("ready", "refused", *DOUBLES) else first
    found: dict[str, Any] = {
        "counts": {name: say.number(counts.get(name, 0)) for name in ("ready", "unchosen", "refused")},
        "may_start": counts.get("ready", 0) > 0,
        "doubles": _doubles(run),
        "show": show,
        "after": after,
        "heads": [say.gettext(said.FIELDS[each.name]) for each in kind.fields if each.name in run.mapping],
        "tells": run.kind in ("accounts", "bookings"),
        "bookings": run.kind == "bookings",
        "rows": [],
        "groups": [],
    }
    if show in DOUBLES:
        groups = import_queries.groups(session_, run.id, show, skip=after)
        names = import_queries.named(session_, run.id, [each.grp for each in groups])
        found["groups"] = [(each, say.listed(list(dict.fromkeys(names.get(each.grp, [])))[:5])) for each in groups]
        found["next"] = after + len(groups) if len(groups) == import_queries.PAGE else None
    else:
        rows = import_queries.rows(session_, run.id, (show,), after=after)
        found["rows"] = [
            {
                "number": each.number,
                "chosen": each.chosen,
                "cells": _cells(run, each),
                "wrong": said.reasons(say, each.wrong or []),
            }
            for each in rows
        ]
        found["next"] = rows[-1].number if len(rows) == import_queries.PAGE else None
    return found


def _doubles(run: ImportRun) -> list[dict[str, Any]]:
    say = words()
    return [
        {
            "name": name,
            "title": say.gettext(said.DOUBLES[name]),
            "rows": say.number(sum(choices.values())),
            "choice": next(iter(choices)) if len(choices) == 1 else "",
            "choices": [(each, say.gettext(said.CHOICES[each])) for each in DOUBLES[name][1]],
        }
        for name, choices in sorted(import_queries.doubles(db.session(), run.id).items())
    ]


def _cells(run: ImportRun, row: Any) -> list[tuple[str, str]]:
    """The typed values of a row with what they are; of a refused one what stood in the file."""
    say, fields = words(), dict(row.fields)
    given = fields.pop("_given", {})
    found = []
    for each in KINDS[run.kind].fields:
        if each.name in run.mapping:
            found.append((say.gettext(said.FIELDS[each.name]), shown(each.name, {**given, **fields})))
    return found


def shown(name: str, fields: dict[str, Any]) -> str:
    """One typed value as people read it."""
    say, value = words(), fields.get(name)
    if name in ("day", "time") and "start" in fields:
        zone = catalogue(db.session()).locations[fields["location"]].timezone
        start = datetime.fromisoformat(fields["start"]).astimezone(ZoneInfo(zone))
        return say.date(start.date()) if name == "day" else say.time(start)
    if name == "status" and value in STATUS:
        return say.gettext(STATUS[value])
    if isinstance(value, bool):
        return say.gettext("yes") if value else say.gettext("no")
    if name == "price" and isinstance(value, int):
        return say.money(value, catalogue(db.session()).business.currency)
    return say.listed(value) if isinstance(value, list) else str(value if value is not None else "")


def _result(run: ImportRun) -> dict[str, Any]:
    say, counts = words(), running.counts(db.session(), run.id)
    return {
        "results": [(name, say.gettext(text), say.number(counts.get(name, 0))) for name, text in said.ROWS.items()
                    if name != "ready" and (counts.get(name) or name == "made")],
        "refused": counts.get("refused", 0) + counts.get("clash", 0),
        "rows": [
            {"number": each.number, "cells": _cells(run, each), "wrong": said.reasons(say, each.wrong or [])}
            for each in import_queries.rows(db.session(), run.id, ("clash", "refused"))
        ],
    }  # fmt: skip


def _stopped(run: ImportRun) -> dict[str, Any]:
    return {"stopped": said.why(words(), run.why or "", {"most": words().number(KINDS[run.kind].most)})}


@desk.post("/import/<int:id>/<any(read_as, match, again, doubles, rows, start, drop):step>")
@door("import")
def do_import(id: int, step: str) -> AnyResponse:
    """One step of a file: reading it otherwise, its headers, doubles, rows, the start, or letting it go."""
    by, form = access.viewer(), request.form
    receiving.owned(db.session(), id, by)
    back = url_for("desk.imports_one", id=id)
    try:
        if step == "read_as":
            given = {"encoding": form.get("encoding", ""), "separator": form.get("separator", "")}
            receiving.read_as(id=id, **given, folder=folder(), by=by)
        elif step == "match":
            receiving.match(id=id, mapping=_matched(id), by=by)
        elif step == "again":
            receiving.match_again(id=id, by=by)
        elif step == "doubles":
            group = form.get("group") or None
            choosing.choose(id=id, double=form.get("double", ""), choice=form.get("choice", ""), group=group, by=by)
            back = url_for("desk.imports_one", id=id, show=form.get("double"), after=form.get("after") or None)
        elif step == "rows":
            _pick(id)
            back = url_for("desk.imports_one", id=id, after=form.get("after") or None)
        elif step == "start":
            choosing.start(id=id, tell=form.get("tell") == "1", by=by, now=clock.now())
        else:
            receiving.drop(id=id, folder=folder(), by=by, now=clock.now())
            session["done"] = words().gettext("The file is dropped. Nothing was imported.")
            back = url_for("desk.imports")
    except Invalid as refusal:
        return _page(id, {name: words().field(each) for name, each in refusal.errors.items()}, refusal.status)
    except BadFile as refusal:
        return _page(id, {"": words().sentence(refusal)}, refusal.status)
    return redirect(back, 303)


def _matched(id: int) -> dict[str, int]:
    run = receiving.owned(db.session(), id, access.viewer())
    typed = {each.name: whole(request.form.get(f"column-{each.name}", ""), digits=3) for each in KINDS[run.kind].fields}
    return {name: column for name, column in typed.items() if column is not None}


def _pick(id: int) -> None:
    by, form = access.viewer(), request.form
    if form.get("all") in ("1", "0"):
        choosing.pick_all(id=id, on=form["all"] == "1", by=by)
        return
    shown_, chosen = choosing.numbers(form.getlist("shown")), choosing.numbers(form.getlist("chosen"))
    choosing.pick(id=id, shown=shown_[:200], chosen=chosen, by=by)
