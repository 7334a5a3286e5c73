"""Signing in: who guesses, who copies, who comes back too late, who has lost the phone."""

from __future__ import annotations

import email as mails
import email.policy
import hashlib
import io
import logging
import re
import statistics
import time
from datetime import UTC, datetime, timedelta
from operator import sub
from types import SimpleNamespace

import pytest
from limits.storage import memory
from sqlalchemy import select, update

import clock as product_clock
from actions import accounts, feeds, passwords, resets
from actions.demo_staff import PASSWORD as DEMO
from actions.demo_staff import add_demo_staff
from commands import fit
from models.base import db
from models.business import Business
from models.history import History
from models.people import SignIn, Staff
from notifications import dispatch
from tests.support.staff import PASSWORD, account, code_of, email_of, second_factor, signed_in
from web import logs

WRONG = "E-mail or password is not right."
NEW = "seven quiet umbrellas"
LONG = hashlib.sha512(b"as long as may be").hexdigest()


@pytest.fixture
def clinic(load_business, app, clock):
    load_business("clinic")
    for each in app.config["SETTINGS"].outgoing.glob("*"):
        each.unlink()
    return app


@pytest.fixture
def limited(clinic, make_app, clock, monkeypatch):
    """The clinic with its limits on, and their clock in the test's hand."""
    monkeypatch.setattr(memory, "time", SimpleNamespace(time=lambda: clock.now.timestamp()))
    monkeypatch.setattr(product_clock, "until", lambda epoch: datetime.fromtimestamp(epoch, UTC) - clock.now)
    found = make_app(RATE_LIMITS="on")
    found.config.update(WTF_CSRF_ENABLED=False)
    return found


def attempt(visitor, mailbox, password, *, address="203.0.113.5", **more):
    return visitor.post(
        "/desk/sign-in",
        data={"email": mailbox, "password": password, **more},
        environ_overrides={"REMOTE_ADDR": address},
    )


def cookie(answer, name="desk"):
    """The value of a cookie that an answer sets."""
    found = [each for each in answer.headers.getlist("Set-Cookie") if each.startswith(f"{name}=")]
    return found[0].split("=", 1)[1].split(";")[0] if found else None


def is_in(visitor):
    return visitor.get("/desk/account").status_code == 200


def plain(answer, mailbox):
    """A page without the mailbox that was typed and the token of its form."""
    return re.sub(r'(name="csrf_token" value=)"[^"]+"', r"\1", answer.text.replace(mailbox, ""))


def history(action):
    db.session.rollback()
    return list(db.session.scalars(select(History).where(History.action == action).order_by(History.id)))


def sent(app, to):
    """Subject and text of every mail that left for somebody, oldest first."""
    dispatch.deliver_due()
    found = []
    for path in sorted(app.config["SETTINGS"].outgoing.glob("*.eml"), key=lambda each: each.stat().st_mtime_ns):
        mail = mails.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        if mail["To"] == to:
            found.append((mail["Subject"], mail.get_body(("plain",)).get_content()))
    return found


def link_in(text):
    return re.search(r"https?://[^/]+(/desk/password/\S+)", text)[1]


# Guessing


def test_ten_wrong_passwords_close_the_account_for_that_address_only(limited, clock):
    owner = email_of(account())
    thief, own = limited.test_client(), limited.test_client()
    for number in range(10):
        assert attempt(thief, owner, f"wrong {number}").status_code == 422, number
        clock.tick(seconds=20)
    stopped = attempt(thief, owner, PASSWORD)
    assert stopped.status_code == 429
    assert int(stopped.headers["Retry-After"]) <= 15 * 60 + 1
    assert "That was too often. Try again at" in stopped.text
    # Whose account it is signs in at home, and the thief tries another account.
    assert attempt(own, owner, PASSWORD, address="198.51.100.7").status_code == 303
    assert attempt(thief, "somebody@praxis.example", "x").status_code == 422
    clock.tick(minutes=16)
    assert attempt(thief, owner, PASSWORD).status_code == 303


def test_the_sixth_try_within_a_minute_has_to_wait(limited):
    owner = email_of(account())
    visitor = limited.test_client()
    assert [attempt(visitor, owner, "wrong").status_code for _ in range(6)] == [422] * 5 + [429]


def test_one_common_password_is_not_tried_on_a_thousand_accounts(limited):
    account()
    visitor = limited.test_client()
    answers = [attempt(visitor, f"user{number}@praxis.example", "password123").status_code for number in range(51)]
    assert answers == [422] * 50 + [429]


