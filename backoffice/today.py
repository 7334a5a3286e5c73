"""What needs somebody now: late arrivals, requests, messages that failed, a worker that sleeps; and who comes next."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import redirect, render_template, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

import clock
from backoffice import access, desk
from backoffice.access import SIGNED_IN, door
from backoffice.strip import strip
from backoffice.waiting import deadlines
from backoffice.words import Card, cards
from models import desk_queries, sending, staff_queries
from models.base import db
from models.bookings import BookingView
from models.message_queries import to_send_again, worker_sleeps
from models.snapshot import catalogue
from rules.rights import Viewer
from web.locale import here, words
from wire.wording import n_

AHEAD = timedelta(hours=3)
# How many cards of a kind are shown, how many visits still to come, how many that are over, and how long the house is asked
# about them.
MOST, LISTED, MANY, ASKED = 20, 8, 100, timedelta(days=7)
WHY = {
    "phone": n_("The number takes no texts or is not in service."),
    "mail": n_("The mailbox does not take it."),
}


@desk.get("/")
@door(SIGNED_IN)
def today() -> AnyResponse | str:
    """The page; the first hour for who sets the house up, as long as nothing can be booked."""
    if access.viewer().may("business.write") and not catalogue(db.session()).services:
        return redirect(url_for("desk.start"), 303)
    now = clock.now()
    zone = ZoneInfo(here())
    local = now.astimezone(zone)
    begin, end = (datetime.combine(day, time(), zone) for day in (local.date(), local.date() + timedelta(days=1)))
    viewer, session = access.viewer(), db.session()
    views = desk_queries.between(session, viewer, since=begin, until=end, statuses=_SHOWN)
    day = [view for view in views if begin <= view.start.astimezone(zone)]
    mine = [view for view in views if access.reaches("booking.change", view)]
    late = [view for view in mine if view.status == "confirmed" and view.start <= now < view.end]
    asked = desk_queries.requests(session, viewer, now) if viewer.may("booking.decide") else []
    until = deadlines(asked)
    asked.sort(key=lambda each: until[each.id])
    failed = desk_queries.failed_messages(session, viewer, now) if viewer.may("message.send") else []
    coming = [view for view in mine if view.status == "confirmed" and now < view.start <= now + AHEAD]
    arrived = [view for view in mine if view.status == "arrived"]
    ahead = [view for view in day if view.status in ("confirmed", "requested") and view.start > now]
    later = [view for view in ahead if view.status == "confirmed"]
    return render_template(
        "backoffice/today.html",
        greeting=_greeting(local),
        title=words().date(local.date(), "long"),
        late=cards(late[:MOST], now),
        over=cards(_over(viewer, now), now),
        asked=[(each, _due(each, until[each.view.id], now)) for each in cards(asked[:MOST], now)],
        failed=[
            (message, card) for (message, _), card in zip(failed, cards([view for _, view in failed], now), strict=True)
        ],
        again={each.id for each in to_send_again(session, {view.id for _, view in failed}, now)} if failed else set(),
        why=WHY,
        guessed=_guessed(viewer, now),
        sleeps=_looks_after(viewer) and worker_sleeps(session, now),
        paused=_paused(now, zone) if _looks_after(viewer) else "",
        coming=cards(coming[:MOST], now),
        here=cards(arrived[:MOST], now),
        more={"late": late[MOST:], "asked": asked[MOST:], "coming": coming[MOST:], "here": arrived[MOST:]},
        ahead=cards(ahead[:LISTED], now),
        all_ahead=len(ahead),
        of_day=url_for("desk.diary", view="day", day=local.date().isoformat()),
        zone=zone.key,
        following=_following(cards(later[:1], now), coming),
        count=len(day),
        tally=_tally(day, now),
        strip=Markup(strip(day, begin, end, now)),  # noqa: S704  figures only
    )


_SHOWN = ("requested", "confirmed", "arrived", "completed", "no_show")


def _looks_after(viewer: Viewer) -> bool:
    return viewer.role in ("owner", "manager", "front_desk")


def _guessed(viewer: Viewer, now: datetime) -> str:
    """Whose password somebody guesses at since yesterday, for who looks after accounts."""
    names = staff_queries.guessed(db.session(), since=now - timedelta(days=1)) if viewer.may("staff.manage") else []
    if not names:
        return ""
    return words().gettext(
        "Many wrong passwords for %(names)s since yesterday. Nobody got in by that, and the person has a mail about it.",
        names=words().listed(names),
    )


def _paused(now: datetime, zone: ZoneInfo) -> str:
    """What a restored house would send, as long as it waits; "" otherwise."""
    stop, say = sending.paused(db.session()), words()
    if stop is None:
        return ""
    when = say.day_and_time(stop.backup.astimezone(zone), today=now.astimezone(zone).date())
    count = sum(sending.waiting(db.session(), now).values())
    return say.ngettext(
        "It was restored as of %(when)s. %(n)s message waits until “flask sending resume” lets it leave.",
        "It was restored as of %(when)s. %(n)s messages wait until “flask sending resume” lets them leave.",
        count,
        when=when,
    )


def _greeting(local: datetime) -> str:
    say = words()
    whole = access.viewer().name
    first = whole.split()[0]
    # Nobody is greeted by a title alone.
    name = whole if say.locale == "zh" or first.endswith(".") else first
    if local.hour < 11:
        return say.gettext("Good morning, %(name)s", name=name)
    if local.hour < 18:
        return say.gettext("Good day, %(name)s", name=name)
    return say.gettext("Good evening, %(name)s", name=name)


def _over(viewer: Viewer, now: datetime) -> list[BookingView]:
    """Visits that are over and of which nobody has said how they ended, latest first. Where the clock completes them at the
    end of the day these are today's, where the house wants to be asked also those of the days before."""
    return desk_queries.unfinished(db.session(), viewer, since=now - ASKED, now=now, limit=MANY)


def _due(card: Card, until: datetime, now: datetime) -> str:
    zone = ZoneInfo(card.view.zone)
    due = until.astimezone(zone)
    when = words().day_and_time(due, today=now.astimezone(zone).date())
    if due <= now:
        return words().gettext("the answer was due %(when)s", when=when)
    return words().gettext("answer due %(when)s", when=when)


def _following(later: list[Card], coming: list[BookingView]) -> Card | None:
    """Whoever comes next once nothing else needs anybody."""
    return later[0] if later and not coming else None


def _tally(day: list[BookingView], now: datetime) -> str:
    say = words()
    arrived = sum(view.status == "arrived" for view in day)
    coming = sum(view.status in ("confirmed", "requested") and view.end > now for view in day)
    return say.gettext("%(here)s here, %(coming)s to come", here=arrived, coming=coming)
