"""Correcting what was noted with a booking: at the field, within one's rights, never by a mask."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from models import bookings
from models.base import db
from models.history import History
from tests.factories import HANNAH, TOM, booked
from tests.support.staff import account, signed_in

TUESDAY = datetime(2026, 12, 8, 8, 0, tzinfo=UTC)


@pytest.fixture
def clinic(load_business, app, clock):
    load_business("clinic")
    return app


@pytest.fixture
def scan(clinic, clock):
    answers = {"referral": True, "referred_by": "Dr. Kaya"}
    return booked("ultrasound", clock.now, start=TUESDAY, answers=answers).booking


@pytest.fixture
def desk(clinic):
    return signed_in(clinic, account("front_desk"))


def correct(visitor, view, **typed):
    fields = {**HANNAH, "q_referral": "yes", "q_referred_by": "Dr. Kaya", "revision": "0", **typed}
    return visitor.post(f"/desk/b/{view.reference}/correct", data=fields)


def now_of(view):
    return bookings.by_id(db.session(), view.id)


def value(page, name):
    return re.search(rf'<input id="{name}"[^>]* value="([^"]*)"', page.text)[1]


def actions():
    return list(db.session.scalars(select(History.action).order_by(History.id)))


def test_the_form_has_what_is_written_down(desk, scan):
    page = desk.get(f"/desk/b/{scan.reference}/correct")
    assert value(page, "name") == "Hannah Vogel"
    assert value(page, "phone") == "+49 1512 3456789"
    assert value(page, "q_referred_by") == "Dr. Kaya"
    assert re.search(r'name="q_referral" value="yes" checked', page.text)
    assert f'href="/desk/b/{scan.reference}/correct"' in desk.get(f"/desk/b/{scan.reference}").text


def test_what_is_right_is_written_down(desk, scan):
    done = correct(desk, scan, name="Hanna Vogel", phone="0151 98765432", q_referred_by="Dr. Braun")
    assert done.status_code == 303
    after = now_of(scan)
    assert (after.name, after.phone, after.answers["referred_by"]) == ("Hanna Vogel", "+4915198765432", "Dr. Braun")
    assert "Corrected." in desk.get(f"/desk/b/{scan.reference}").text


def test_the_same_again_is_no_correction(desk, scan):
    before = len(actions())
    assert correct(desk, scan).status_code == 303
    assert "Nothing was changed: it was so already." in desk.get(f"/desk/b/{scan.reference}").text
    assert len(actions()) == before


def test_errors_stand_at_their_fields_and_what_was_typed_is_kept(desk, scan):
    answer = correct(desk, scan, name="", email="hannah@", phone="0151 1", q_referral="no", q_referred_by="Nobody")
    assert answer.status_code == 422
    assert re.search(r'id="name-error".*This is needed\.', answer.text)
    assert re.search(r'id="email-error".*Something is missing after the @', answer.text)
    assert re.search(r'id="phone-error"', answer.text)
    assert value(answer, "email") == "hannah@"
    assert re.search(r'name="q_referral" value="no" checked', answer.text)
    assert now_of(scan).name == "Hannah Vogel"


def test_a_field_that_is_left_is_told_what_saving_tells_and_nothing_is_saved(desk, clinic, scan, clock):
    def told(*fields, visitor=desk, **typed):
        form = {**HANNAH, "q_referral": "yes", "q_referred_by": "Dr. Kaya", "revision": "0", **typed}
        answer = visitor.post(f"/desk/b/{scan.reference}/correct/check", data={**form, "field": list(fields)})
        return answer.status_code, re.findall(r'id="(\w+)-error">.*?</svg>([^<]+)<', answer.text)

    fields = ("name", "phone", "email", "q_referral", "q_referred_by", "price")
    assert told(*fields) == (204, [])
    wrong = {"name": " ", "phone": "0151 1", "email": "hannah@", "q_referral": "maybe"}
    status, said = told(*fields, **wrong)
    assert (status, [name for name, _ in said]) == (200, ["name", "phone", "email", "q_referral"])
    refused = correct(desk, scan, **wrong)
    assert refused.status_code == 422
    assert all(sentence in refused.text for _, sentence in said)
    assert told("email", **wrong) == (200, [said[2]])
    # A mask that she cannot write is judged by nobody, and what is not hers to correct is not hers to ask about.
    braun = signed_in(clinic, account("staff", resource="dr-braun"))
    hers = booked("check-up", clock.now, resources=["dr-braun"], customer=TOM).booking
    masked = {"name": "Tom Fischer", "phone": "0151****6789", "email": "t***@", "field": ["phone", "email"]}
    assert braun.post(f"/desk/b/{hers.reference}/correct/check", data=masked).status_code == 204
    assert told("name", visitor=signed_in(clinic, account("auditor")), name="")[0] == 403
    assert now_of(scan).name == "Hannah Vogel"
    assert "corrected" not in actions()


def test_questions_are_those_of_the_day_it_was_booked(desk, scan, load_business, tmp_path, clinic):
    from tests.conftest import BUSINESSES

    text = (
        (BUSINESSES / "clinic.yaml")
        .read_text()
        .replace("Referred by", "Whose letter")
        .replace("key: referral,", "key: letter,")
    )
    path = tmp_path / "clinic.yaml"
    path.write_text(text.replace("field: referral,", "field: letter,"))
    load_business(path)
    page = desk.get(f"/desk/b/{scan.reference}/correct").text
    assert "Referred by" in page
    assert "Whose letter" not in page
    assert correct(desk, scan, q_referred_by="Dr. Braun").status_code == 303
    assert now_of(scan).answers == {"referral": True, "referred_by": "Dr. Braun"}


def test_a_booking_that_moved_meanwhile_is_looked_at_once_more(desk, scan):
    answer = correct(desk, scan, name="Hanna", revision="7")
    assert answer.status_code == 409
    assert "This booking was changed meanwhile." in answer.text
    assert value(answer, "name") == "Hanna"
    assert now_of(scan).name == "Hannah Vogel"


def test_a_mask_never_takes_the_place_of_what_it_hides(clinic, scan):
    braun = signed_in(clinic, account("staff", resource="dr-braun"))
    page = braun.get(f"/desk/b/{scan.reference}/correct")
    assert "****6789" in page.text
    assert 'name="phone"' not in page.text
    assert 'name="email"' not in page.text
    answer = correct(braun, scan, name="Hanna Vogel", phone="0151****6789", email="h***@example.com")
    assert answer.status_code == 303
    after = now_of(scan)
    assert (after.name, after.phone, after.email) == ("Hanna Vogel", "+4915123456789", "hannah@example.com")


def test_who_may_not_correct_a_booking_corrects_nothing(clinic, scan, clock):
    other = booked("check-up", clock.now, start=TUESDAY, customer=TOM, resources=["dr-yilmaz"]).booking
    braun = signed_in(clinic, account("staff", resource="dr-braun"))
    auditor = signed_in(clinic, account("auditor"))
    for visitor, view in ((braun, other), (auditor, scan)):
        assert visitor.get(f"/desk/b/{view.reference}/correct").status_code == 403
        assert correct(visitor, view, name="Nobody").status_code == 403
        assert "/correct" not in visitor.get(f"/desk/b/{view.reference}").text
    assert {now_of(other).name, now_of(scan).name} == {"Tom Fischer", "Hannah Vogel"}


class TestThePrice:
    def price(self, visitor, view, **typed):
        return visitor.post(f"/desk/b/{view.reference}/price", data=typed)

    def test_is_corrected_with_a_reason(self, clinic, scan):
        owner = signed_in(clinic, account("owner"))
        assert value(owner.get(f"/desk/b/{scan.reference}/correct"), "price") == "65.00"
        assert self.price(owner, scan, price="70,50", reason="With pictures").status_code == 303
        assert now_of(scan).price_minor == 7050
        assert self.price(owner, scan, price="", reason="A gift").status_code == 303
        assert now_of(scan).price_minor is None

    @pytest.mark.parametrize(
        ("typed", "field"),
        [
            ({"price": "70"}, "reason"),
            ({"price": "a lot", "reason": "Why not"}, "price"),
            ({"price": "70.005", "reason": "Why not"}, "price"),
            ({"price": "9999999999999", "reason": "Why not"}, "price"),
        ],
    )
    def test_is_told_at_the_field_what_is_wrong_with_it(self, clinic, scan, typed, field):
        owner = signed_in(clinic, account("owner"))
        answer = self.price(owner, scan, **typed)
        assert answer.status_code == 422
        assert f'id="{field}-error"' in answer.text
        assert value(answer, "price") == typed["price"]
        assert value(answer, "name") == "Hannah Vogel"
        assert now_of(scan).price_minor == 6500

    def test_is_not_for_the_front_desk_to_correct(self, desk, scan):
        assert "/price" not in desk.get(f"/desk/b/{scan.reference}/correct").text
        assert self.price(desk, scan, price="1", reason="A friend").status_code == 403
        assert now_of(scan).price_minor == 6500
