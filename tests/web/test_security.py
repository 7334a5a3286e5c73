"""What every answer carries, and what of a request is not believed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted(
    path for room in ("web", "portal", "backoffice") for path in (ROOT / room / "templates").rglob("*.html")
)
PATHS = ["/", "/book/check-up", "/find", "/nothing", "/b/K7MQ4XWT", "/accessibility", "/zone", "/healthz", "/readyz"]


@pytest.fixture
def clinic(load_business, client):
    load_business("clinic")
    return client


@pytest.mark.parametrize("path", [*PATHS, "/favicon.svg", "/api/v1/services", "/api/v1/nothing", "/feeds/none.ics"])
def test_every_answer_is_guarded(clinic, path):
    answer = clinic.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in answer.headers["Permissions-Policy"]
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("path", ["/b/K7MQ4XWT", "/find", "/feeds/none.ics"])
def test_pages_behind_a_secret_are_kept_by_nobody(clinic, path):
    headers = clinic.get(path).headers
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Robots-Tag"] == "noindex, nofollow"


def test_a_page_with_what_a_customer_typed_is_not_stored(clinic):
    assert clinic.get("/book/check-up").headers["Cache-Control"] == "no-store"


def test_own_files_are_kept_for_ever_under_their_fingerprint(clinic):
    page = clinic.get("/").text
    sheets = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page)
    assert len(sheets) == 3
    for address in sheets:
        with clinic.get(address) as answer:
            assert answer.status_code == 200
            assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_templates_have_nothing_inline(template):
    text = template.read_text()
    assert not re.search(r"\sstyle\s*=", text)
    assert "<style" not in text
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert "|safe" not in text
    assert not re.search(r"https?://", text), "addresses come from the business or from code"


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil.example:80"]
)
@pytest.mark.parametrize("path", ["/", "/find", "/nowhere", "/api/v1/services", "/healthz"])
def test_another_host_name_is_not_answered_and_costs_one_line(clinic, host, path, caplog):
    answer = clinic.get(path, headers={"Host": host})
    assert answer.status_code == 400
    assert "evil" not in answer.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    (line,) = caplog.records
    assert (line.levelname, line.exc_info, host in line.getMessage()) == ("WARNING", None, True)


def test_a_name_of_the_forwarder_is_not_believed(clinic):
    answer = clinic.get("/", headers={"X-Forwarded-Host": "evil.example", "X-Forwarded-For": "203.0.113.9"})
    assert answer.status_code == 200
    assert "evil" not in answer.text


def test_too_large_a_form_is_refused(clinic):
    answer = clinic.post("/find", data={"reference": "K", "contact": "x" * 1_100_000})
    assert answer.status_code == 413
    assert "Nothing was changed" in answer.text


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "POST"])
def test_a_method_that_a_page_does_not_know_is_named_so(clinic, method):
    answer = clinic.open("/", method=method)
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_production_keeps_its_cookies_to_itself(make_app, load_business):
    load_business("clinic")
    app = make_app(BASE_URL="https://book.example.com", SECRET_KEY="k" * 40, RATE_LIMITS="on")
    answer = app.test_client().get("/find", base_url="https://book.example.com")
    cookie = next(each for each in answer.headers.getlist("Set-Cookie") if "session" in each)
    assert cookie.startswith("__Host-session=")
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")


@pytest.mark.parametrize("path", ["/find", "/book/check-up", "/book/check-up/details", "/b/K7MQ4XWT/cancel"])
def test_a_form_from_elsewhere_is_refused(make_app, load_business, path):
    load_business("clinic")
    answer = (
        make_app().test_client().post(path, data={"reference": "K7MQ4XWT"}, headers={"Origin": "https://evil.example"})
    )
    assert answer.status_code == 403
    assert "Nothing was changed" in answer.text


@pytest.mark.parametrize(
    "back",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/book//evil.example",
        "/book/\tx",
    ],
)
def test_no_address_leads_out_of_the_portal(clinic, back):
    answer = clinic.get("/zone", query_string={"tz": "Europe/London", "back": back})
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/"
