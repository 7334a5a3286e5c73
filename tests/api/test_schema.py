"""The OpenAPI document is valid and true."""

from __future__ import annotations

import schemathesis
from hypothesis import HealthCheck, given, settings
from openapi_spec_validator import validate
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from actions import keys
from api.schema import document
from models import staff_queries
from models.base import db
from models.people import Staff
from tests.factories import booked
from tests.support.staff import account

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def test_the_document_is_valid():
    validate(document())


def test_schemathesis_finds_nothing(app, load_business, clock):
    load_business("rental")
    booked("bench-time", clock.now)
    by = staff_queries.viewer_of(db.session(), db.session.get(Staff, account()))
    key = keys.make(name="anything", may=None, days=30, by=by, now=clock.now).secret
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    tried = 0
    for result in schema.get_all_operations():
        operation = result.ok()

        @settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def fits(case):
            case.call_and_validate(checks=CHECKS)
            case.call_and_validate(checks=CHECKS, headers={"Authorization": f"Bearer {key}"})

        fits()
        tried += 1
    assert tried == 15