def test_a_mailbox_in_other_letters_is_the_same_account(limited):
    owner = email_of(account())
    visitor = limited.test_client()
    spellings = [owner, owner.upper(), f" {owner} ", owner.title(), owner]
    assert [attempt(visitor, each, "wrong").status_code for each in spellings] == [422] * 5
    assert attempt(visitor, owner.upper(), "wrong").status_code == 429
    assert attempt(limited.test_client(), owner.upper(), PASSWORD, address="198.51.100.7").status_code == 303


def test_known_and_unknown_accounts_are_answered_alike(clinic, clock):
    known = email_of(account())
    left, invited = account("staff"), account("auditor", password=None)
    accounts.leave(id=left, by=None, actor="shell", now=clock.now)
    mailboxes = (known, email_of(left), email_of(invited), "nobody@praxis.example")
    answers = [attempt(clinic.test_client(), each, "wrong wrong wrong") for each in mailboxes]
    assert {answer.status_code for answer in answers} == {422}
    (page,) = {plain(answer, each) for answer, each in zip(answers, mailboxes, strict=True)}
    assert WRONG in page


def test_a_lost_password_is_answered_alike_for_every_mailbox(clinic):
    known = email_of(account())
    mailboxes = (known, "nobody@praxis.example")
    answers = [clinic.test_client().post("/desk/forgotten", data={"email": each}) for each in mailboxes]
    assert len({plain(answer, each) for answer, each in zip(answers, mailboxes, strict=True)}) == 1


@pytest.mark.parametrize("path", ["/desk/sign-in", "/desk/forgotten"])
def test_the_time_of_an_answer_does_not_tell_whether_there_is_an_account(clinic, path):
    known = email_of(account())
    visitor = clinic.test_client()
    taken: dict[str, list[float]] = {known: [], "nobody@praxis.example": []}
    for _ in range(60):
        for mailbox, times in taken.items():
            began = time.perf_counter()
            visitor.post(path, data={"email": mailbox, "password": "wrong wrong wrong"})
            times.append(time.perf_counter() - began)
    # One beside the other: what else the machine does meanwhile slows both of a pair, and all of them on a busy machine.
    noise = max(0.005, statistics.median(taken[known]) / 4)
    assert abs(statistics.median(map(sub, *taken.values()))) < noise


def test_a_hash_is_made_for_nobody_too(clinic, monkeypatch):
    hasher = passwords.hasher
    counted: list[str] = []

    class Counting:
        def verify(self, against, password):
            counted.append(password)
            return hasher.verify(against, password)

    passwords.fits(None, "the first makes the hash of nobody")
    monkeypatch.setattr(passwords, "hasher", Counting())
    assert attempt(clinic.test_client(), "nobody@praxis.example", "wrong").status_code == 422
    assert counted == ["wrong"]


def test_every_refused_try_is_in_the_history_with_its_address(clinic):
    id = account()
    attempt(clinic.test_client(), email_of(id), "wrong")
    attempt(clinic.test_client(), "nobody@praxis.example", "wrong")
    assert [(row.object_id, row.actor) for row in history("sign_in_refused")] == [(id, "visitor"), (0, "visitor")]
    assert all(row.request_id for row in history("sign_in_refused"))


# Sessions


def test_signing_in_gives_a_new_secret_each_time_and_takes_none_that_was_brought(clinic):
    owner = email_of(account())
    visitor = clinic.test_client()
    visitor.set_cookie("desk", "brought-along-by-somebody-else")
    first = cookie(attempt(visitor, owner, PASSWORD))
    second = cookie(attempt(visitor, owner, PASSWORD))
    assert len({first, second, "brought-along-by-somebody-else"}) == 3
    fixed = clinic.test_client()
    fixed.set_cookie("desk", "brought-along-by-somebody-else")
    assert not is_in(fixed)
    # Signing in again in the same browser ends what was there before.
    copied = clinic.test_client()
    copied.set_cookie("desk", first)
    assert not is_in(copied)


def test_the_cookie_is_for_this_host_and_no_script(clinic):
    answer = attempt(clinic.test_client(), email_of(account()), PASSWORD)
    given = next(each for each in answer.headers.getlist("Set-Cookie") if each.startswith("desk="))
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= {part.strip() for part in given.split(";")}
    assert "Domain" not in given
    assert "Expires" not in given


def test_the_second_factor_gives_another_secret_again(clinic, clock):
    id = account()
    secret, _ = second_factor(id, clinic, clock.now)
    clock.tick(minutes=1)
    visitor = clinic.test_client()
    before = cookie(attempt(visitor, email_of(id), PASSWORD))
    assert not is_in(visitor)
    answer = visitor.post("/desk/sign-in/code", data={"code": code_of(secret, clock.now)})
    assert answer.status_code == 303
    assert cookie(answer) not in (None, before)
    assert is_in(visitor)
    halfway = clinic.test_client()
    halfway.set_cookie("desk", before)
    assert not is_in(halfway)


