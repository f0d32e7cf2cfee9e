"""The overview: four questions, with figures, their intervals and their rows."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from cxportal.lib.http import StaffRequest
from cxportal.pages.access import Role, role_required


@require_GET
@role_required(Role.MANAGER, Role.ANALYST)
def overview(request: StaffRequest) -> HttpResponse:
    """Answer the four questions for the last 30 days."""
    return render(request, "cxportal/overview.html", {})
