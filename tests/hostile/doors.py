"""The doors and their fields: read from the forms that a customer is shown, and from what the API says of itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bs4 import BeautifulSoup

from api.schema import document

CUSTOMER = {"name": "Anna Lee", "phone": "13800138000", "email": "anna@example.com"}
# A value that every kind of field takes.
GOOD = {
    "text": "good",
    "number": "3",
    "phone": "13800138000",
    "email": "anna@example.com",
    "date": "2026-12-24",
    "time": "09:30",
}


@dataclass
class Form:
    """One form: where it goes, what it sends by itself, and its fields by kind."""

    method: str
    action: str
    values: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)

    def of(self, *kinds: str) -> list[str]:
        """Names of the fields of these kinds."""
        return [name for name, kind in self.kinds.items() if kind in kinds]


def tree(answer: Any) -> BeautifulSoup:
    return BeautifulSoup(answer.data, "html.parser")


def forms(answer: Any) -> list[Form]:
    """The forms of a page, filled with good values."""
    found = []
    for each in tree(answer).find_all("form"):
        form = Form(each.get("method", "get"), each["action"])
        for one in each.find_all(["input", "textarea", "button", "select"]):
            name = one.get("name")
            if name and name not in form.kinds:
                form.kinds[name] = _kind(one)
                if form.kinds[name] != "file":
                    form.values[name] = _good(one, form.kinds[name])
        found.append(form)
    return found


def _kind(one: Any) -> str:
    if one.name == "textarea":
        return "text"
    if one.name in ("button", "select"):
        return "choice"
    if one.get("inputmode") in ("numeric", "decimal"):
        return "number"
    given = {"tel": "phone", "radio": "choice", "checkbox": "choice"}
    return given.get(one["type"], one["type"])


def _good(one: Any, kind: str) -> str:
    if one.name == "select":
        return one.find("option").get_text()
    if kind in ("choice", "hidden"):
        return one.get("value", "")
    return one.get("value") or GOOD[kind]


class Visitor:
    """Somebody at the portal, one step after the other."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self._times: dict[str, Form] = {}

    def times(self, service: str = "everything") -> Form:
        """The form of times, with a free one; its time has room for many."""
        if service not in self._times:
            page = self.client.get(f"/book/{service}", query_string={"day": "2026-12-01"})
            self._times[service] = next(each for each in forms(page) if each.method == "post")
        return self._times[service]

    def details(self, service: str = "everything") -> Form:
        """The form of details, while a time is held; the ones before have been used or still run."""
        path = f"/book/{service}/details"
        answer = self.client.get(path)
        if answer.status_code != 200:
            times = self.times(service)
            assert self.client.post(times.action, data=times.values).status_code == 303
            answer = self.client.get(path)
        form = next(each for each in forms(answer) if each.action == path)
        form.values |= CUSTOMER
        form.values.pop("change")
        return form

    def booked(self, **values: str) -> str:
        """The manage link of a new booking."""
        form = self.details()
        answer = self.client.post(form.action, data={**form.values, **values})
        assert answer.status_code == 303, answer.data
        return answer.headers["Location"].replace("/confirmed", "")

    def every_form(self) -> Iterator[Form]:
        """Every form of the portal, each on a page where it is shown."""
        yield from forms(self.client.get("/book/everything"))
        yield from forms(self.client.get("/book/class", query_string={"src": "somewhere"}))
        yield self.details()
        yield from forms(self.client.get("/find"))
        yield from forms(self.client.get("/zone"))
        path, _, query = self.booked().partition("?")
        yield from forms(self.client.get(f"{path}/cancel?{query}"))
        moves = forms(self.client.get(f"{path}/move?{query}"))
        yield from moves
        start = moves[-1].values["start"]
        yield from forms(self.client.get(f"{path}/move/confirm", query_string={"t": query[2:], "start": start}))


def api_bodies() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, dotted name and schema of every field of every body that the API takes."""
    schemas = document()["components"]["schemas"]
    for path, item in document()["paths"].items():
        for method, operation in item.items():
            if "requestBody" in operation:
                schema = operation["requestBody"]["content"]["application/json"]["schema"]
                for name, each in _properties(schema, schemas):
                    yield f"{method.upper()} {path}", name, each


def _properties(
    schema: dict[str, Any], schemas: dict[str, Any], prefix: str = ""
) -> Iterator[tuple[str, dict[str, Any]]]:
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    seen = set()
    for each in schema.get("oneOf", [schema]):
        for name, inner in each.get("properties", {}).items():
            if name not in seen:
                seen.add(name)
                yield f"{prefix}{name}", inner
                yield from _properties(inner, schemas, f"{prefix}{name}.")


ADDRESS = re.compile(r"(?i)(?:https?://|www\.)\S+|\b[\w.-]+\.(?:com|example|test)\b")
