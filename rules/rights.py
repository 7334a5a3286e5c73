"""Who may what: role × action × scope × field, and the switches that the house sets for a role.

This is the one choke point: ``models/scope.py`` turns a scope into a WHERE, ``wire/desk.py`` sends every field through
``fields``. docs/rights.md is the same table in words; the page of rights at the desk prints it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

ROLES = ("owner", "manager", "front_desk", "staff", "auditor")
SCOPES = ("none", "own", "team", "location", "all")
LEVELS = ("hidden", "masked", "read", "write")

# What each role may do from the start, and how far. What is not named is "none".
_EVERYTHING = {
    "booking.see", "booking.create", "booking.change", "booking.decide", "booking.overrule", "booking.correct", "booking.price",
    "note.write", "contact.reveal", "message.send", "block.write", "outage.handle", "pause.write", "history.see", "export",
    "import", "figures.see", "staff.see", "staff.manage", "rights.see", "rights.manage", "token.make", "business.write",
    "customer.see", "customer.write", "customer.merge", "customer.erase", "consent.write", "retention.write",
}  # fmt: skip
ACTIONS = frozenset(_EVERYTHING)
GRANTS: Mapping[str, Mapping[str, str]] = {
    "owner": dict.fromkeys(_EVERYTHING, "all"),
    "manager": dict.fromkeys(_EVERYTHING - {"rights.manage"}, "all"),
    "front_desk": dict.fromkeys(
        (
            "booking.see", "booking.create", "booking.change", "booking.decide", "booking.overrule", "booking.correct",
            "note.write", "contact.reveal", "message.send", "block.write", "outage.handle", "pause.write", "history.see",
            "token.make", "customer.see", "customer.write", "customer.merge",
        ),
        "location",
    ),
    "staff": {
        "booking.see": "location",
        "booking.create": "location",
        "booking.change": "own",
        "booking.decide": "own",
        "booking.overrule": "own",
        "booking.correct": "own",
        "note.write": "own",
        "contact.reveal": "own",
        "message.send": "own",
        "block.write": "own",
        "outage.handle": "own",
        "history.see": "own",
        "token.make": "own",
        "customer.see": "own",
    },
    "auditor": dict.fromkeys(("booking.see", "history.see", "figures.see", "staff.see", "rights.see"), "all"),
}  # fmt: skip
# What leading a team widens from one's own bookings to those of the team.
WITH_A_TEAM = frozenset(
    {"booking.see", "booking.change", "booking.decide", "booking.correct", "note.write", "contact.reveal", "message.send",
     "block.write", "outage.handle", "history.see", "customer.see"}
)  # fmt: skip
# What is done to bookings reaches no further than they are seen, and customers are seen by their bookings.
AS_FAR_AS_SEEN = WITH_A_TEAM | {"booking.overrule", "booking.price", "export", "customer.write", "customer.merge"}

# The switches of a role: their names, and how they stand from the start.
SWITCHES: Mapping[str, Mapping[str, bool]] = {
    "contacts": {"owner": True, "manager": True, "front_desk": True, "staff": False, "auditor": False},
    "own_only": {"owner": False, "manager": False, "front_desk": False, "staff": False, "auditor": False},
    "export": {"owner": True, "manager": True, "front_desk": False, "staff": False, "auditor": False},
    "approve": {"owner": True, "manager": True, "front_desk": True, "staff": False, "auditor": False},
    "overrule": {"owner": True, "manager": True, "front_desk": True, "staff": False, "auditor": False},
    "prices": {"owner": True, "manager": True, "front_desk": True, "staff": True, "auditor": True},
}
# An owner keeps everything, and an auditor stays one: these roles have no switches to set.
FIXED = frozenset({"owner", "auditor"})
_SWITCHED = {"approve": "booking.decide", "overrule": "booking.overrule", "export": "export"}

FIELDS = ("name", "phone", "email", "company", "address", "answers", "notes", "reason", "price")


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who is signed in, with what the rights need of her.

    ``locations`` are ids, none meaning everywhere; ``own`` the resource ids that are herself, ``team`` those of the people
    whom she leads. ``switches`` differ from ``SWITCHES``. ``fewer`` are the actions that a token was narrowed to.
    """

    id: int
    name: str
    email: str
    role: str
    locations: frozenset[int] = frozenset()
    own: frozenset[int] = frozenset()
    team: frozenset[int] = frozenset()
    leads: bool = False
    switches: Mapping[str, bool] = field(default_factory=dict)
    fewer: frozenset[str] | None = None

    @property
    def actor(self) -> str:
        """How history names her."""
        return f"staff:{self.id}"

    def on(self, switch: str) -> bool:
        """How a switch stands for this role."""
        if self.role in FIXED:
            return SWITCHES[switch][self.role]
        return self.switches.get(switch, SWITCHES[switch][self.role])

    def scope(self, action: str) -> str:
        """How far an action reaches: none, own, team, location, all."""
        found = self._granted(action)
        if found in ("location", "all") and action in AS_FAR_AS_SEEN and self.on("own_only"):
            found = "own"
        if found == "own" and self.leads and action in WITH_A_TEAM:
            return "team"
        return found

    def _granted(self, action: str) -> str:
        if self.fewer is not None and action not in self.fewer:
            return "none"
        for switch, switched in _SWITCHED.items():
            if action == switched:
                return self._by_switch(switch, action)
        return GRANTS[self.role].get(action, "none")

    def _by_switch(self, switch: str, action: str) -> str:
        if self.on(switch):
            return GRANTS[self.role].get(action, "location")
        # Whoever leads a team decides for it, whatever the switch says for those in it.
        return "own" if action == "booking.decide" and self.leads else "none"

    def may(self, action: str) -> bool:
        """True when the action reaches anything at all."""
        return self.scope(action) != "none"

    def reaches(self, action: str, *, location: int, resources: Collection[int]) -> bool:
        """True when the action reaches a booking at ``location`` that takes ``resources``."""
        scope = self.scope(action)
        if scope == "all" or (scope == "location" and (not self.locations or location in self.locations)):
            return True
        return not self.mine(scope).isdisjoint(resources)

    def mine(self, scope: str) -> frozenset[int]:
        """The resources whose bookings a scope reaches wherever they are: each scope holds the narrower ones."""
        if scope == "own":
            return self.own
        return self.own | self.team if scope in ("team", "location") else frozenset()

    def whose(self, resources: Collection[int]) -> str:
        """Whose a booking is to her: own, team (of those whom she leads), or other."""
        if not self.own.isdisjoint(resources):
            return "own"
        return "team" if not self.team.isdisjoint(resources) else "other"


