"""Whatever is typed comes out of a calendar file as it went in, whoever reads it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.support.calendars import pairs
from wire.ical import Entry, calendar, plain

# What parsers stumble over comes more often than chance would bring it.
SIGNS = "\\;,:\"'\n\r\t^=() \u00a0\u2028\u2029\u0085\u200d\ufeff\x00\x1f\x7f"
WORDS = ["\\n", "\\N", "BEGIN:VEVENT", "\r\n ", "👩\u200d👩\u200d👧", "预约", "e\u0301", "\ud800"]
LONG = st.text(alphabet="预约🧘é", min_size=20, max_size=60)
TEXTS = st.lists(st.sampled_from([*SIGNS, *WORDS]) | st.text(max_size=8) | LONG, max_size=8).map("".join)
ZONES = st.sampled_from(
    ["Europe/Berlin", "Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"]
)


@st.composite
def entries(draw, first=datetime(2026, 3, 1, tzinfo=UTC)):
    # Some weeks of one spring: what is written of a zone grows with the time between the first entry and the last.
    start = first + timedelta(minutes=draw(st.integers(0, 60 * 24 * 60)))
    return Entry(
        uid=draw(st.uuids()).hex,
        sequence=draw(st.integers(0, 10**6)),
        start=start,
        end=start + timedelta(minutes=draw(st.integers(1, 10_000))),
        zone=draw(ZONES),
        title=draw(TEXTS),
        place=draw(TEXTS),
        description=draw(TEXTS),
        status=draw(st.sampled_from(["CONFIRMED", "TENTATIVE", "CANCELLED"])),
        created=start - timedelta(days=2),
        changed=start - timedelta(days=1),
    )


def escaped(text: str) -> str:
    """A text as RFC 5545 (3.3.11) writes it."""
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


@settings(max_examples=100, deadline=None, phases=[Phase.explicit, Phase.generate, Phase.shrink])
@given(name=TEXTS, given_=st.lists(entries(), min_size=1, max_size=3, unique_by=lambda each: each.uid))
def test_two_parsers_read_what_was_written(name, given_):
    raw = calendar(name, given_)
    assert calendar(name, given_) == raw
    for line in raw.split(b"\r\n"):
        assert len(line) <= 75
        assert not any(each < 32 and each != 9 for each in line)
    # Neither parser knows these two names; they are texts like others.
    unfolded = raw.replace(b"\r\n ", b"").decode().split("\r\n")
    assert {f"NAME:{escaped(plain(name))}", f"X-WR-CALNAME:{escaped(plain(name))}"} <= set(unfolded)
    for entry, (event, twin) in zip(given_, pairs(raw), strict=True):
        for mine, theirs in (("title", "summary"), ("place", "location"), ("description", "description")):
            text = plain(getattr(entry, mine))
            if theirs == "summary" or text:
                assert getattr(twin, theirs).value == text
                # The other undoes escapes one kind after the other, and loses itself after a backslash.
                assert str(event[theirs]) == text or "\\" in text
        for moment, theirs in ((entry.start, "dtstart"), (entry.end, "dtend")):
            assert event[theirs].dt.astimezone(UTC) == moment
            assert getattr(twin, theirs).value.astimezone(UTC) == moment
        assert int(event["sequence"]) == int(twin.sequence.value) == entry.sequence
        assert str(event["uid"]) == twin.uid.value == f"{entry.uid}@frontdesk"


def test_every_moment_of_the_nights_of_change_is_read_as_what_it_is():
    for zone, night in [
        ("Europe/Berlin", datetime(2026, 10, 24, 21, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2026, 3, 28, 21, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 11, 1, 3, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2026, 4, 4, 12, tzinfo=UTC)),
    ]:
        moments = [night + timedelta(minutes=15 * step) for step in range(40)]
        assert len({moment.astimezone(ZoneInfo(zone)).utcoffset() for moment in moments}) == 2
        given_ = [
            Entry(f"{number}", 0, start, start + timedelta(minutes=15), zone, "T", "", "", "CONFIRMED", night, night)
            for number, start in enumerate(moments)
        ]
        raw = calendar("N", given_)
        read = pairs(raw)
        assert [event["dtstart"].dt.astimezone(UTC) for event, _ in read] == moments
        assert [twin.dtstart.value.astimezone(UTC) for _, twin in read] == moments
