"""What is written in another script than the page says which language it is."""

from __future__ import annotations

import pytest

from web.markup import tongue
from wire.wording import wording

ENGLISH, CHINESE, HOME = wording("en", "en"), wording("zh", "de"), wording("zh", "zh")


def zh(text):
    return f'<span lang="zh-CN">{text}</span>'


@pytest.mark.parametrize(
    ("words", "text", "marked"),
    [
        (ENGLISH, "General check-up", "General check-up"),
        (ENGLISH, "公园诊所", zh("公园诊所")),
        (ENGLISH, "Dr. 李雷 and 王小明, 2nd floor", f"Dr. {zh('李雷')} and {zh('王小明')}, 2nd floor"),
        (ENGLISH, "请空腹前来。 谢谢!", f"{zh('请空腹前来。 谢谢')}!"),
        (ENGLISH, "<b>李</b>", f"&lt;b&gt;{zh('李')}&lt;/b&gt;"),
        (ENGLISH, "", ""),
        (CHINESE, "Dr. Elif Yılmaz", '<span lang="de">Dr. Elif Yılmaz</span>'),
        (CHINESE, "公园 A 诊所", "公园 A 诊所"),
        (CHINESE, "+49 30 1234", "+49 30 1234"),
        (HOME, "<Room>", '<span lang="en">&lt;Room&gt;</span>'),
    ],
)
def test_a_run_of_the_other_script_names_its_language(words, text, marked):
    assert str(tongue(text, words)) == marked


def test_pages_name_the_language_of_what_is_not_theirs(load_business, client):
    load_business("clinic")
    page = client.get("/book/check-up", headers={"Accept-Language": "zh-CN"}).text
    assert '<span lang="en">Dr. Elif Yılmaz</span>' in page
    assert '<span lang="en">Praxis am Park</span>' in page