def test_a_copied_cookie_is_dead_after_signing_out(clinic):
    visitor = signed_in(clinic, account())
    copy = clinic.test_client()
    copy.set_cookie("desk", visitor.get_cookie("desk").value)
    assert is_in(copy)
    answer = visitor.post("/desk/sign-out")
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert not is_in(copy)
    assert not is_in(visitor)
    assert [row.action for row in history("signed_out")] == ["signed_out"]


def test_nothing_of_the_desk_is_kept_by_the_browser(clinic):
    visitor = signed_in(clinic, account())
    for path in ("/desk/", "/desk/account", "/desk/people", "/desk/nothing", "/desk/watermark.svg"):
        assert visitor.get(path).headers["Cache-Control"] == "no-store", path
    assert clinic.test_client().get("/desk/sign-in").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("role", ["owner", "manager", "staff", "auditor"])
def test_a_desk_that_was_left_alone_is_closed_after_half_an_hour(clinic, clock, role):
    visitor = signed_in(clinic, account(role))
    clock.tick(minutes=29)
    assert is_in(visitor)
    clock.tick(minutes=29)
    assert is_in(visitor)
    clock.tick(minutes=31)
    assert not is_in(visitor)


def test_a_front_desk_stays_open_through_the_working_day_and_no_longer(clinic, clock):
    visitor = signed_in(clinic, account("front_desk"))
    clock.tick(hours=11, minutes=59)
    assert is_in(visitor)
    clock.tick(minutes=2)
    assert not is_in(visitor)


