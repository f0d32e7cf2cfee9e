"""Typed requests, and the choice between a whole page and its part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django_htmx.middleware import HtmxDetails


class HtmxRequest(HttpRequest):
    """A request that has passed django-htmx's middleware."""

    htmx: HtmxDetails


class StaffRequest(HtmxRequest):
    """A request of somebody who has logged in."""

    user: User


def render_page(
    request: HtmxRequest, template: str, context: Mapping[str, Any], *, part: str, status: int = 200
) -> HttpResponse:
    """Render ``template``, or only its partial ``part`` where htmx asks for one."""
    partial = request.htmx and not request.htmx.boosted
    name = f"{template}#{part}" if partial else template
    answer = render(request, name, dict(context), status=status)
    patch_vary_headers(answer, ["HX-Request"])
    return answer
