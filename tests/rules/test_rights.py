"""Who may what: the decisions themselves. Whether every route asks them is tested with the house."""

from __future__ import annotations

import pytest

from rules import rights
from rules.rights import Viewer

HERE, THERE = 1, 2
ANNA, BEN, CARL = 10, 11, 12
CONTACTS = ("name", "phone", "email")


def viewer(role: str, **more: object) -> Viewer:
    return Viewer(7, "Anna", "anna@example.com", role, **more)


def leader(**more: object) -> Viewer:
    return viewer("staff", own=frozenset({ANNA}), team=frozenset({BEN}), leads=True, **more)


def test_every_grant_names_an_action_and_a_scope_that_there_are():
    for grants in rights.GRANTS.values():
        assert set(grants) <= rights.ACTIONS
        assert set(grants.values()) <= set(rights.SCOPES)
    assert set(rights.GRANTS) == set(rights.ROLES)
    assert rights.WITH_A_TEAM <= rights.AS_FAR_AS_SEEN <= rights.ACTIONS
    assert all(set(stand) == set(rights.ROLES) for stand in rights.SWITCHES.values())


def test_history_names_staff_by_number():
    assert viewer("owner").actor == "staff:7"


def test_an_owner_may_everything_everywhere():
    assert {viewer("owner").scope(action) for action in rights.ACTIONS} == {"all"}


def test_an_auditor_changes_nothing():
    may = {action for action in rights.ACTIONS if viewer("auditor").may(action)}
    assert may == {"booking.see", "history.see", "figures.see", "staff.see", "rights.see"}


def test_only_owners_set_switches():
    assert [role for role in rights.ROLES if viewer(role).may("rights.manage")] == ["owner"]


@pytest.mark.parametrize("role", sorted(rights.FIXED))
def test_owner_and_auditor_have_no_switches_to_set(role: str):
    turned = {name: not stand[role] for name, stand in rights.SWITCHES.items()}
    assert [viewer(role, switches=turned).on(name) for name in turned] == [
        stand[role] for stand in rights.SWITCHES.values()
    ]


def test_a_scope_of_places_reaches_those_places_and_ones_own_wherever_they_are():
    desk = viewer("front_desk", locations=frozenset({HERE}), own=frozenset({ANNA}))
    assert desk.reaches("booking.change", location=HERE, resources=[CARL])
    assert not desk.reaches("booking.change", location=THERE, resources=[CARL])
    assert desk.reaches("booking.change", location=THERE, resources=[ANNA])
    assert viewer("front_desk").reaches("booking.change", location=THERE, resources=[CARL])


def test_staff_see_the_diary_of_the_place_and_change_their_own():
    staff = viewer("staff", locations=frozenset({HERE}), own=frozenset({ANNA}))
    assert staff.reaches("booking.see", location=HERE, resources=[BEN])
    assert not staff.reaches("booking.change", location=HERE, resources=[BEN])
    assert staff.reaches("booking.change", location=HERE, resources=[ANNA, CARL])


def test_leading_a_team_reaches_those_in_it_and_nobody_else():
    assert leader().scope("booking.change") == "team"
    assert leader().reaches("booking.change", location=HERE, resources=[BEN])
    assert not leader().reaches("booking.change", location=HERE, resources=[CARL])
    assert leader().scope("booking.overrule") == "none"
    assert leader().scope("token.make") == "own"


def test_who_leads_decides_for_the_team_whatever_the_switch_says():
    assert viewer("staff").scope("booking.decide") == "none"
    assert leader().scope("booking.decide") == "team"
    assert viewer("staff", switches={"approve": True}).scope("booking.decide") == "own"


def test_a_switch_gives_what_the_role_had_not_within_its_places():
    assert viewer("front_desk").scope("export") == "none"
    assert viewer("front_desk", switches={"export": True}).scope("export") == "location"
    assert viewer("manager", switches={"overrule": False}).scope("booking.overrule") == "none"


@pytest.mark.parametrize("role", ["manager", "front_desk", "staff"])
def test_own_bookings_only_narrows_whatever_is_done_to_bookings(role: str):
    narrow = viewer(role, switches={"own_only": True, "approve": True, "overrule": True, "export": True})
    found = {narrow.scope(action) for action in rights.AS_FAR_AS_SEEN}
    assert found <= {"own", "none"}
    assert narrow.scope("booking.see") == "own"
    assert leader(switches={"own_only": True}).scope("booking.see") == "team"


