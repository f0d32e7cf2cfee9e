"""The description of the REST API: checked in as it is, without warnings, and true of every answer."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
import schemathesis
import yaml
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import checks
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from profiles.api.documents import description, topics
from tests.factories.profiles import ProfileFactory
from tests.pages import rows

pytestmark = [pytest.mark.django_db, pytest.mark.anywhere]
DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.yaml"
CHECKS = [
    checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 4


def test_the_description_is_checked_in_as_it_is_and_has_no_warnings(tmp_path):
    made = tmp_path / "openapi.yaml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(made))
    hint = "run: manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml"
    assert made.read_text() == DOCUMENT.read_text(), hint


@cache
def document():
    """Read the document once: it is long, and every operation asks for it."""
    return yaml.load(DOCUMENT.read_text(), Loader=yaml.CSafeLoader)


@cache
def api():
    described = schemathesis.openapi.from_dict(document())
    described.app = get_wsgi_application()
    return described


def operations():
    paths = document()["paths"]
    return [(path, method.upper()) for path, methods in paths.items() for method in methods]


@pytest.mark.parametrize(("path", "method"), operations())
@pytest.mark.usefixtures("settings_of_api")
def test_no_input_leads_to_an_answer_that_is_not_described(path, method, shop):
    profile = ProfileFactory()
    spoken = rows.decision(datetime(2026, 3, 9, 6, tzinfo=UTC), customer=profile.customer)
    operation = api()[path][method]
    key = shop._client.defaults["HTTP_AUTHORIZATION"]

    @seed(7)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def ask(case):
        if "public_id" in (case.path_parameters or {}):
            case.path_parameters["public_id"] = str(profile.customer.public_id)
        if "decision_id" in (case.path_parameters or {}):
            case.path_parameters["decision_id"] = str(spoken.public_id)
        case.call_and_validate(headers={"Authorization": key}, checks=CHECKS)

    ask()


@pytest.fixture
def settings_of_api(settings):
    settings.API_REQUESTS_PER_SECOND = 1_000_000
    # The end of a request would close the connection of the test.
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


def test_the_description_is_open_and_names_every_topic(db):
    answer = Client().get("/api/v1/schema/")
    assert answer.json()["openapi"] == "3.1.0"
    assert answer.json() == description()
    assert [topic.name for topic in topics()] == [
        "facts",
        "callers",
        "customers",
        "consents",
        "households",
        "merges",
        "purchases",
        "touchpoints",
        "decisions",
        "pickups",
        "products",
    ]


def test_the_page_shows_every_operation_with_an_example(db):
    page = Client().get("/api/v1/docs/").content.decode()
    assert "Make a customer known whom your system knows by a number of its own" in page
    assert page.count("<details") == len(operations())
    assert page.count("curl ") == len(operations())