def fields(viewer: Viewer, whose: str, *, shown: bool = False) -> dict[str, str]:
    """The level of each field of a booking: hidden, masked, read or write.

    ``whose`` is what ``Viewer.whose`` says; ``shown`` after the contacts were revealed for a reason.
    """
    price = "read" if viewer.on("prices") else "hidden"
    if viewer.role == "auditor":
        return dict.fromkeys(("name", "phone", "email"), "masked") | _hidden() | {"reason": "read", "price": price}
    if not viewer.on("contacts") and whose == "other":
        named = "read" if shown else "masked"
        return dict.fromkeys(("name", "phone", "email"), named) | _hidden() | {"price": price}
    plain = "write" if viewer.may("booking.correct") else "read"
    contact = plain if viewer.on("contacts") or shown else "masked"
    found = dict.fromkeys(FIELDS, plain) | {"phone": contact, "email": contact, "address": plain, "price": price}
    if price == "read" and viewer.may("booking.price"):
        found["price"] = "write"
    return found


def _hidden() -> dict[str, str]:
    return dict.fromkeys(("company", "address", "answers", "notes", "reason"), "hidden")


def may_give(viewer: Viewer, role: str) -> bool:
    """True when she may make somebody else a ``role``: nobody gives more than she has, and owners are made by owners."""
    if not viewer.may("staff.manage"):
        return False
    return viewer.role == "owner" or role != "owner"
