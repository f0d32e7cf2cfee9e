"""What every page of the back-office carries: navigation, role, and the state of the switch."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor."""
    return {}
