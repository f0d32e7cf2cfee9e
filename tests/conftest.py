"""What all tests share: a frozen now, users by role, and no outside world."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest


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
