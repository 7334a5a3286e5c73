"""Services at the desk: read, edited in tabs, shown before they are saved, put back."""

from __future__ import annotations

import io
import re
import zlib
from datetime import timedelta
from html import unescape

import pytest
from PIL import Image

from actions import catalogue as editing
from actions import confirm, offers, uploads
from actions.catalogue_entries import version_of
from actions.catalogue_versions import versions
from models.base import db
from models.snapshot import catalogue
from tests.actions.test_catalogue import OWNER
from tests.factories import HANNAH, TOM, booked, free, held
from tests.support.staff import account, signed_in
from tests.support.web import token_in

WHERE = "/desk/services/check-up"
# What is only read from a form does not depend on the database.
one_database = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def clinic(load_business, app, clock):
    load_business("clinic")
    app.manager = signed_in(app, account("manager", now=clock.now))
    return app


def entry(slug="check-up"):
    return editing.entry(db.session(), "service", slug)


def fields(html):
    """What a browser would send of the form as it came, nothing changed."""
    page = html[html.index('<form method="post" novalidate id="service"') :]
    page = page[: page.index("</form>")]
    found: dict[str, list[str]] = {}
    for tag in re.findall(r"<input [^>]*>", page):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        off = attributes.get("type") in ("checkbox", "radio") and not re.search(r" checked\b", tag)
        if "name" in attributes and not off:
            found.setdefault(attributes["name"], []).append(unescape(attributes.get("value", "")))
    for name, inner in re.findall(r'<select[^>]* name="([^"]*)"[^>]*>(.*?)</select>', page, re.S):
        options = re.findall(r'<option value="([^"]*)"( selected)?', inner)
        chosen = [value for value, selected in options if selected] or [value for value, _ in options[:1]]
        found.setdefault(name, []).extend(map(unescape, chosen))
    for name, inner in re.findall(r'<textarea[^>]* name="([^"]*)"[^>]*>(.*?)</textarea>', page, re.S):
        found.setdefault(name, []).append(unescape(inner))
    return found


def sent(app, tab, slug="check-up", do="save", **changes):
    where = f"/desk/services/{slug}/{tab}"
    form = fields(app.manager.get(where).text)
    form.update({name.replace("__", "."): value for name, value in changes.items()})
    return app.manager.post(where if do == "save" else f"{where}/preview", data=form)


@one_database
@pytest.mark.parametrize("slug", ["check-up", "ultrasound"])
@pytest.mark.parametrize("tab", ["read", "time", "needs", "rules", "questions"])
def test_a_form_that_is_sent_as_it_came_changes_nothing(clinic, tab, slug):
    before = entry(slug)
    answer = sent(clinic, tab, slug)
    assert answer.status_code == 303, answer.text
    assert entry(slug) == before
    assert versions(db.session(), "service", slug) == []


def test_everything_that_a_form_has_can_be_changed(clinic):
    sent(
        clinic,
        "read",
        name__en="Big check-up",
        name__zh="大体检",
        who="link",
        place="online",
        online_link="https://a.example",
    )
    sent(
        clinic,
        "time",
        length__0="1",
        **{"length.0.unit": "60", "price": "70,50", "hours-mon": "09:00-12:00，14:00-16:00"},
    )
    rules = {"cancel_until.mode": "by_day", "cancel_until.time": "18:00", "cancel_until.days": "1"}
    rules |= {
        "reschedule_until.mode": "same_day",
        "reminders.rows": "1",
        "reminders.0": "2",
        "reminders.0.unit": "1440",
    }
    sent(clinic, "rules", approval="by", decide_within="1", **{"decide_within.unit": "1440"}, **rules)
    found = entry()
    assert found["name"] == {"en": "Big check-up", "zh": "大体检", "de": "Vorsorge"}
    assert (found["who"], found["online_link"], found["duration"]) == ("link", "https://a.example", 60)
    assert (found["price"], found["hours"]["mon"]) == ("70.50", ["09:00-12:00", "14:00-16:00"])
    assert found["cancel_until"] == {"days_before": 1, "time": "18:00"}
    assert found["reschedule_until"] == {"days_before": 1}
    assert (found["approval"], found["reminders"]) == ({"by": "manager", "decide_within": 1440}, [2880])
    assert catalogue(db.session()).services["check-up"].cancel_until == {"days_before": 1, "time": "18:00"}


