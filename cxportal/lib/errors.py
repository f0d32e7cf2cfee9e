"""Errors of the domain: they carry a stable code for machines and a sentence for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError


class DomainError(Exception):
    """Something that a user of the domain may run into and can act upon.

    ``code`` is stable and lower-case, ``message`` says what happened and what to do,
    ``data`` holds ids and numbers, never personal data.
    """

    code = "domain_error"

    def __init__(self, message: str, *, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.data = dict(data or {})


def violated_constraint(error: IntegrityError) -> str:
    """Name the database constraint that refused, or an empty string when it cannot be known."""
    diagnostics = getattr(error.__cause__, "diag", None)
    return getattr(diagnostics, "constraint_name", None) or ""
