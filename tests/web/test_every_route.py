"""What each answer carries, over the whole map of routes: a new page is asked, too, without being named here."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup
from flask import Flask

from rules import rights
from tests.factories import booked
from tests.hostile.test_addresses import GOOD, address_of
from tests.support.staff import account, signed_in
from web.security import POLICY
from wire.links import manage_token

# What would end the walk: signing out, and steps at one's own account.
ENDS = ("/desk/sign-out", "/desk/people/1/")
RUNS = re.compile(r"on[a-z]+|style|srcdoc|ping", re.IGNORECASE)


@pytest.fixture
def house(load_business, app, clock):
    """A clinic with a booking; what its routes have in each of their places."""
    load_business("clinic")
    made = booked("check-up", clock.now).booking
    return {**GOOD, "slug": "check-up", "reference": made.reference, "id": "1", "day": "2026-11-30"}, manage_token(
        made, app.config["SECRET_KEY"]
    )


def inline(answer):
    """What of a page would run or style by itself."""
    page = BeautifulSoup(answer.get_data(), "html.parser")
    found = [str(each)[:200] for each in page("style")]
    found += [str(each)[:200] for each in page("script") if not each.get("src")]
    found += [f"{each.name} {name}" for each in page.find_all(True) for name in each.attrs if RUNS.fullmatch(name)]
    addresses = [each[name] for each in page.find_all(True) for name in ("href", "src", "action") if each.get(name)]
    return found + [each for each in addresses if re.match(r"\s*(javascript|vbscript|data:text)", each, re.IGNORECASE)]


def framing(answer):
    """True for the form of a service, the only page that shows another."""
    return re.fullmatch(
        r"/desk/services/check-up/(read|time|needs|rules|questions)", answer.request.path
    ) is not None and (answer.mimetype == "text/html" and answer.status_code in (200, 409, 422))


def wrong(answer):
    """What is missing of what every answer carries."""
    headers = answer.headers
    # The portal's own page stands in a frame beside the form of a service.
    policy = f"{POLICY}; frame-src 'self'" if framing(answer) else POLICY
    personal = answer.mimetype == "text/html" and answer.status_code < 300
    asked = {
        "policy": headers.get("Content-Security-Policy") == policy,
        "nosniff": headers.get("X-Content-Type-Options") == "nosniff",
        "opener": headers.get("Cross-Origin-Opener-Policy") == "same-origin",
        "referrer": headers.get("Referrer-Policy") in ("no-referrer", "strict-origin-when-cross-origin"),
        "permissions": "camera=()" in headers.get("Permissions-Policy", ""),
        "foreign": not [name for name in headers.keys() if name.startswith("Access-Control-")],  # noqa: SIM118
        "stored": not personal or headers.get("Cache-Control") == "no-store",
        "server": answer.status_code < 500 or answer.status_code == 503,
    }
    return [name for name, fine in asked.items() if not fine] + (
        inline(answer) if answer.mimetype == "text/html" else []
    )


def routes(app, parts):
    for rule in app.url_map.iter_rules():
        for method in sorted(rule.methods - {"OPTIONS", "HEAD"}):
            yield method, address_of(rule, parts | dict.fromkeys(rule.arguments - parts.keys(), "1"))


def asked_of(visitor, app, parts, query):
    """Every route, with what is wrong with its answer; how many pages there were."""
    found, pages = {}, 0
    for method, path in routes(app, parts):
        if path.startswith(ENDS):
            continue
        with visitor.open(path, method=method, query_string=query) as answer:
            pages += answer.mimetype == "text/html" and answer.status_code == 200
            if lacks := wrong(answer):
                found[f"{method} {path} {answer.status_code}"] = lacks
    return found, pages


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_a_customer_is_answered_is_guarded_everywhere(house, app, client):
    parts, token = house
    found, pages = asked_of(client, app, parts, {"t": token})
    assert found == {}
    assert pages > 8


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("role", rights.ROLES)
def test_what_staff_are_answered_is_guarded_everywhere(house, app, role):
    found, pages = asked_of(signed_in(app, account(role=role)), app, house[0], {})
    assert found == {}
    assert pages > 12


def test_the_test_sees_what_is_inline():
    bare = Flask("bare")
    bare.add_url_rule(
        "/", view_func=lambda: '<p style="x" onclick="y">a</p><script>z</script><a href=" javascript:1">b</a>'
    )
    answer = bare.test_client().get("/")
    assert len(inline(answer)) == 4
    assert set(wrong(answer)) >= {"policy", "nosniff", "stored"}
