"""The same act in several real processes at the same moment, at the price of one start: the application is imported once
and forked.

``python -m tests.support.crew ACT COUNT ARGUMENT…`` says that it is ready, waits for a line, lets all of them go, and
prints what each returned. ``Crew`` is the other end of it.
"""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import config
from running.children import end_with_parent, kill_group


class Crew:
    """``count`` processes that wait to do ``act``, one of ``ACTS``."""

    def __init__(self, environ: Mapping[str, str], act: str, count: int, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.crew", act, str(count), *arguments],
            cwd=config.ROOT,
            env=dict(environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=end_with_parent(),
        )
        assert self.process.stdout.readline() == "ready\n"

    def go(self) -> list[Any]:
        """Lets them go and gives what they return, in no order; an error as its text."""
        out, _ = self.process.communicate("go\n", timeout=300)
        return json.loads(out)

    def stop(self) -> None:
        """Ends those that were never let go."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
        kill_group(self.process)


def approve(reference: str) -> str:
    """Approves a request: "approved", or "again" when it was approved before."""
    import clock
    from actions import review

    return "again" if review.approve(reference=reference, actor="shell", now=clock.now()).replayed else "approved"


def load(path: str) -> str:
    """Loads a business file; a refusal as its text."""
    import clock
    from actions.businessfile.loading import load as load_file
    from actions.businessfile.reading import Wrong

    try:
        load_file(Path(path), pictures_dir=Path(path).parent / "pictures", now=clock.now())
    except Wrong as wrong:
        return "\n".join(str(problem) for problem in wrong.problems)
    return "loaded"


def squeeze(service: str, start: str, reason: str = "an old friend") -> str:
    """Books at the desk, whatever may be set aside; the reference, or the code of the refusal."""
    import clock
    from actions import desk_booking
    from rules.errors import Refusal

    try:
        done = desk_booking.book(
            service=service,
            start=datetime.fromisoformat(start),
            customer={"name": "Somebody"},
            answers={},
            locale="en",
            overrule=reason,
            may_overrule=True,
            actor="staff:1",
            now=clock.now(),
        )
    except Refusal as refusal:
        return refusal.code
    return done.booking.reference


def book_each(service: str, *starts: str) -> list[str]:
    """Books each of these starts once, for whoever is assigned; the references."""
    import secrets

    import clock
    from actions.confirm import Wish, confirm
    from rules.errors import Busy

    made, left = [], list(starts)
    while left:
        who = secrets.token_hex(6)
        wish = Wish(service, datetime.fromisoformat(left[0]))
        customer = {"name": who, "email": f"{who}@example.com"}
        try:
            made.append(confirm(wish=wish, customer=customer, answers={}, locale="en", now=clock.now()))
        except Busy:
            continue  # on a slow machine a lock may not be had in three seconds: who is told so tries again
        left.pop(0)
    return [each.booking.reference for each in made]


def fall_sick(resource: str, start: str, end: str) -> list[str]:
    """Writes that somebody is out, nothing chosen for anybody; the references of the visits that were hit."""
    import clock
    from actions.outage import carry_out

    between = {"start": datetime.fromisoformat(start), "end": datetime.fromisoformat(end)}
    done = carry_out(resources=[resource], **between, reason="sick", choices={}, actor="staff:1", now=clock.now())
    return [each.reference for each in done.left]


def lengthen(service: str, minutes: str) -> str:
    """Makes the visits of a service that long: "saved", or "refused" where bookings have no room then."""
    import clock
    from actions import catalogue
    from models.base import db
    from rules.errors import HitsBookings

    there = catalogue.entry(db.session(), "service", service)
    try:
        catalogue.save("service", service, {**there, "duration": int(minutes)}, by=_owner(), now=clock.now())
    except HitsBookings:
        return "refused"
    return "saved"


def lengthen_asking_before(service: str, minutes: str, *starts: str) -> list[str]:
    """The control: asks for bookings without room before it locks anything, and these are made meanwhile; their references,
    none where it was refused."""
    import clock
    from actions import catalogue, imagined, offers
    from actions.businessfile.dumping import Dump
    from actions.catalogue_entries import checked
    from models.base import db
    from models.snapshot import catalogue as known

    session, now = db.session(), clock.now()
    wanted = {**catalogue.entry(session, "service", service), "duration": int(minutes)}
    found, _ = checked(Dump(session), named=("service", service, wanted), today=now.date())
    after = imagined.with_service(session, next(each for each in found["services"] if each["slug"] == service))
    if offers.outgrown(session, known(session), after, service, now=now):
        return []
    made = book_each(service, *starts)
    catalogue.save("service", service, wanted, by=_owner(), now=now, keep=True)
    return made


def _owner() -> Any:
    from rules.rights import Viewer

    return Viewer(id=1, name="Olga", email="olga@example.com", role="owner")


def sweep() -> dict[str, int]:
    """Does what time alone changes."""
    import clock
    from actions import upkeep

    return upkeep.sweep(now=clock.now())


def deliver() -> int:
    """Sends what is due until nothing is; gives how many it looked at."""
    from notifications import dispatch

    tried = 0
    while found := dispatch.deliver_due():
        tried += found
    return tried


def deliver_without_claiming() -> int:
    """The control: sends what is due, whoever else has it. One round only, since nothing would ever end it."""
    from sqlalchemy import select

    from models import message_queries
    from models.outbox import Message
    from notifications import dispatch

    def unclaimed(session: Any, message_id: int, now: datetime) -> Any:
        message = session.execute(select(Message).where(Message.id == message_id)).scalar_one()
        session.expunge(message)
        return message

    message_queries.claim = unclaimed
    return dispatch.deliver_due()


def plan() -> int:
    """Plans the messages of every booking, as if it had just been confirmed; gives how many rows it wrote."""
    import clock
    from actions.record import tell
    from actions.transaction import run
    from models import bookings
    from models.base import db
    from models.snapshot import catalogue

    views = bookings.listed(db.session(), limit=1000)
    known = catalogue(db.session())
    now = clock.now()
    return sum(
        len(run(lambda session, view=view: tell(session, "confirmed", view, known=known, now=now))) for view in views
    )


ACTS: dict[str, Callable[..., Any]] = {
    act.__name__: act
    for act in (
        approve,
        book_each,
        deliver,
        deliver_without_claiming,
        fall_sick,
        lengthen,
        lengthen_asking_before,
        load,
        plan,
        squeeze,
        sweep,
    )
}


def main() -> None:
    from app import create_app

    name, count, *arguments = sys.argv[1:]
    app = create_app()
    forks = multiprocessing.get_context("fork")
    ready, gate, found = forks.Semaphore(0), forks.Event(), forks.SimpleQueue()

    def member() -> None:
        with app.app_context():
            ready.release()
            gate.wait()
            try:
                found.put(ACTS[name](*arguments))
            except Exception as error:
                found.put(f"{type(error).__name__}: {error}")

    members = [forks.Process(target=member) for _ in range(int(count))]
    for each in members:
        each.start()
    for _ in members:
        ready.acquire()
    print("ready", flush=True)
    sys.stdin.readline()
    gate.set()
    print(json.dumps([found.get() for _ in members]))
    for each in members:
        each.join()


if __name__ == "__main__":
    main()
