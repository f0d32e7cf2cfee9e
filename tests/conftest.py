"""What all tests share: a frozen now, users by role, and no outside world."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.apps import apps
from django.core import serializers
from django.db import connection, transaction
from django.test import TestCase, TransactionTestCase
from pytest_django.plugin import DjangoDbBlocker

from cxportal.demo.marker import KEPT

# Rows that migrations made, as they were when the tests began.
FIRST_ROWS = pytest.StashKey[str]()
BLOCKER = pytest.StashKey[DjangoDbBlocker]()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker, request) -> Iterator[None]:
    """Remember what migrations filled; let go of whoever still holds the database at the end."""
    with django_db_blocker.unblock():
        rows = [row for label in sorted(KEPT) for row in apps.get_model(label).objects.all()]
        request.config.stash[BLOCKER] = django_db_blocker
        request.config.stash[FIRST_ROWS] = serializers.serialize("json", rows)
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def pytest_collection_modifyitems(items):
    """Mark what need not be repeated on another server: what asks none, and a test's further values."""
    asks = {"db", "transactional_db", "django_db_setup", "live_server"}
    seen = set()
    for item in items:
        name = item.nodeid.partition("[")[0]
        asks_none = not (item.get_closest_marker("django_db") or asks & set(item.fixturenames))
        if asks_none or (name in seen and not item.get_closest_marker("services")):
            item.add_marker(pytest.mark.anywhere)
        seen.add(name)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    """Give back what migrations filled: a test with real commits empties every table after itself."""
    result = yield
    rows = item.config.stash.get(FIRST_ROWS, "")
    if rows and nextitem and _has_emptied_all(item):
        with item.config.stash[BLOCKER].unblock(), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM cxportal_rate")  # of no model, so nothing else does
            for row in serializers.deserialize("json", rows):
                row.save()
    return result


def _has_emptied_all(item) -> bool:
    marker = item.get_closest_marker("django_db")
    cls = getattr(item, "cls", None) or object
    of_class = issubclass(cls, TransactionTestCase) and not issubclass(cls, TestCase)
    return bool(
        {"transactional_db", "live_server"} & set(getattr(item, "fixturenames", ()))
        or (marker and marker.kwargs.get("transaction"))
        or of_class
    )


@pytest.fixture
def now() -> datetime:
    """Return a Tuesday morning, 07:05 in Vienna and in UTC+1 in general."""
    return datetime(2026, 3, 10, 6, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _sandbox(settings, tmp_path):
    """Keep every test's files to itself and every message in the sandbox."""
    settings.EMAIL_BACKEND = "campaigns.sandbox.SandboxBackend"
    settings.UPLOAD_DIR = tmp_path / "uploads"
    settings.EXPORT_DIR = tmp_path / "exports"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
