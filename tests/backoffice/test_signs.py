"""Links and signs: what is copied works, what is printed leads where it says, and who may make links of one's own."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select

from actions import sources
from models.base import db
from models.doors import Source
from models.history import History
from models.people import Staff
from models.staff_queries import viewer_of
from rules.errors import Invalid
from tests.support.staff import account, signed_in
from tests.support.time import Clock
from wire import signs as wire_signs


@pytest.fixture
def owner(app: Flask, load_business: Callable[..., Any]) -> Any:
    load_business("clinic")
    return signed_in(app, account("owner"))


def page(visitor: Any, address: str) -> BeautifulSoup:
    answer = visitor.get(address)
    assert answer.status_code == 200, answer.text
    return BeautifulSoup(answer.data, "html.parser")


def copied(visitor: Any, of: str) -> list[str]:
    return [each.get_text() for each in page(visitor, f"/desk/signs/one?of={of}").select("textarea.copied")]


def test_each_service_place_and_person_has_its_link_and_sign(app: Flask, owner: Any):
    rows = page(owner, "/desk/signs").select("a.row[href^='/desk/signs/one']")
    assert [row.get_text(strip=True) for row in rows] == [
        "General check-up", "Ultrasound", "Praxis am Park", "Dr. Elif Yılmaz", "Dr. Jonas Braun",
    ]  # fmt: skip
    for row in rows:
        found = page(owner, row["href"])
        link = urlsplit(found.textarea.get_text())
        assert owner.get(f"{link.path}?{link.query}").status_code in (200, 302, 303)
        for picture in found.select("img.code, a[download]"):
            assert owner.get(picture.get("src") or picture["href"]).status_code == 200


@pytest.mark.parametrize("of", ["service:check-up", "location:park", "resource:dr-braun"])
@pytest.mark.parametrize("size", ["a6", "a4"])
def test_a_sign_says_it_in_both_languages_and_its_code_leads_there(owner: Any, of: str, size: str):
    found = page(owner, f"/desk/signs/print?of={of}&size={size}")
    assert found.body["class"] == ["printing", size]
    assert {each["lang"] for each in found.select("main [lang]")} == {"en", "zh-CN"}
    assert "No app, no account" in found.main.get_text()
    code = found.select_one(".typed b").get_text()
    assert owner.get(f"/q/{code}").status_code in (302, 303)
    assert f"src={code}" in owner.get(f"/q/{code}").headers["Location"]


def test_an_odd_size_or_nothing_asked_for_is_no_failure(owner: Any):
    assert page(owner, "/desk/signs/print?of=service:check-up&size=a0").body["class"] == ["printing", "a6"]
    assert owner.get("/desk/signs/one").status_code == 302
    for of in ("service:none", "resource:none", "campaign:none", "moon:x", "service", ":"):
        assert owner.get(f"/desk/signs/one?of={of}").status_code in (302, 404)


def test_signs_warn_while_they_lead_a_phone_to_itself(
    owner: Any, make_app: Callable[..., Flask], load_business: Callable[..., Any]
):
    assert "work on this machine only" in owner.get("/desk/signs/print?of=service:check-up").text
    assert wire_signs.is_loopback("http://127.0.0.1:8000")
    assert not wire_signs.is_loopback("https://book.example.com")


def test_what_is_copied_is_whole_and_closed(owner: Any):
    _, button, frame = copied(owner, "service:check-up")
    link = BeautifulSoup(button, "html.parser").a
    assert link["href"] == "http://localhost/book/check-up"
    assert link.get_text() == "Book: General check-up"
    inside = BeautifulSoup(frame, "html.parser")
    assert inside.iframe["src"] == "http://localhost/embed/check-up"
    assert inside.iframe["title"] == "Book: General check-up"
    assert inside.p.a["href"] == "http://localhost/book/check-up"
    assert inside.script["src"] == "http://localhost/embed.js"


def test_a_name_cannot_break_out_of_what_is_copied():
    evil = 'Cut "<script>alert(1)</script>'
    for html in (wire_signs.button("http://x/?a=1&b=2", evil), wire_signs.frame("http://x", "cut", evil)):
        found = BeautifulSoup(html, "html.parser")
        assert [each.get("src") for each in found.find_all("script")] in ([], ["http://x/embed.js"])
        assert evil in str(found.get_text())


def test_a_campaign_has_a_link_that_its_bookings_remember(app: Flask, owner: Any):
    answer = owner.post("/desk/signs/campaigns", data={"label": " Autumn letter ", "service": "check-up"})
    assert answer.status_code == 303
    code = re.search(r"campaign%3A(\w+)|campaign:(\w+)", answer.headers["Location"])
    found = db.session.scalars(select(Source).where(Source.kind == "campaign")).one()
    assert code
    assert found.code in answer.headers["Location"]
    assert found.label == "Autumn letter"
    link, _, frame = copied(owner, f"campaign:{found.code}")
    assert link == f"http://localhost/book/check-up?src={found.code}"
    assert f"/embed/check-up?src={found.code}" in frame
    assert owner.get(f"/qr/campaign/{found.code}.svg").mimetype == "image/svg+xml"
    assert owner.get("/qr/campaign/none.svg").status_code == 404
    assert f"src={found.code}" in owner.get(f"/q/{found.code}").headers["Location"]
    assert "Autumn letter" in owner.get("/desk/signs").text
    assert "Campaign link made" in owner.get("/desk/history?action=campaign_made").text


def test_a_campaign_for_everything_leads_to_all_services(app: Flask, owner: Any):
    owner.post("/desk/signs/campaigns", data={"label": "Window"})
    found = db.session.scalars(select(Source).where(Source.kind == "campaign")).one()
    assert copied(owner, f"campaign:{found.code}")[0] == f"http://localhost/?src={found.code}"
    assert len(copied(owner, f"campaign:{found.code}")) == 2


def test_a_campaign_is_called_otherwise_and_keeps_its_link(app: Flask, owner: Any):
    owner.post("/desk/signs/campaigns", data={"label": "Window"})
    code = db.session.scalars(select(Source.code).where(Source.kind == "campaign")).one()
    for _ in range(2):
        assert owner.post("/desk/signs/campaigns", data={"label": "Shop window", "code": code}).status_code == 303
    assert db.session.scalars(select(Source.label).where(Source.code == code)).one() == "Shop window"
    steps = db.session.scalars(select(History).where(History.action == "campaign_renamed")).all()
    assert [(step.before, step.after) for step in steps] == [({"name": "Window"}, {"name": "Shop window"})]
    sign = db.session.scalars(select(Source.code).where(Source.kind == "sign")).first()
    assert owner.post("/desk/signs/campaigns", data={"label": "Mine", "code": sign}).status_code == 404


@pytest.mark.parametrize(
    ("label", "service"),
    [("", ""), ("   ", ""), ("x" * 61, ""), ("Window", "none")],
    ids=["none", "blank", "long", "where"],
)
def test_what_cannot_be_a_campaign_comes_back_as_it_was_typed(app: Flask, owner: Any, label: str, service: str):
    answer = owner.post("/desk/signs/campaigns", data={"label": label, "service": service})
    assert answer.status_code == 422
    assert BeautifulSoup(answer.data, "html.parser").find("input", id="label")["value"] == label
    assert db.session.scalars(select(Source).where(Source.kind == "campaign")).all() == []


def test_there_is_an_end_to_campaigns(app: Flask, owner: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sources, "MOST", 1)
    by = viewer_of(db.session(), db.session.scalars(select(Staff)).first())
    db.session.rollback()
    sources.add_campaign(label="One", by=by, now=clock.now)
    with pytest.raises(Invalid):
        sources.add_campaign(label="Two", by=by, now=clock.now)


def test_who_does_not_shape_what_is_offered_reads_and_prints(app: Flask, owner: Any):
    visitor = signed_in(app, account("staff", resource="dr-braun"))
    assert "Make the link" not in visitor.get("/desk/signs").text
    assert visitor.get("/desk/signs/print?of=service:check-up").status_code == 200
    assert visitor.post("/desk/signs/campaigns", data={"label": "Mine"}).status_code == 403


def test_the_code_on_the_sign_is_a_picture_that_can_be_printed_large(owner: Any):
    from PIL import Image

    found = Image.open(io.BytesIO(owner.get("/qr/service/check-up.png").data))
    assert found.width == found.height >= 200
