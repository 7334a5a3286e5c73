"""The page of keys for programs."""

from __future__ import annotations

import re

import pytest

from tests.support.staff import PASSWORD, account, signed_in

FORM = {"name": "Till", "days": "30"}


@pytest.fixture
def clinic(load_business, app, clock):
    load_business("clinic")
    return app


def secret_in(page):
    found = re.search(r"fd_[\w-]{43}", page)
    return found[0] if found else ""


def opens(app, secret):
    return app.test_client().get("/api/v1/bookings", headers={"Authorization": f"Bearer {secret}"}).status_code


def test_a_key_is_shown_once_and_opens_until_it_is_ended(clinic):
    visitor = signed_in(clinic, account())
    made = visitor.post("/desk/account/keys", data=FORM)
    secret = secret_in(made.text)
    assert opens(clinic, secret) == 200
    page = visitor.get("/desk/account/keys").text
    assert "Till" in page
    assert not secret_in(page)
    assert "last used" in page
    assert visitor.post("/desk/account/keys/end", data={"key": "1"}).status_code == 303
    assert opens(clinic, secret) == 401
    assert "ended" in visitor.get("/desk/account/keys").text


def test_with_fewer_rights_it_has_those_that_were_ticked(clinic):
    visitor = signed_in(clinic, account())
    assert visitor.post("/desk/account/keys", data={**FORM, "fewer": "1"}).status_code == 422
    secret = secret_in(visitor.post("/desk/account/keys", data={**FORM, "fewer": "1", "may": ["booking.decide"]}).text)
    assert opens(clinic, secret) == 403


@pytest.mark.parametrize("wrong", [{"name": ""}, {"days": "9999"}, {"days": "x"}, {"fewer": "1", "may": "export"}])
def test_what_is_wrong_is_said_and_makes_no_key(clinic, wrong):
    visitor = signed_in(clinic, account("staff"))
    answer = visitor.post("/desk/account/keys", data={**FORM, **wrong})
    assert answer.status_code == 422
    assert 'class="error"' in answer.text
    assert not secret_in(answer.text)
    assert "None yet." in visitor.get("/desk/account/keys").text


@pytest.mark.parametrize("key", ["", "x", "9" * 40, "77"])
def test_a_key_that_is_not_hers_cannot_be_ended(clinic, key):
    assert signed_in(clinic, account()).post("/desk/account/keys/end", data={"key": key}).status_code == 404


def test_making_one_asks_for_the_password_again(clinic, clock):
    visitor = signed_in(clinic, account())
    clock.tick(minutes=11)
    assert visitor.get("/desk/account/keys").headers["Location"].startswith("/desk/prove")
    assert visitor.post("/desk/account/keys", data=FORM).status_code == 403
    visitor.post("/desk/prove", data={"password": PASSWORD})
    assert secret_in(visitor.post("/desk/account/keys", data=FORM).text)


def test_an_auditor_has_no_keys(clinic):
    visitor = signed_in(clinic, account("auditor"))
    assert visitor.get("/desk/account/keys").status_code == 403
    assert "Keys for programs" not in visitor.get("/desk/account").text
