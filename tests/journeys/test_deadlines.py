"""What may be changed until when, where moving and cancelling have each their own deadline."""

from __future__ import annotations

from datetime import timedelta

from tests.conftest import BUSINESSES
from tests.factories import HANNAH
from tests.journeys.test_clocks import read
from tests.support.time import instant

START = "2026-12-10T08:00+01:00"


def test_of_two_deadlines_the_next_one_is_told(load_business, client, clock, tmp_path):
    late = tmp_path / "late.yaml"
    clinic = (BUSINESSES / "clinic.yaml").read_text()
    late.write_text(clinic.replace("reschedule_until: 1440", "reschedule_until: 60", 1))
    load_business(late)
    body = {"service": "check-up", "start": START, "customer": HANNAH}
    made = client.post("/api/v1/bookings", json=body, headers={"Idempotency-Key": "one-of-two"}).json
    start, page = instant(START), made["manage_url"].removeprefix("http://localhost")

    def told(before):
        clock.set(start - before)
        return read(client.get(page))

    both = told(timedelta(days=1))
    assert "Until Wed 9 December, 08:00 you can change this yourself." in both
    assert "Move to another time" in both
    assert "Cancel this booking" in both

    one = told(timedelta(days=1) - timedelta(seconds=1))
    assert "Until Thu 10 December, 07:00 you can change this yourself." in one
    assert "Move to another time" in one
    assert "Cancel this booking" not in one

    none = told(timedelta(minutes=60) - timedelta(seconds=1))
    assert "The deadline was Thu 10 December, 07:00." in none
    assert "Move to another time" not in none