def test_hours_for_a_time_are_typed_shown_again_offered_and_told(clinic):
    autumn = {"hours-thu": "14-17", "hours--0-from": "2026-12-03", "hours--0-until": "2026-12-31"}
    empty = sent(clinic, "time", **{**autumn, "hours-thu": ""})
    assert empty.status_code == 422 and 'id="hours--0-from-error"' in empty.text
    assert fields(empty.text)["hours--0-from"] == ["2026-12-03"]
    shown = sent(clinic, "time", do="preview", **autumn)
    assert "Thu 3 Dec, 14:00" in shown.text and "Thu 3 Dec, 17:00" not in shown.text
    assert sent(clinic, "time", **autumn).status_code == 303
    weeks = [{"from": "2026-12-03", "until": "2026-12-31", "thu": ["14:00-17:00"]}]
    assert entry()["hours"] == weeks
    assert sent(clinic, "time", **{"hours--1-from": "2027-01-04", "hours--1-mon": "9-10"}).status_code == 303
    weeks.append({"from": "2027-01-04", "mon": ["09:00-10:00"]})
    assert entry()["hours"] == weeks
    odd = sent(clinic, "time", **{"hours--1-mon": "early"})
    assert 'id="hours--1-mon-error"' in odd.text and 'href="#at-hours"' in odd.text
    assert sent(clinic, "time").status_code == 303 and entry()["hours"] == weeks
    told = clinic.manager.get(f"{WHERE}/versions").text
    assert "from 3 Dec 2026 until 31 Dec 2026, Thu 14:00-17:00 · from 4 Jan 2027 on, Mon 09:00-10:00" in told


@one_database
def test_more_weeks_than_a_form_has_stay(clinic, clock):
    weeks = [
        {"from": f"2027-{month:02}-01", "until": f"2027-{month:02}-20", "mon": ["09:00-10:00"]}
        for month in range(1, 12)
    ]
    editing.save("service", "check-up", entry() | {"hours": weeks}, by=OWNER, now=clock.now)
    assert sent(clinic, "time", **{"hours-mon": "9-11"}).status_code == 303
    assert entry()["hours"] == [{**weeks[0], "mon": ["09:00-11:00"]}, *weeks[1:]]


@one_database
def test_what_cannot_be_used_comes_back_as_it_was_typed_with_its_sentence(clinic):
    answer = sent(clinic, "time", length__0="soon", buffer_after="-3")
    assert answer.status_code == 422
    assert fields(answer.text)["length.0"] == ["soon"]
    assert answer.text.count('class="error"') == 2
    assert "A length in minutes or days is needed." in answer.text


def test_who_saves_a_page_that_is_old_is_told_and_keeps_her_words(clinic):
    form = fields(clinic.manager.get(f"{WHERE}/read").text)
    sent(clinic, "read", name__en="Meanwhile")
    answer = clinic.manager.post(f"{WHERE}/read", data=form | {"name.en": "Mine"})
    assert answer.status_code == 409
    assert fields(answer.text)["name.en"] == ["Mine"]
    assert catalogue(db.session()).services["check-up"].name != "Mine"