def test_no_sign_in_lives_longer_than_twelve_hours_however_busy(clinic, clock):
    visitor = signed_in(clinic, account())
    for _ in range(24 * 60 // 2 // 24):
        clock.tick(minutes=24)
        if not is_in(visitor):
            break
    assert clock.now - db.session.scalars(select(SignIn.created_at)).one() >= timedelta(hours=12)
    assert not is_in(visitor)


def test_a_code_does_not_make_an_open_sign_in_last_longer(clinic, clock):
    id = account()
    secret, _ = second_factor(id, clinic, clock.now)
    clock.tick(minutes=1)
    visitor = clinic.test_client()
    attempt(visitor, email_of(id), PASSWORD)
    visitor.post("/desk/sign-in/code", data={"code": code_of(secret, clock.now)})
    ends = db.session.scalars(select(SignIn.expires_at).where(SignIn.complete)).one()
    clock.tick(minutes=20)
    visitor.post("/desk/sign-in/code", data={"code": code_of(secret, clock.now)})
    db.session.rollback()
    assert db.session.scalars(select(SignIn.expires_at).where(SignIn.complete)).one() == ends


def test_what_was_posted_after_the_end_says_so_and_changes_nothing(clinic, clock):
    visitor = signed_in(clinic, account())
    clock.tick(hours=1)
    answer = visitor.post("/desk/account/preferences", data={"locale": "zh"})
    assert answer.status_code == 401
    assert "Nothing was changed." in answer.text
    assert db.session.scalars(select(Staff.locale)).one() is None


def test_the_page_behind_the_sign_in_is_one_of_the_desk(clinic):
    owner = email_of(account())
    for to in ("https://evil.example", "//evil.example/desk", "/\\evil.example", "/desk\\..\\x", "/desk/\nx", ""):
        assert attempt(clinic.test_client(), owner, PASSWORD, to=to).headers["Location"] == "/desk/", to
    inside = attempt(clinic.test_client(), owner, PASSWORD, to="/desk/people?q=1")
    assert inside.headers["Location"] == "/desk/people?q=1"


# Changing how one signs in


def changed_password(visitor, old=PASSWORD, new=NEW):
    return visitor.post("/desk/account/password", data={"old": old, "password": new, "again": new})


def test_a_new_password_ends_the_other_sign_ins_and_is_told_by_mail(clinic):
    id = account()
    here, there = signed_in(clinic, id), signed_in(clinic, id)
    assert changed_password(here, old="wrong").status_code == 422
    assert is_in(there)
    assert changed_password(here).status_code == 303
    assert (is_in(here), is_in(there)) == (True, False)
    assert attempt(clinic.test_client(), email_of(id), PASSWORD).status_code == 422
    assert attempt(clinic.test_client(), email_of(id), NEW).status_code == 303
    assert [subject for subject, _ in sent(clinic, email_of(id))] == ["Your password was changed"]
    assert [row.actor for row in history("password_set")] == [f"staff:{id}"]


def test_turning_the_second_factor_on_and_off_ends_the_other_sign_ins_and_is_told(clinic, clock):
    id = account()
    here, there = signed_in(clinic, id), signed_in(clinic, id)
    shown = here.get("/desk/account/second-factor").text
    secret = re.search(r"secret=([A-Z2-7]+)", shown)[1]
    assert here.post("/desk/account/second-factor", data={"code": "000000"}).status_code == 422
    answer = here.post("/desk/account/second-factor", data={"code": code_of(secret, clock.now)})
    codes = re.findall(r"[A-Z0-9]{6}(?:-[A-Z0-9]{6}){3}", answer.text)
    assert len(set(codes)) == 10
    assert (is_in(here), is_in(there)) == (True, False)
    assert here.post("/desk/account/second-factor/off").status_code == 303
    subjects = [subject for subject, _ in sent(clinic, email_of(id))]
    assert subjects == ["Your second factor is on", "Your second factor is off"]


def test_what_matters_asks_for_the_password_again_after_ten_minutes(clinic, clock):
    visitor = signed_in(clinic, account())
    clock.tick(minutes=11)
    asked = visitor.get("/desk/account/second-factor")
    assert asked.headers["Location"].startswith("/desk/prove?")
    assert visitor.post("/desk/account/second-factor/off").status_code == 403
    assert visitor.post("/desk/prove", data={"password": "wrong"}).status_code == 422
    assert visitor.get("/desk/account/second-factor").status_code == 303
    assert visitor.post("/desk/prove", data={"password": PASSWORD}).status_code == 303
    assert visitor.get("/desk/account/second-factor").status_code == 200
    assert len(history("proof_refused")) == 1


def test_who_has_to_have_a_second_factor_gets_to_nothing_else_before(clinic, clock):
    from actions import rights
    from models import staff_queries

    owner, staff = account(), account("staff")
    by = staff_queries.viewer_of(db.session(), db.session.get(Staff, owner))
    rights.require_second_factor(on=True, by=by, now=clock.now)
    visitor = signed_in(clinic, owner)
    assert visitor.get("/desk/").headers["Location"] == "/desk/account/second-factor"
    # The way there stays open even when the password has to be typed again first.
    clock.tick(minutes=11)
    assert visitor.get("/desk/account/second-factor").headers["Location"].startswith("/desk/prove")
    assert visitor.get("/desk/prove").status_code == 200
    visitor.post("/desk/prove", data={"password": PASSWORD})
    secret = re.search(r"secret=([A-Z2-7]+)", visitor.get("/desk/account/second-factor").text)[1]
    visitor.post("/desk/account/second-factor", data={"code": code_of(secret, clock.now)})
    assert visitor.get("/desk/").status_code == 200
    assert is_in(signed_in(clinic, staff))


# Codes


@pytest.fixture
def at_the_code(clinic, clock):
    """``at_the_code()``: a browser whose password was right, with the generator's secret and the recovery codes."""
    id = account()
    secret, codes = second_factor(id, clinic, clock.now)
    clock.tick(minutes=5)

    def begin(app=clinic):
        visitor = app.test_client()
        assert attempt(visitor, email_of(id), PASSWORD).headers["Location"].startswith("/desk/sign-in/code")
        return visitor

    return SimpleNamespace(begin=begin, secret=secret, codes=codes, id=id)


def given(visitor, code):
    return visitor.post("/desk/sign-in/code", data={"code": code}).status_code


@pytest.mark.parametrize(("steps", "status"), [(-2, 422), (-1, 303), (0, 303), (1, 303), (2, 422)])
def test_a_code_is_good_for_its_half_minute_and_those_beside_it(at_the_code, clock, steps, status):
    assert given(at_the_code.begin(), code_of(at_the_code.secret, clock.now, steps=steps)) == status


def test_a_code_opens_once_and_none_before_it_opens_after(at_the_code, clock):
    code = code_of(at_the_code.secret, clock.now)
    assert given(at_the_code.begin(), code) == 303
    assert given(at_the_code.begin(), code) == 422
    assert given(at_the_code.begin(), code_of(at_the_code.secret, clock.now, steps=-1)) == 422
    assert given(at_the_code.begin(), code_of(at_the_code.secret, clock.now, steps=1)) == 303


def test_a_code_of_another_account_opens_nothing(at_the_code, clinic, clock):
    other = account("manager")
    secret, codes = second_factor(other, clinic, clock.now)
    clock.tick(minutes=1)
    visitor = at_the_code.begin()
    assert given(visitor, code_of(secret, clock.now)) == 422
    assert given(visitor, codes[0]) == 422
    assert [row.object_id for row in history("second_factor_refused")] == [at_the_code.id] * 2


def test_a_code_may_be_typed_with_blanks_and_in_other_digits(at_the_code, clock):
    code = code_of(at_the_code.secret, clock.now)
    wide = "".join(chr(ord(each) + 0xFEE0) for each in code)
    assert given(at_the_code.begin(), f" {wide[:3]} {wide[3:]} ") == 303


def test_ten_wrong_codes_lock_whoever_has_the_password(at_the_code, limited, clock):
    visitor = at_the_code.begin(limited)
    for number in range(10):
        assert given(visitor, f"{number:06}") == 422
    stopped = visitor.post("/desk/sign-in/code", data={"code": code_of(at_the_code.secret, clock.now)})
    assert stopped.status_code == 429
    assert int(stopped.headers["Retry-After"]) <= 15 * 60 + 1
    # A new sign-in is no way around it.
    assert given(at_the_code.begin(limited), code_of(at_the_code.secret, clock.now)) == 429
    clock.tick(minutes=16)
    assert given(at_the_code.begin(limited), code_of(at_the_code.secret, clock.now)) == 303


def test_a_recovery_code_opens_once_in_whatever_way_it_is_typed(at_the_code):
    first, second = at_the_code.codes[:2]
    assert given(at_the_code.begin(), f" {first.lower().replace('-', ' ')} ") == 303
    assert given(at_the_code.begin(), first) == 422
    assert given(at_the_code.begin(), second) == 303
    assert len(history("signed_in_by_recovery")) == 2
    kept = db.session.get(Staff, at_the_code.id)
    assert len(kept.recovery) == 8
    assert not any(code in str(kept.recovery) for code in at_the_code.codes)
    # 30 letters and digits, 24 of them: 117 bits.
    assert len(first.replace("-", "")) == 24


def test_who_takes_longer_than_ten_minutes_for_the_code_begins_again(at_the_code, clock):
    visitor = at_the_code.begin()
    clock.tick(minutes=11)
    answer = visitor.post("/desk/sign-in/code", data={"code": code_of(at_the_code.secret, clock.now)})
    assert answer.headers["Location"].startswith("/desk/sign-in?")
    assert not is_in(visitor)


def test_the_secret_of_the_generator_cannot_be_read_in_the_database(at_the_code):
    assert at_the_code.secret not in str(db.session.get(Staff, at_the_code.id).second_factor)


# Lost passwords, invitations


@pytest.fixture
def link(clinic):
    """The account of an owner who has asked for a new password, and the address of her link."""
    id = account()
    clinic.test_client().post("/desk/forgotten", data={"email": email_of(id)})
    ((subject, text),) = sent(clinic, email_of(id))
    assert subject == "A new password for Praxis am Park"
    return SimpleNamespace(id=id, path=link_in(text), text=text)


def use(app, path, password=NEW):
    return app.test_client().post(path, data={"password": password, "again": password}).status_code


def test_a_link_sets_a_password_once(clinic, link):
    there = signed_in(clinic, link.id)
    assert use(clinic, link.path) == 303
    assert not is_in(there)
    assert use(clinic, link.path, "another good umbrella") == 404
    assert attempt(clinic.test_client(), email_of(link.id), NEW).status_code == 303


def test_opening_a_link_changes_nothing_however_often(clinic, link):
    for _ in range(3):
        assert clinic.test_client().get(link.path).status_code == 200
    assert use(clinic, link.path) == 303


def test_two_who_use_one_link_at_the_same_moment_are_one(clinic, link, clock):
    from rules.errors import Missing

    before = db.session.get(Staff, link.id).password_hash
    assert use(clinic, link.path) == 303
    with pytest.raises(Missing):
        resets.set_password(id=link.id, password="another umbrella here", actor="staff:1", was=(before,), now=clock.now)
    assert attempt(clinic.test_client(), email_of(link.id), NEW).status_code == 303


def test_a_link_is_dead_after_an_hour(clinic, link, clock):
    clock.tick(minutes=61)
    assert clinic.test_client().get(link.path).status_code == 404
    assert use(clinic, link.path) == 404


def test_a_link_is_dead_once_the_password_was_changed(clinic, link):
    assert changed_password(signed_in(clinic, link.id)).status_code == 303
    assert use(clinic, link.path) == 404


def test_a_link_of_somebody_who_left_is_dead_and_none_is_sent(clinic, link, clock):
    account("owner", email="other@praxis.example")
    accounts.leave(id=link.id, by=None, actor="shell", now=clock.now)
    assert use(clinic, link.path) == 404
    before = len(sent(clinic, email_of(link.id)))
    page = clinic.test_client().post("/desk/forgotten", data={"email": email_of(link.id)})
    assert page.status_code == 200
    assert len(sent(clinic, email_of(link.id))) == before


@pytest.mark.parametrize("change", ["id", "until", "token", "huge"])
def test_no_part_of_a_link_can_be_changed(clinic, link, change):
    *start, id, until, token = link.path.split("/")
    other = str(account("manager"))
    changed = {
        "id": [other, until, token],
        "until": [id, str(int(until) + 9), token],
        "token": [id, until, token[::-1]],
        "huge": ["9" * 30, "9" * 30, token],
    }[change]
    assert clinic.test_client().get("/".join([*start, *changed])).status_code == 404


def test_a_forged_host_does_not_get_into_the_link(clinic):
    id = account()
    for headers in ({"Host": "evil.example"}, {"X-Forwarded-Host": "evil.example"}):
        clinic.test_client().post("/desk/forgotten", data={"email": email_of(id)}, headers=headers)
    found = sent(clinic, email_of(id))
    assert found
    assert not any("evil" in text for _, text in found)
    assert all("http://localhost/desk/password/" in text for _, text in found)


def test_the_link_is_written_down_nowhere(clinic, link):
    from models.outbox import Message

    rows = db.session.scalars(select(Message).where(Message.object_kind == "staff"))
    assert not any(link.path.rsplit("/", 1)[1] in str(vars(row)) for row in rows)


def test_an_invitation_leads_to_a_password_and_no_mail_about_a_change(clinic, clock):
    id = account("staff", password=None, now=clock.now)
    ((subject, text),) = sent(clinic, email_of(id))
    assert subject == "Your account at Praxis am Park"
    assert use(clinic, link_in(text)) == 303
    assert is_in(signed_in(clinic, id, NEW))
    assert len(sent(clinic, email_of(id))) == 1


def test_links_are_asked_for_five_times_an_hour(limited):
    mailbox = email_of(account())
    visitor = limited.test_client()
    answers = [visitor.post("/desk/forgotten", data={"email": mailbox}).status_code for _ in range(6)]
    assert answers == [200] * 5 + [429]


# Leaving


def test_who_leaves_is_out_at_the_next_request_everywhere(clinic, clock):
    from models.doors import Token

    owner, id = account(), account("staff", resource="dr-yilmaz")
    feed = feeds.add(resource="dr-yilmaz", now=clock.now)
    hers, boss = signed_in(clinic, id), signed_in(clinic, owner)
    assert clinic.test_client().get(f"/feeds/{feed}.ics").status_code == 200
    assert boss.post(f"/desk/people/{id}/leave").status_code == 303
    assert not is_in(hers)
    assert hers.post("/desk/account/preferences", data={"locale": "zh"}).status_code == 401
    assert clinic.test_client().get(f"/feeds/{feed}.ics").status_code == 404
    assert attempt(clinic.test_client(), email_of(id), PASSWORD).status_code == 422
    assert db.session.scalars(select(Token.revoked_at)).one() == clock.now
    # Coming back is a new beginning: the old sign-in stays dead.
    boss.post(f"/desk/people/{id}/come_back")
    assert not is_in(hers)
    assert is_in(signed_in(clinic, id))


def test_who_left_between_the_password_and_the_cookie_is_not_let_in(clinic, clock, monkeypatch):
    account("owner", email="other@praxis.example")
    id, fits = account(), passwords.fits

    def leaves_meanwhile(hash_, password):
        right = fits(hash_, password)
        accounts.leave(id=id, by=None, actor="shell", now=clock.now)
        return right

    monkeypatch.setattr(passwords, "fits", leaves_meanwhile)
    assert attempt(clinic.test_client(), email_of(id), PASSWORD).status_code == 422


# The demo, and the first owner


@pytest.fixture
def in_production(clinic, make_app):
    """``in_production()``: the same database behind an https address."""

    def made():
        app = make_app(BASE_URL="https://book.example.com", SECRET_KEY="k" * 40, RATE_LIMITS="on")
        app.config.update(WTF_CSRF_ENABLED=False)
        return app

    return made


def test_the_password_of_the_demo_opens_a_trial_and_says_so_there(clinic, clock, load_business):
    add_demo_staff(now=clock.now)
    assert is_in(signed_in(clinic, 1, DEMO))
    assert "demonstration" not in clinic.test_client().get("/desk/sign-in").text  # a business of its own
    db.session.execute(update(Business).values(is_demo=True, catalogue_version=Business.catalogue_version + 1))
    db.session.commit()
    assert "owner@example.com with the password “demonstration”" in clinic.test_client().get("/desk/sign-in").text


def test_the_accounts_of_the_demo_open_nothing_in_production(clinic, clock, in_production):
    add_demo_staff(now=clock.now)
    cookie_of_trial = signed_in(clinic, 1, DEMO).get_cookie("desk").value
    app = in_production()
    visitor = app.test_client()
    form = {"email": "owner@example.com", "password": DEMO}
    assert visitor.post("/desk/sign-in", data=form, base_url="https://book.example.com").status_code == 422
    visitor.set_cookie("__Host-desk", cookie_of_trial, domain="book.example.com", secure=True)
    answer = visitor.get("/desk/account", base_url="https://book.example.com")
    assert answer.headers["Location"].startswith("/desk/sign-in")
    # With a password of its own the account is as good as any other.
    resets.set_password(id=1, password=NEW, actor="shell", now=clock.now)
    form["password"] = NEW
    assert visitor.post("/desk/sign-in", data=form, base_url="https://book.example.com").status_code == 303


def test_the_accounts_of_the_demo_stop_a_start_in_production(clinic, clock, in_production):
    assert fit.why_not(in_production()) is None
    add_demo_staff(now=clock.now)
    assert fit.why_not(clinic) is None
    assert "owner@example.com" in str(fit.why_not(in_production()))
    account("owner")
    for id in range(1, 6):
        accounts.leave(id=id, by=None, actor="shell", now=clock.now)
    assert fit.why_not(in_production()) is None


def test_the_start_says_how_to_sign_in(clinic, clock):
    assert "flask --app wsgi staff add EMAIL --role owner`" in fit.how_to_sign_in()
    add_demo_staff(now=clock.now)
    assert f"owner@example.com, password {DEMO}" in fit.how_to_sign_in()
    for id in range(1, 6):
        resets.set_password(id=id, password=NEW, actor="shell", now=clock.now)
    assert fit.how_to_sign_in() == ""


def test_the_log_holds_no_link_and_no_key():
    handler = logging.StreamHandler(written := io.StringIO())
    handler.setFormatter(logs._OneLine("text"))
    opens = ["/desk/password/12/1796030000/AbC-d_f", "fd_AbC-d_f", "/feeds/AbC-d_f.ics", "/b/K7MQ4XWT?t=AbC-d_f"]
    for secret in opens:
        handler.emit(logging.LogRecord("frontdesk", logging.ERROR, "", 0, f"failure F-1 on GET {secret}", (), None))
    assert len(written.getvalue().splitlines()) == len(opens)
    assert "AbC" not in written.getvalue()


def test_the_first_owner_comes_from_the_shell_with_a_password_that_is_made(clinic):
    runner = clinic.test_cli_runner()
    assert "`flask staff add EMAIL --role owner`" in runner.invoke(args=["staff", "list"]).output
    first = runner.invoke(args=["staff", "add", "boss@praxis.example", "--role", "owner"]).output
    second = runner.invoke(args=["staff", "add", "other@praxis.example", "--role", "owner"]).output
    made = [re.search(r"Password: (\S+)", each)[1] for each in (first, second)]
    assert made[0] != made[1]
    assert attempt(clinic.test_client(), "boss@praxis.example", made[0]).status_code == 303
    assert "account_exists" not in first
    again = runner.invoke(args=["staff", "add", "BOSS@praxis.example", "--role", "owner"])
    assert again.exit_code == 1


def test_a_lost_second_factor_is_reset_from_the_shell(clinic, clock):
    id = account()
    second_factor(id, clinic, clock.now)
    output = clinic.test_cli_runner().invoke(args=["staff", "reset", email_of(id)]).output
    made = re.search(r"Password: (\S+)", output)[1]
    assert is_in(signed_in(clinic, id, made))


# Passwords


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple " * 2 + "and then some!",
        LONG[:100],
        " a leading blank counts",
        "🐘🦒🐢🦜🐙🦔🐝🦩🐋🦥",
        "密码是一句很长的话不容易猜到",
    ],
    ids=["72", "100", "blank", "emoji", "chinese"],
)
def test_a_password_is_taken_as_it_was_typed(clinic, password):
    id = account()
    assert changed_password(signed_in(clinic, id), new=password).status_code == 303
    assert attempt(clinic.test_client(), email_of(id), password).status_code == 303
    assert attempt(clinic.test_client(), email_of(id), password[:-1]).status_code == 422
    assert attempt(clinic.test_client(), email_of(id), password.strip() + "!").status_code == 422


