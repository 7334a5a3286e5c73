"""Customers at the desk: found by what one may read, one page, changed, made one, copied, erased."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime
from zipfile import ZipFile

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from actions import cancel, consenting, customer_file, likeness
from models.base import db
from models.feedback import Feedback
from models.history import History
from models.people import Contact, Customer
from tests.factories import HANNAH, TOM, booked, free
from tests.support.staff import account, signed_in
from tests.support.statements import statements

TUESDAY = datetime(2026, 12, 8, 8, 0, tzinfo=UTC)
ZHANG = {"name": "张伟", "phone": "+86 138 1234 8000"}


@pytest.fixture
def clinic(load_business, app, clock):
    """Hannah and Mr Zhang come to Dr Yılmaz, Tom to Dr Braun."""
    load_business("clinic")
    app.made = {}
    for who, doctor in ((HANNAH, "dr-yilmaz"), (ZHANG, "dr-yilmaz"), (TOM, "dr-braun")):
        start = free("check-up", clock.now, first=TUESDAY.date(), resources=[doctor])[0].start
        made = booked("check-up", clock.now, start=start, customer=who, resources=[doctor]).booking
        app.made[who["name"]] = made
    likeness.compare(now=clock.now)
    return app


@pytest.fixture
def manager(clinic):
    return signed_in(clinic, account("manager"))


def page_of(name):
    db.session.rollback()
    found = db.session.scalars(select(Customer).where(Customer.name == name)).one()
    return f"/desk/customers/{found.public_id}"


def found(visitor, q, **more):
    part = visitor.get("/desk/customers", query_string={"q": q, **more}, headers={"X-Part": "list"})
    assert part.status_code == 200
    return re.findall(r'<th scope="row"><a [^>]+>([^<]+)</a>', part.text)


def mend(answer):
    """The sentences above a form that was refused."""
    note = BeautifulSoup(answer.data, "html.parser").find(id="mend")
    return [each.get_text() for each in note.find_all("p")]


def toast(visitor, answer):
    assert answer.status_code == 303, answer.text
    return visitor.get(answer.headers["Location"]).text


def test_she_is_found_by_name_number_mailbox_and_reference(clinic, manager):
    for typed in ("hann", "Vogel", "456789", "0151 23456789", "hannah@", clinic.made["Hannah Vogel"].reference):
        assert found(manager, typed) == ["Hannah Vogel"], typed
    assert found(manager, "张") == found(manager, "zhangw") == ["张伟"]
    assert found(manager, "nobody") == []
    assert len(found(manager, "")) == 3
    assert "Nobody like this." in manager.get("/desk/customers?q=nobody").text


def test_staff_find_their_own_and_nobody_by_a_contact(clinic):
    braun = signed_in(clinic, account("staff", resource="dr-braun"))
    assert found(braun, "") == ["Tom Fischer"]
    reference = clinic.made["Hannah Vogel"].reference
    for typed in ("Hannah", "hannah@example.com", "456789", "98765432", "tom@example", reference):
        assert found(braun, typed) == [], typed
    own, other = braun.get(page_of("Tom Fischer")), braun.get(page_of("Hannah Vogel"))
    assert other.status_code == 404
    assert "98765432" not in own.text.replace(" ", "")
    assert "tom@example.com" not in own.text
    shown = braun.post(page_of("Tom Fischer") + "/reveal", data={"why": "call"})
    assert "98765432" in shown.text.replace(" ", "")
    assert braun.post(page_of("Tom Fischer") + "/reveal", data={}).status_code == 422
    reveals = db.session.scalars(select(History.reason).where(History.action == "revealed")).all()
    assert reveals == ["call"]


def test_a_page_takes_as_many_queries_for_many_bookings_as_for_one(clinic, manager, clock):
    with statements() as asked:
        counts: list[int] = []
        for _ in range(2):
            asked.clear()
            assert manager.get(page_of("Hannah Vogel")).status_code == 200
            counts.append(len(asked))
            asked.clear()
            assert found(manager, "")
            counts.append(len(asked))
            if len(counts) == 2:
                booked("check-up", clock.now, customer=HANNAH)
    assert counts[:2] == counts[2:]


def test_what_is_changed_is_kept_told_and_found(clinic, manager):
    path = page_of("Hannah Vogel")
    form = {
        "name": "Hannah Vogel-Berg", "level": "Gold", "tags": "loyal，window seat", "phones": "+49 151 23456789\n030 123456",
        "emails": "", "region": "Berlin", "revision": "0",
    }  # fmt: skip
    page = toast(manager, manager.post(path + "/edit", data=form))
    assert "window seat" in page
    assert "+49 30 123456" in page
    assert found(manager, "123456") == ["Hannah Vogel-Berg"]
    assert found(manager, "", tag="loyal") == found(manager, "", level="Gold") == ["Hannah Vogel-Berg"]
    assert found(manager, "hannah@example.com") == []
    assert "hannah@example.com" in manager.get(f"/desk/b/{clinic.made['Hannah Vogel'].reference}").text
    stale = manager.post(path + "/edit", data={**form, "level": "Silver"})
    assert stale.status_code == 409
    assert 'value="Silver"' in stale.text
    wrong = manager.post(path + "/edit", data={**form, "name": " ", "phones": "12"})
    assert wrong.status_code == 422
    assert ">12</textarea>" in wrong.text
    assert mend(wrong) == ["Name: This is needed.", "Phones: This number does not have the right length."]
    assert mend(stale) == ["Somebody else has changed this meanwhile. Look at it once more."]
    chinese = manager.post(
        path + "/edit", data={**form, "name": " ", "revision": "1"}, headers={"Accept-Language": "zh-CN"}
    )
    assert mend(chinese) == ["姓名：这一项需要填写。"]


def test_two_are_looked_at_and_made_one(clinic, manager, clock):
    again = {**HANNAH, "name": "Hanna Vogel"}
    booked("check-up", clock.now, customer=again)
    likeness.compare(now=clock.now)
    keep, other = page_of("Hannah Vogel"), page_of("Hanna Vogel")
    assert "Perhaps the same person" in manager.get(keep).text
    assert "the same contact and a like name" in manager.get("/desk/customers/doubles").text
    both = manager.get(f"{keep}/merge?with={other.rpartition('/')[2]}").text
    assert "Are these one person?" in both
    data = {"with": other.rpartition("/")[2], "take-name": "kept"}
    seen = dict(re.findall(r'name="((?:with-)?revision)" value="(\d+)"', both))
    # A colleague writes something down meanwhile: nothing is overwritten unseen.
    customer_file.change(
        id=db.session.scalars(select(Customer.id).where(Customer.name == "Hanna Vogel")).one(),
        fields={"level": "Gold"},
        actor="staff:1",
        now=clock.now,
    )
    late = manager.post(keep + "/merge", data={**data, **seen})
    assert (late.status_code, "Somebody else has changed this meanwhile." in late.text) == (409, True)
    assert "Gold" in late.text
    assert manager.post(keep + "/merge", data=data).status_code == 409, "who says nothing has seen nothing"
    data |= dict(re.findall(r'name="((?:with-)?revision)" value="(\d+)"', late.text))
    assert "Merged." in toast(manager, manager.post(keep + "/merge", data=data))
    assert "it was so already" in toast(manager, manager.post(keep + "/merge", data=data))
    assert manager.get(other).headers["Location"] == keep
    # The other way round it is too late, and said so where she is by now.
    swapped = manager.post(other + "/merge", data={**data, "with": keep.rpartition("/")[2]})
    assert swapped.status_code == 303
    assert "Somebody else has changed this meanwhile." in manager.get(keep).text
    assert found(manager, "hanna") == ["Hannah Vogel"]
    assert "Nobody looks like a double." in manager.get("/desk/customers/doubles").text


def test_a_copy_is_handed_over_once_the_person_is_known(clinic, manager, clock):
    path = page_of("Hannah Vogel")
    hers = db.session.scalars(select(Customer).where(Customer.name == "Hannah Vogel")).one()
    hers.extra = {"company": "Vogel & Co", "note": "Prefers mornings"}
    said = {"stars": 4, "words": "Friendly", "created_at": clock.now, "changed_at": clock.now}
    db.session.add(Feedback(booking_id=clinic.made["Hannah Vogel"].id, **said))
    db.session.commit()
    assert manager.post(path + "/copy", data={}).status_code == 422
    answer = manager.post(path + "/copy", data={"how": "paper"})
    assert answer.mimetype == "application/zip"
    with ZipFile(io.BytesIO(answer.data)) as packed:
        data, page = json.loads(packed.read("data.json")), packed.read("data.html").decode()
    assert data["person"]["emails"] == ["hannah@example.com"]
    assert (data["person"]["company"], data["person"]["note"]) == ("Vogel & Co", "Prefers mornings")
    assert data["bookings"][0]["rated"] == {"stars": 4, "words": "Friendly"}
    assert data["bookings"][0]["reference"] == clinic.made["Hannah Vogel"].reference
    assert {each["kind"] for each in data["messages"]} >= {"confirmation"}
    assert data["history"][0]["what"] == "confirmed"
    assert "Hannah Vogel" in page
    assert "Tom" not in page
    for words in (
        "<dt>Known since</dt>",
        "<dt>Booked on</dt>",
        "Words: Friendly",
        "<dd>Confirmation</dd>",
        "<dd>General check-up</dd>",
        "<p>Berlin time throughout.</p>",
    ):
        assert words in page, words
    answer = manager.post(path + "/copy", data={"how": "paper"}, headers={"Accept-Language": "zh-CN"})
    with ZipFile(io.BytesIO(answer.data)) as packed:
        again, chinese = json.loads(packed.read("data.json")), packed.read("data.html").decode()
    assert (again["person"], again["bookings"]) == (data["person"], data["bookings"]), (
        "programs read the same in each language"
    )
    names = re.findall(r"<dt>([^<]+)</dt>", chinese)
    assert len(names) > 20
    assert [each for each in names if re.search(r"[a-z]{3}", each)] == []
    assert "<dt>预约日期</dt>" in chinese
    assert "以上均为柏林时间。" in chinese
    step = db.session.scalars(select(History).where(History.action == "copied").order_by(History.id)).first()
    assert step.after == {"identified": "paper"}
    front = signed_in(clinic, account("front_desk"))
    assert front.post(path + "/copy", data={"how": "paper"}).status_code == 403


def test_erasing_asks_twice_and_says_what_is_in_the_way(clinic, manager, clock):
    path, reference = page_of("Hannah Vogel"), clinic.made["Hannah Vogel"].reference
    assert f"/desk/b/{reference}" in manager.get(path + "/erase").text
    assert manager.post(path + "/erase", data={"sure": "1"}).status_code == 409
    cancel.cancel(reference=reference, actor="staff:1", now=clock.now)
    assert manager.post(path + "/erase", data={}).status_code == 422
    assert "The data are kept" in toast(manager, manager.post(path + "/hold", data={"hold": "An open bill"}))
    assert manager.post(path + "/erase", data={"sure": "1"}).status_code == 409
    toast(manager, manager.post(path + "/hold", data={"do": "lift"}))
    assert "Erased." in toast(manager, manager.post(path + "/erase", data={"sure": "1"}))
    assert manager.get(path).status_code == 404
    assert found(manager, "hannah") == []
    assert "Hannah" not in manager.get(f"/desk/b/{reference}").text
    listed = clinic.config["SETTINGS"].erased.read_text().split()
    assert path.rpartition("/")[2] in listed


def test_words_are_written_and_what_was_typed_stays_with_its_error(clinic, manager):
    empty = manager.post("/desk/consents/marketing", data={"asked": "1"})
    assert empty.status_code == 422
    toast(manager, manager.post("/desk/consents/marketing", data={"asked": "1", "say-en": "News?", "say-zh": "新品？"}))
    assert "News?" in manager.get("/desk/consents").text
    path = page_of("Tom Fischer")
    data = {"purpose": "marketing", "channel": "telephone"}
    assert "on the telephone" in toast(manager, manager.post(path + "/consent", data={**data, "do": "give"}))
    assert "withdrawn" in toast(manager, manager.post(path + "/consent", data={**data, "do": "withdraw"}))
    late = manager.post("/desk/retention", data={"bookings": "0", "messages": "x", "sign_ins": "12"})
    assert late.status_code == 422
    assert "Saved." in toast(
        manager, manager.post("/desk/retention", data={"bookings": "36", "messages": "30", "sign_ins": "12"})
    )


def asked(clinic, clock):
    for purpose, needed in (("marketing", False), ("minor", True)):
        said = {"en": f"Words of {purpose}"}
        consenting.write_text(purpose=purpose, said=said, asked=True, needed=needed, actor="staff:1", now=clock.now)


def test_customers_are_asked_with_empty_boxes_and_take_it_back_by_their_link(clinic, clock):
    from tests.portal.test_journey import form_of, hold_first

    asked(clinic, clock)
    visitor = clinic.test_client()
    _, details = hold_first(visitor)
    page = visitor.get(details)
    assert "checked" not in page.text
    action, hidden = form_of(page, "name")
    boxes = dict(re.findall(r'name="(consent_\w+)" value="(\d+)"', page.text))
    new = {"name": "Li Na", "email": "lina@example.com"}
    refused = visitor.post(action, data={**hidden, **new, "consent_marketing": boxes["consent_marketing"]})
    assert refused.status_code == 422
    assert "Nothing can be booked without this." in refused.text
    assert re.search(r'name="consent_marketing" value="\d+" checked', refused.text)
    done = visitor.post(action, data={**hidden, **new, **boxes})
    assert done.status_code == 303
    manage = visitor.get(done.headers["Location"]).text
    link = re.search(r'href="(/b/\w+\?t=[^"]+)"', manage)[1].replace("&amp;", "&")
    shown = visitor.get(link).text
    assert shown.count("You agreed on") == 2
    agree = re.search(r'action="(/b/\w+/consent\?t=[^"]+)"', shown)[1].replace("&amp;", "&")
    for do, said, count in (("withdraw", "Withdrawn.", 1), ("withdraw", "Withdrawn.", 1), ("give", "Thank you.", 2)):
        answer = visitor.post(agree, data={"purpose": "marketing", "text": boxes["consent_marketing"], "do": do})
        after = visitor.get(answer.headers["Location"]).text
        assert said in after
        assert after.count("You agreed on") == count
    assert "struck" not in after, "the booking stays"


def test_a_field_that_is_left_is_told_what_saving_tells_and_nothing_is_saved(manager, clinic):
    address = page_of("Hannah Vogel")

    def told(visitor, **typed):
        fields = ["name", "phones", "emails", "level", "tags", "owner"]
        form = {"name": "Hannah Vogel", "phones": "", "emails": "", "level": "", "tags": "", "owner": "", **typed}
        answer = visitor.post(f"{address}/edit/check", data={**form, "field": fields})
        return answer.status_code, re.findall(r'id="(\w+)-error">.*?</svg>([^<]+)<', answer.text)

    assert told(manager) == (204, [])
    wrong = {"name": "", "phones": "+49 151 23456789\n030 1", "emails": "hannah@", "level": "x" * 41, "owner": "99"}
    said = dict(told(manager, **wrong)[1])
    assert set(said) == {"name", "phones", "emails", "level", "owner"}
    assert said["phones"] == "This number does not have the right length."
    refused = manager.post(f"{address}/edit", data=wrong)
    assert refused.status_code == 422
    assert all(sentence in refused.text for sentence in said.values())
    # Not hers, not there.
    assert told(signed_in(clinic, account("staff", resource="dr-braun")))[0] == 403
    assert manager.post("/desk/customers/nobody/edit/check", data={"field": "name"}).status_code == 404
    assert "Hannah Vogel" in manager.get(address).text
    kinds = select(Contact.kind, Contact.value).order_by(Contact.id)
    assert ("phone", "+49301") not in set(map(tuple, db.session.execute(kinds)))