class TestQuestions:
    def test_one_more_is_asked_under_a_condition_and_versions_tell(self, clinic, clock):
        form = fields(clinic.manager.get(f"{WHERE}/questions").text)
        n = str(len(form.get("row", [])))
        first = clinic.manager.post(f"{WHERE}/questions", data=form | {"do": "add", "new_type": "yes_no"})
        form = fields(first.text) | {f"q.{n}.label.en": "Fasting?", f"q.{n}.label.zh": "空腹吗？"}
        second = clinic.manager.post(f"{WHERE}/questions", data=form | {"do": "add", "new_type": "rating"})
        m = str(int(n) + 1)
        key = fields(second.text)[f"q.{n}.key"][0]
        form = fields(second.text) | {f"q.{m}.label.en": "How bad is it?", f"q.{m}.max": "4"}
        form |= {f"q.{m}.if.0": key, f"q.{m}.if.0.op": "eq", f"q.{m}.if.0.value": "yes", "do": ""}
        assert "questions" not in entry()
        shown = clinic.manager.post(f"{WHERE}/questions/preview", data=form | {"shown_in": "zh"})
        assert (shown.status_code, "空腹吗？" in shown.text, "data-if=" in shown.text) == (200, True, True)
        assert clinic.manager.post(f"{WHERE}/questions", data=form).status_code == 303
        asked = entry()["questions"][-2:]
        assert asked[0] | {"key": ""} == {"key": "", "type": "yes_no", "label": {"en": "Fasting?", "zh": "空腹吗？"}}
        assert (asked[1]["max"], asked[1]["show_if"]) == (4, {"field": key, "op": "eq", "value": True})
        page = clinic.manager.get(f"{WHERE}/questions").text
        assert "How bad is it?" in page[page.index("Not in every language yet") :][:800]
        told = clinic.manager.get(f"{WHERE}/versions").text
        assert "by Manager" in told and "Fasting?" in told

    @one_database
    def test_what_is_unfinished_is_shown_as_it_was_saved_and_named_where_it_lacks(self, clinic):
        where = "/desk/services/ultrasound/questions"
        form = fields(clinic.manager.get(where).text)
        n = len(form["row"])
        added = clinic.manager.post(where, data=form | {"do": "add", "new_type": "yes_no"})
        form = fields(added.text) | {"do": ""}
        why = clinic.manager.post(f"{where}/preview", data=form)
        assert why.status_code == 422
        assert "This is needed." in why.text
        saved = clinic.manager.post(f"{where}/preview", data=form | {"as_saved": "1"})
        assert saved.status_code == 422
        assert 'id="details"' in saved.text, "the page as it is saved"
        refused = clinic.manager.post(where, data=form)
        assert refused.status_code == 422
        assert f"Question {n + 1}: This is needed." in refused.text
        chinese = clinic.manager.post(where, data=form, headers={"Accept-Language": "zh-CN"})
        assert f"第 {n + 1} 个问题：这一项需要填写。" in chinese.text

    @one_database
    def test_rows_are_moved_and_taken_away_without_a_script(self, clinic):
        form = fields(clinic.manager.get("/desk/services/ultrasound/questions").text)
        more = clinic.manager.post("/desk/services/ultrasound/questions", data=form | {"do": "add"})
        form = fields(more.text) | {"q.2.label.en": "Third"}
        moved = clinic.manager.post("/desk/services/ultrasound/questions", data=form | {"do": "up-2"})
        assert fields(moved.text)["q.1.label.en"] == ["Third"]
        dropped = clinic.manager.post("/desk/services/ultrasound/questions", data=fields(moved.text) | {"do": "drop-1"})
        assert fields(dropped.text)["row"] == ["0", "1"]

    def test_answers_stay_readable_when_their_question_is_gone(self, clinic, clock):
        made = booked("ultrasound", clock.now, customer=HANNAH, answers={"referral": False}).booking
        form = fields(clinic.manager.get("/desk/services/ultrasound/questions").text)
        del form["row"]
        assert clinic.manager.post("/desk/services/ultrasound/questions", data=form).status_code == 303
        assert "questions" not in entry("ultrasound")
        assert "referral" in clinic.manager.get(f"/desk/b/{made.reference}").text.lower()


class TestWhatItWouldHit:
    @pytest.fixture
    def packed(self, clinic, clock):
        """Two visits of half an hour with one doctor, one after the other."""
        slots = free("check-up", clock.now, resources=["dr-braun"])
        start = next(each.start for each in slots if any(other.start == each.end for other in slots))
        first = booked("check-up", clock.now, start=start, customer=HANNAH, resources=["dr-braun"]).booking
        booked("check-up", clock.now, start=first.end + self.tidying(), customer=TOM, resources=["dr-braun"])
        return first

    @staticmethod
    def tidying():
        return timedelta(minutes=catalogue(db.session()).services["check-up"].buffer_after)

    def test_a_longer_visit_lists_those_that_have_no_room_and_is_saved_on_demand(self, clinic, packed):
        longer = str(catalogue(db.session()).services["check-up"].lengths[0].minutes + 20)
        answer = sent(clinic, "time", length__0=longer)
        assert answer.status_code == 409
        assert packed.reference in answer.text and "would not fit any more" in answer.text
        assert str(entry()["duration"]) != longer
        assert sent(clinic, "time", length__0=longer, keep="1").status_code == 303
        assert str(entry()["duration"]) == longer

    def test_an_earlier_version_lists_them_too_and_is_put_back_on_demand(self, clinic, clock):
        assert sent(clinic, "time", length__0="20").status_code == 303
        slots = free("check-up", clock.now, resources=["dr-braun"])
        start = next(each.start for each in slots if any(other.start == each.end + self.tidying() for other in slots))
        first = booked("check-up", clock.now, start=start, customer=HANNAH, resources=["dr-braun"]).booking
        booked("check-up", clock.now, start=first.end + self.tidying(), customer=TOM, resources=["dr-braun"])
        back = f"{WHERE}/versions/{versions(db.session(), 'service', 'check-up')[0].id}"
        answer = clinic.manager.post(back)
        assert answer.status_code == 409 and first.reference in answer.text
        assert entry()["duration"] == 20
        assert clinic.manager.post(back, data={"keep": "1"}).status_code == 303
        assert entry()["duration"] == 30

    @one_database
    def test_words_hit_nothing(self, clinic, packed, clock):
        known = catalogue(db.session())
        assert offers.outgrown(db.session(), known, known, "check-up", now=clock.now) == []