def test_all_of_128_characters_count(clinic):
    id, password = account(), LONG
    assert len(password) == 128
    assert changed_password(signed_in(clinic, id), new=password).status_code == 303
    assert attempt(clinic.test_client(), email_of(id), password[:-1] + "!").status_code == 422
    assert attempt(clinic.test_client(), email_of(id), password).status_code == 303


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("x" * 129, "128"),
        ("x9 " * 333, "128"),
        ("short", "at least 10 characters"),
        ("password123", "guess"),
        ("qwertyuiop", "guess"),
        ("1234567890", "guess"),
        ("iloveyou123", "guess"),
        ("praxisampark", "guess"),
        ("Praxis am Park", "guess"),
        ("owner@praxis.example", "guess"),
    ],
)
def test_a_password_that_is_guessed_is_refused_with_the_reason(clinic, password, said):
    visitor = signed_in(clinic, account())
    answer = changed_password(visitor, new=password)
    assert answer.status_code == 422
    assert said in answer.text


def test_two_that_differ_are_not_taken(clinic):
    visitor = signed_in(clinic, account())
    answer = visitor.post("/desk/account/password", data={"old": PASSWORD, "password": NEW, "again": NEW + "x"})
    assert answer.status_code == 422
    assert "The two passwords differ." in answer.text


