"""Somebody at the desk who is led by its words alone, in her language, and looks at what she gets to."""

from __future__ import annotations

import re
from typing import Any

from axe_playwright_python.sync_playwright import Axe

from tests.browser.test_diary import OUTSIDE
from tests.browser.test_portal import SIDEWAYS
from tests.support.staff import PASSWORD
from wire.wording import wording

PLACE = re.compile(r"%\((\w+)\)s")


class Walker:
    """A browser in which this role is signed in, or nobody. Every text is given in English and looked for in ``locale``; a place in
    it that is not filled stands for anything."""

    def __init__(self, page: Any, url: str, role: str | None, locale: str) -> None:
        self.page, self.url, self.role = page, url, role
        self.say = wording(locale.partition("-")[0])
        if role is not None:
            page.goto(f"{url}/desk/sign-in")
            self.signs_in(f"{role}@praxis.example", PASSWORD)
            page.wait_for_url(re.compile(r"/desk/$"))

    def signs_in(self, mailbox: str, password: str) -> None:
        """Fills in the page that asks who she is, and sends it."""
        self.write("E-mail", mailbox)
        self.write("Password", password)
        self.press("Sign in", role="button")

    def words(self, text: str, **filled: str) -> re.Pattern[str]:
        """What finds a text in her language, whole; a place that is filled at least begins so."""
        parts = re.split(PLACE, self.say.gettext(text))
        found = [re.escape(parts[0].rstrip())]
        for name, after in zip(parts[1::2], parts[2::2], strict=True):
            found += [re.escape(filled.get(name, "")) + ".*", re.escape(after.strip())]
        return re.compile(r"^\s*" + r"\s*".join(found) + r"\s*$")

    def offered(self, text: str, *, within: Any = None, role: str | None = None, **filled: str) -> Any:
        """The links and buttons of these words that can be seen."""
        where, name = within or self.page, self.words(text, **filled)
        button, link = where.get_by_role("button", name=name), where.get_by_role("link", name=name)
        return {"button": button, "link": link, None: button.or_(link)}[role]

    def press(self, text: str, *, within: Any = None, role: str | None = None, **filled: str) -> None:
        """A link or a button of these words."""
        self.offered(text, within=within, role=role, **filled).first.click()

    def unfold(self, text: str) -> None:
        """What stands folded under these words, or has them for its name."""
        summary, said = self.page.locator("summary:visible"), self.say.gettext(text)
        summary.filter(has_text=said).or_(summary.and_(self.page.get_by_label(said))).first.click()

    def write(self, text: str, typed: str, **filled: str) -> None:
        """A field under these words."""
        name = re.compile(r"^\s*" + re.escape(self.say.gettext(text, **filled)) + r"(\s|$)")
        self.page.get_by_label(name).filter(visible=True).last.fill(typed)

    def reads(self, text: str, **filled: str) -> None:
        """Waits until these words can be seen."""
        self.page.get_by_text(self.words(text, **filled)).filter(visible=True).first.wait_for()

    def goes(self, room: str) -> None:
        """To a room by what leads there, on a phone by way of More."""
        name = re.compile(rf"^\s*{re.escape(self.say.gettext(room))}\s*\d*\s*$")
        if not self.page.get_by_role("link", name=name).filter(visible=True).count():
            self.press("More")
            self.page.wait_for_url("**/desk/more")
        self.page.get_by_role("link", name=name).filter(visible=True).first.click()
        self.page.get_by_role("heading", level=1).first.wait_for()

    def leads(self, room: str) -> bool:
        """True when a room is named among those that lead somewhere from More."""
        self.page.goto(f"{self.url}/desk/more")
        return self.page.get_by_role("link", name=self.say.gettext(room)).count() > 0

    def seen(self, state: str) -> None:
        """Nothing here is cut, out of reach or a barrier that a machine can find."""
        assert self.page.evaluate(SIDEWAYS) <= 0, f"{state} scrolls sideways"
        assert not self.page.evaluate(OUTSIDE), f"{state}: {self.page.evaluate(OUTSIDE)}"
        found = Axe().run(self.page).response["violations"]
        assert not found, f"{state}: " + "; ".join(f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found)