@one_database
class TestPreview:
    def test_nothing_is_saved_and_nothing_is_kept_for_customers(self, clinic, clock):
        before, page = entry(), clinic.test_client().get("/book/check-up").text
        for tab in ("read", "time", "needs", "rules", "questions"):
            assert sent(clinic, tab, do="preview").status_code == 200, tab
        assert sent(clinic, "time", do="preview", **{"hours-mon": "03:00-03:30"}, slot_step="7").status_code == 200
        assert entry() == before
        assert re.sub(r'"csrf_token" value="[^"]*"', "", clinic.test_client().get("/book/check-up").text) == re.sub(
            r'"csrf_token" value="[^"]*"', "", page
        )

    def test_what_cannot_be_shown_says_why(self, clinic):
        answer = sent(clinic, "time", do="preview", length__0="soon")
        assert answer.status_code == 422
        assert "A length in minutes or days is needed." in answer.text


class TestVersions:
    def test_an_earlier_one_is_put_back_as_a_version_of_its_own(self, clinic):
        before = entry()
        sent(clinic, "read", name__en="Other")
        last = versions(db.session(), "service", "check-up")[0]
        answer = clinic.manager.post(f"{WHERE}/versions/{last.id}")
        assert answer.status_code == 303
        assert entry() == before
        assert [each.action for each in versions(db.session(), "service", "check-up")] == ["edited", "edited"]
        assert clinic.manager.post(f"{WHERE}/versions/999999").status_code == 409


class TestTheList:
    def test_the_order_is_that_of_the_portal_and_a_second_tap_changes_nothing(self, clinic):
        slugs = list(catalogue(db.session()).services)
        for _ in range(2):
            clinic.manager.post("/desk/services/order", data={"slug": slugs[::-1]}, headers={"X-Part": "order"})
        assert list(catalogue(db.session()).services) == slugs[::-1]
        clinic.manager.post("/desk/services/order", data={"slug": slugs[::-1], "move": f"up {slugs[0]}"})
        assert list(catalogue(db.session()).services)[-2] == slugs[0]

    @one_database
    def test_a_copy_is_seen_by_the_desk_only(self, clinic):
        answer = clinic.manager.post(f"{WHERE}/copy")
        slug = answer.headers["Location"].split("/")[-2]
        made, like = entry(slug), entry()
        assert made["who"] == "staff"
        assert {**made, "slug": "", "name": "", "who": ""} == {**like, "slug": "", "name": "", "who": ""}

    def test_what_is_booked_ahead_is_not_taken_out_and_its_visits_are_listed(self, clinic, clock):
        made = booked("check-up", clock.now, customer=HANNAH).booking
        answer = clinic.manager.post(f"{WHERE}/retire")
        assert answer.status_code == 409 and made.reference in answer.text
        assert clinic.manager.post("/desk/services/ultrasound/retire").status_code == 303
        assert "ultrasound" not in catalogue(db.session()).services
        assert clinic.manager.post("/desk/services/ultrasound/revive").status_code == 303
        assert "ultrasound" in catalogue(db.session()).services

    @one_database
    def test_a_new_one_needs_a_name_and_a_length(self, clinic):
        odd = clinic.manager.post("/desk/services/new", data={"duration": "x", "kind": "staff"})
        assert odd.status_code == 422 and odd.text.count('class="error"') == 2
        made = clinic.manager.post("/desk/services/new", data={"name.en": "Talk", "duration": "20", "kind": "staff"})
        assert made.headers["Location"].endswith("/desk/services/talk/read")
        assert entry("talk")["who"] == "staff"


