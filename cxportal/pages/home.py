"""The first page after logging in, by role."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from cxportal.pages.access import Role, role_of

FIRST_PAGE = {
    Role.ADMINISTRATOR: "settings",
    Role.MANAGER: "overview",
    Role.SUPERVISOR: "feedback:case-list",
    Role.ANALYST: "overview",
    Role.COUNTER: "counter",
}


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Send everybody to the page their work begins on."""
    role = role_of(request.user)
    if role is None:
        raise PermissionDenied
    return redirect(FIRST_PAGE[role])


def locked_out(request: HttpRequest, credentials: dict[str, str] | None = None) -> HttpResponse:
    """Say how long a log-in stays locked, and who can open it (called by django-axes)."""
    context = {"limit": settings.AXES_FAILURE_LIMIT, "minutes": 60 * settings.AXES_COOLOFF_TIME}
    return render(request, "registration/locked.html", context, status=429)


@login_not_required
@require_GET
def data_login(request: HttpRequest) -> HttpResponse:
    """Stand in for the admin's own log-in: whoever is in and still lands here may not enter."""
    if request.user.is_authenticated:
        raise PermissionDenied
    # Of what was asked for, the page and not the query, as everywhere (cxportal.lib.gates).
    return redirect_to_login(urlsplit(request.GET.get("next", "/")).path)
