"""Which language a page speaks."""

from __future__ import annotations

import pytest


@pytest.fixture
def clinic(load_business, client):
    load_business("clinic")
    return client


@pytest.fixture
def studio(load_business, client):
    load_business("studio")
    return client


def language(answer):
    return answer.text.split('<html lang="')[1].split('"')[0]


@pytest.mark.parametrize(
    ("wish", "spoken"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("zh-Hans-CN", "zh-CN"),
        ("zh-TW", "zh-CN"),
        ("en-GB,en;q=0.9", "en"),
        ("de-DE,de;q=0.9,en;q=0.3", "en"),
        ("en-US;q=0.4, zh;q=0.9", "zh-CN"),
        ("*", "en"),
        ("", "en"),
        ("xx-\x00;q=nonsense", "en"),
    ],
)
def test_the_browser_says_its_wish(clinic, wish, spoken):
    assert language(clinic.get("/", headers={"Accept-Language": wish.replace("\x00", "")})) == spoken


def test_a_browser_of_a_third_language_gets_that_of_the_house(studio):
    assert language(studio.get("/", headers={"Accept-Language": "de"})) == "zh-CN"


def test_a_language_chosen_by_hand_stays(clinic):
    assert language(clinic.get("/?lang=zh", headers={"Accept-Language": "en"})) == "zh-CN"
    assert language(clinic.get("/find", headers={"Accept-Language": "en"})) == "zh-CN"
    assert language(clinic.get("/?lang=en")) == "en"


def test_a_language_that_is_not_offered_is_passed_over(clinic):
    answer = clinic.get("/?lang=xx")
    assert language(answer) == "en"
    assert not [each for each in answer.headers.getlist("Set-Cookie") if each.startswith("lang=")]


def test_the_other_language_names_itself_and_keeps_the_page(clinic):
    page = clinic.get("/book/check-up?day=2026-12-03&with=dr-yilmaz").text
    assert "中文" in page
    assert "/book/check-up?day=2026-12-03&amp;with=dr-yilmaz&amp;lang=zh" in page


def test_every_word_of_the_pages_passes_through_the_wording(clinic, app):
    """With the pseudo language, whatever stands outside the brackets was not made to be translated."""
    from bs4 import BeautifulSoup

    app.config["PSEUDO_LOCALE"] = True
    own = (
        "Praxis am Park",
        "Parkstraße",
        "General check-up",
        "Blood pressure",
        "Ultrasound",
        "Please come",
        "Dr. ",
        "030",
    )
    try:
        for path in ("/", "/book/check-up", "/find", "/accessibility", "/nothing", "/book/ultrasound"):
            page = BeautifulSoup(clinic.get(f"{path}?lang=xx").data, "html.parser")
            for each in page.find_all(["script", "style", "option"]):
                each.decompose()
            assert page.body is not None
            bare = [str(text).strip() for text in page.body.find_all(string=lambda text: any(map(str.isalpha, text)))]
            left = [text for text in bare if "⟦" not in text and not text.startswith(own) and len(text) > 2]
            assert not [text for text in left if text not in ("English", "中文")], f"{path}: {left}"
    finally:
        app.config["PSEUDO_LOCALE"] = False