@one_database
class TestPictures:
    @staticmethod
    def photo(size=(40, 30), kind="JPEG"):
        out, exif = io.BytesIO(), Image.Exif()
        exif[0x010E] = "taken at home"
        Image.new("RGB", size, "red").save(out, kind, exif=exif)
        return out.getvalue()

    def give(self, app, data, name="photo.jpg"):
        page = app.manager.get(f"{WHERE}/read").text
        head = 'Content-Disposition: form-data; name="'
        parts = [f'{head}csrf_token"\r\n\r\n{token_in(page)}'.encode()]
        parts.append(f'{head}picture"; filename="{name}"\r\n\r\n'.encode() + data)
        body = b"".join(b"--x\r\n" + part + b"\r\n" for part in parts) + b"--x--\r\n"
        return app.manager.post(f"{WHERE}/picture", data=body, content_type="multipart/form-data; boundary=x")

    def test_it_is_kept_under_a_name_of_our_own_without_what_is_hidden_in_it(self, clinic):
        folder = clinic.config["SETTINGS"].pictures
        assert self.give(clinic, self.photo(), "../../\u202egpj.exe" + "x" * 300).status_code == 303
        name = entry()["picture"]
        assert re.fullmatch(r"[0-9a-f]{24}\.jpg", name)
        assert b"taken at home" not in (folder / name).read_bytes()
        with clinic.test_client().get(f"/picture/{name}") as answer:
            assert answer.status_code == 200
        clinic.manager.post(f"{WHERE}/picture", data={"drop": "1"})
        assert "picture" not in entry()

    def test_it_may_be_larger_than_any_form_but_not_too_large(self, clinic):
        noise = Image.effect_noise((1400, 1400), 90).convert("RGB")
        out = io.BytesIO()
        noise.save(out, "PNG")
        assert len(out.getvalue()) > 1_000_000
        self.give(clinic, out.getvalue())
        assert entry()["picture"].endswith(".png")
        answer = self.give(clinic, bytes(25_000_000))
        assert (answer.status_code, entry()["picture"].endswith(".png")) == (303, True)
        assert "at most 10 MB" in clinic.manager.get(answer.headers["Location"]).text

    @pytest.mark.parametrize(
        ("data", "said"),
        [
            (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "not a JPEG"),
            (b"GIF89a/*<svg/onload=alert(1)>*/=1;", "not a JPEG"),
            (b"\xff\xd8\xff not a photo", "not a JPEG"),
            (b"", "needed"),
        ],
    )
    def test_what_is_no_picture_is_refused(self, clinic, data, said):
        self.give(clinic, data)
        assert "picture" not in entry()
        assert said in clinic.manager.get(f"{WHERE}/read").text

    def test_it_is_refused_by_its_pixels_before_it_is_unpacked(self, clinic):
        large = bytearray(self.photo(kind="PNG"))
        large[16:24] = (50_000).to_bytes(4, "big") * 2
        large[29:33] = zlib.crc32(bytes(large[12:29])).to_bytes(4, "big")
        self.give(clinic, bytes(large))
        assert "too many pixels" in clinic.manager.get(f"{WHERE}/read").text

    def test_a_day_has_so_many_of_one_person(self, clinic, monkeypatch):
        monkeypatch.setattr(uploads, "MOST", 1)
        self.give(clinic, self.photo())
        first = entry()["picture"]
        self.give(clinic, self.photo(size=(50, 50)))
        assert entry()["picture"] == first


def test_a_booking_is_made_by_the_old_rule_or_the_new_one_never_by_a_mix(clinic, clock):
    """Held by the rules of then: what was shown is what is stored, whatever is saved meanwhile."""
    mine = held("check-up", clock.now)
    old = entry()
    sent(clinic, "time", length__0="50", price="99")
    made = confirm.confirm(hold=mine.secret, customer=HANNAH, answers={}, locale="en", now=clock.now).booking
    assert made.end - made.start == timedelta(minutes=old["duration"])
    assert made.terms["price_minor"] == mine.terms["price_minor"]
    fresh = booked("check-up", clock.now, customer=TOM).booking
    assert (fresh.terms["minutes"], fresh.terms["price_minor"]) == (50, 9900)
    assert version_of(entry()) != version_of(old)