def test_a_crowd_that_signs_in_at_once_hashes_two_at_a_time(monkeypatch):
    import threading

    at_once, most, lock = 0, 0, threading.Lock()

    class Slow:
        def hash(self, _password):
            nonlocal at_once, most
            with lock:
                at_once += 1
                most = max(most, at_once)
            time.sleep(0.01)
            with lock:
                at_once -= 1
            return ""

    monkeypatch.setattr(passwords, "hasher", Slow())
    threads = [threading.Thread(target=passwords.kept, args=("x",)) for _ in range(16)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert most == 2


def test_a_hash_of_older_parameters_is_renewed_at_the_next_sign_in(clinic, monkeypatch):
    from argon2 import PasswordHasher

    id = account()
    before = db.session.get(Staff, id).password_hash
    monkeypatch.setattr(passwords, "hasher", PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    assert is_in(signed_in(clinic, id))
    db.session.expire_all()
    assert db.session.get(Staff, id).password_hash != before
    assert is_in(signed_in(clinic, id))


def test_a_diary_that_follows_what_others_do_is_nobody_at_the_desk(clinic, clock):
    manager = signed_in(clinic, account("manager"))
    for _ in range(3):
        clock.tick(minutes=14)
        last = manager.get("/desk/diary/version", headers={"X-Part": "version"})
    assert last.status_code == 401


def test_guessing_from_everywhere_stops_and_holds_up_nobody_on_a_device_of_hers(limited, clock):
    owner = email_of(account())
    own, thief = limited.test_client(), limited.test_client()
    assert attempt(own, owner, PASSWORD).status_code == 303
    answers = [attempt(thief, owner, "wrong", address=f"198.51.100.{n}").status_code for n in range(31)]
    assert answers == [422] * 30 + [429]
    assert attempt(thief, owner, PASSWORD, address="198.51.100.77").status_code == 429
    assert attempt(own, owner, PASSWORD, address="198.51.100.78").status_code == 303
    # A mailbox without an account is answered alike, and a mark of another account helps nobody.
    other = email_of(account("manager"))
    assert attempt(own, other, "wrong", address="198.51.100.79").status_code == 422
    assert [attempt(own, "none@praxis.example", "x", address=f"203.0.113.{n}").status_code for n in range(31)][
        -1
    ] == 429


def test_many_wrong_passwords_are_told_to_the_person_and_the_house_once(clinic, clock):
    boss, id = account(), account("staff", email="elif@praxis.example", name="Elif Y.")
    thief = clinic.test_client()
    for _ in range(19):
        attempt(thief, email_of(id), "wrong")
    assert sent(clinic, email_of(id)) == []
    for _ in range(5):
        attempt(thief, email_of(id), "wrong")
    assert [subject for subject, _ in sent(clinic, email_of(id))] == ["Somebody guesses at your password"]
    assert "Many wrong passwords for Elif Y. since yesterday." in signed_in(clinic, boss).get("/desk/").text
    assert "guesses" not in signed_in(clinic, id).get("/desk/").text
    clock.tick(hours=25)
    for _ in range(21):
        attempt(thief, email_of(id), "wrong")
    assert len(sent(clinic, email_of(id))) == 2