@pytest.mark.parametrize("role", rights.ROLES)
@pytest.mark.parametrize("own_only", [True, False])
@pytest.mark.parametrize("leads", [True, False])
def test_nothing_is_done_to_a_booking_that_is_not_seen(role: str, own_only: bool, leads: bool):
    who = viewer(
        role,
        locations=frozenset({HERE}),
        own=frozenset({ANNA}),
        team=frozenset({BEN}) if leads else frozenset(),
        leads=leads,
        switches={"own_only": own_only, "approve": True, "overrule": True, "export": True},
    )
    for action in rights.AS_FAR_AS_SEEN:
        for location in (HERE, THERE):
            for resource in (ANNA, BEN, CARL):
                at = {"location": location, "resources": [resource]}
                if who.reaches(action, **at):
                    assert who.reaches("booking.see", **at), (action, at)


def test_a_key_with_fewer_rights_has_no_others():
    narrowed = viewer("owner", fewer=frozenset({"booking.see"}))
    assert [action for action in rights.ACTIONS if narrowed.may(action)] == ["booking.see"]
    # And none that its person has not.
    assert not viewer("auditor", fewer=frozenset({"export"})).may("export")


def test_whose_a_booking_is():
    assert [leader().whose(each) for each in ([ANNA, BEN], [BEN], [CARL], [])] == ["own", "team", "other", "other"]


def levels(who: Viewer, whose: str, **more: bool) -> dict[str, str]:
    found = rights.fields(who, whose, **more)
    assert set(found) == set(rights.FIELDS)
    assert set(found.values()) <= set(rights.LEVELS)
    return found


@pytest.mark.parametrize("whose", ["own", "team", "other"])
def test_an_auditor_reads_everything_masked(whose: str):
    found = levels(viewer("auditor"), whose, shown=True)
    assert {found[field] for field in CONTACTS} == {"masked"}
    assert {found[field] for field in ("company", "address", "answers", "notes")} == {"hidden"}
    assert (found["reason"], found["price"]) == ("read", "read")


def test_other_peoples_customers_are_masked_for_staff():
    found = levels(viewer("staff"), "other")
    assert {found[field] for field in CONTACTS} == {"masked"}
    assert {found[field] for field in ("company", "address", "answers", "notes", "reason")} == {"hidden"}


@pytest.mark.parametrize("whose", ["own", "team"])
def test_ones_own_customers_are_named_and_their_contacts_shown_for_a_reason(whose: str):
    found = levels(viewer("staff"), whose)
    assert (found["name"], found["phone"], found["email"]) == ("write", "masked", "masked")
    shown = levels(viewer("staff"), whose, shown=True)
    assert (shown["phone"], shown["email"]) == ("write", "write")


def test_where_contacts_are_not_shown_in_full_a_reason_shows_those_that_the_right_reaches():
    without = viewer("front_desk", switches={"contacts": False})
    assert without.reaches("contact.reveal", location=HERE, resources=[CARL])
    assert {levels(without, "other")[field] for field in CONTACTS} == {"masked"}
    shown = levels(without, "other", shown=True)
    assert {shown[field] for field in CONTACTS} == {"read"}
    assert shown["answers"] == "hidden"


def test_prices_are_read_corrected_or_not_there():
    assert levels(viewer("owner"), "other")["price"] == "write"
    assert levels(viewer("front_desk"), "other")["price"] == "read"
    assert levels(viewer("front_desk", switches={"prices": False}), "own")["price"] == "hidden"
    assert levels(viewer("manager", switches={"prices": False}), "own")["price"] == "hidden"


def test_who_may_not_correct_reads_only():
    found = levels(viewer("front_desk", fewer=frozenset({"booking.see"})), "other")
    assert {found[field] for field in CONTACTS} == {"read"}


def test_owners_are_made_by_owners_and_nobody_else_gives_more_than_she_has():
    given = {by: [role for role in rights.ROLES if rights.may_give(viewer(by), role)] for by in rights.ROLES}
    assert given["owner"] == list(rights.ROLES)
    assert given["manager"] == [role for role in rights.ROLES if role != "owner"]
    assert [given[by] for by in ("front_desk", "staff", "auditor")] == [[], [], []]
