"""Texts of which the carrier never said what became of them: it is asked, less and less often, for three days.

A receipt can be lost, and a house without a public address gets none at all.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import config
from actions import receipts
from models.base import db
from notifications import sms
from notifications.outcome import Permanent, Temporary

log = logging.getLogger("frontdesk.messages")
EVERY = timedelta(minutes=1)


def ask(settings: config.Settings, *, now: datetime, ended: Callable[[], bool] = lambda: False) -> int:
    """Asks the carrier for each text that is due to be asked for, and returns for how many. A carrier that does not answer
    is asked again at the next turn of each; ``ended`` stops between two of them."""
    if not settings.sms:
        return 0
    asked = 0
    for text in receipts.unheard(now=now):
        # No connection is held while a carrier thinks.
        db.session.remove()
        if ended():
            break
        asked += 1
        try:
            state, code = sms.became(text.provider_id, settings)
        except Permanent:
            receipts.give_up(id=text.id)
        except Temporary as problem:
            log.warning("receipts: %s", problem.why)
            break
        else:
            if state is not None:
                receipts.note(
                    provider_id=text.provider_id, state=state, code=code, suppress=sms.suppression(code), now=now
                )
    receipts.end_unheard(now=now)
    return asked
