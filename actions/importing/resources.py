"""People, rooms and things from a file, judged as the business file judges them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from actions import contacts
from actions.businessfile.loading import add_resource
from actions.businessfile.reading import Mapping as Written
from actions.businessfile.reading import Scalar
from actions.businessfile.reading import Sequence as Listed
from actions.businessfile.things import read_resource
from actions.businessfile.values import Check
from actions.catalogue_versions import remember
from actions.importing import values
from actions.importing.names import Names, one_of
from actions.importing.row import LEAVE, Row
from models.catalogue import Resource
from models.imports import ImportRow
from rules.errors import FieldError
from rules.facts import Catalogue
from rules.rights import Viewer
from rules.text import folded

KINDS = {
    "staff": ("person", "people", "人员", "员工"),
    "room": ("rooms", "房间", "教室", "会议室"),
    "equipment": ("thing", "things", "设备", "器材"),
    "vehicle": ("vehicles", "car", "车辆", "汽车"),
}
_WRONG = {"slug": "slug_odd", "location": "unknown_place", "name": "required", "skills": "odd"}


class Judge:
    """Looks at rows of resources."""

    def __init__(self, known: Catalogue, by: Viewer) -> None:  # noqa: ARG002  every kind is judged for somebody
        self.places = Names(known.locations.values(), "unknown_place")
        self.slugs = {each.slug for each in known.locations.values()}
        self.seen: set[str] = set()

    def judge(self, row: Row) -> None:
        """Types the fields of a row, and says what is wrong with it."""
        row.keep("name", values.line)
        row.keep("kind", partial(one_of, KINDS))
        row.keep("location", self.places.slug)
        row.keep("slug", values.line)
        row.keep("email", contacts.email)
        row.keep("skills", _skills)
        row.keep("capacity", partial(values.whole, least=1, most=500))
        row.keep("weight", partial(values.whole, least=1, most=1000))
        row.need("name", "kind", "location")
        if row.wrong:
            return
        row.fields.setdefault("slug", _slug(row.fields["name"]))
        for problem in self._problems(row.fields):
            field = problem.rpartition(".")[2].partition("[")[0]
            row.wrong[field] = FieldError(_WRONG.get(field, "odd"))

    def _problems(self, fields: dict[str, Any]) -> list[str]:
        """Where the checker of the business file finds something wrong."""
        it = Check(datetime.min.date())
        read_resource(it, written(fields), "row", dict.fromkeys(self.slugs))
        return [each.place for each in it.problems]

    def doubles(self, session: OrmSession, rows: Sequence[Row]) -> None:
        """Finds those that are there already, and those that stand in the file twice."""
        slugs = [row.fields["slug"] for row in rows]
        there = set(session.execute(select(Resource.slug).where(Resource.slug.in_(slugs))).scalars())
        for row in rows:
            slug = row.fields["slug"]
            if slug in self.seen:
                row.wrong["slug"] = FieldError("twice", {"found": slug})
            elif slug in there:
                row.doubles("known", slug)
            self.seen.add(slug)


def written(fields: dict[str, Any]) -> Written:
    """A resource as the business file has it."""
    found = Written()
    for name, value in fields.items():
        if isinstance(value, list):
            listed = Listed(_scalar(each) for each in value)
            found[name] = listed
        else:
            found[name] = _scalar(value)
        found.lines[name] = 0
    return found


def _scalar(value: Any) -> Scalar:
    scalar = Scalar(str(value))
    scalar.quoted, scalar.line = True, 0
    return scalar


def _skills(cell: Any) -> list[str] | FieldError:
    said = values.line(cell, longest=400)
    if isinstance(said, FieldError):
        return said
    return list(dict.fromkeys(each.strip() for each in re.split(r"[,;，；、]", said) if each.strip()))


def _slug(name: str) -> str:
    """A slug of a name; of one without Latin letters something short that stays the same."""
    plain = unicodedata.normalize("NFKD", folded(name)).encode("ascii", "ignore").decode()
    slug = "-".join(re.findall(r"[a-z0-9]+", plain))[:40].strip("-")
    return slug or "r-" + sha256(folded(name).encode()).hexdigest()[:8]


def write(session: OrmSession, row: ImportRow, *, by: Viewer, now: datetime) -> tuple[str, int | None]:
    """Writes one of them in the current transaction. One that is there stays as it is."""
    there = session.execute(select(Resource.id).where(Resource.slug == row.fields["slug"])).scalar()
    if there is not None or row.choice == LEAVE:
        return ("left", None) if row.choice == LEAVE else ("used", there)
    fields = dict(row.fields)
    id = add_resource(session, written(fields), now=now)
    remember(session, "resource", id, "added", {}, fields, by=by.actor, now=now)
    return "made", id
