"""Typed requests, and the choice between a whole page and its part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from django.conf import settings
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


def client_address(request: HttpRequest) -> str:
    """The address that a request came from, as far as it can be trusted.

    Behind our proxy it is the last of ``X-Forwarded-For``, which the proxy itself wrote; what stands before it
    is what the client claims.
    """
    direct = str(request.META.get("REMOTE_ADDR", ""))
    if not settings.BEHIND_TLS_PROXY:
        return direct
    claimed = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    try:
        return str(ip_address(claimed))
    except ValueError:
        return direct


def note_shown(request: HttpRequest, *customer_ids: int, found: int | None = None) -> None:
    """Say whom an answer shows, where its address does not: it goes on the record of looks.

    ``found`` is how many people a search or list had.
    """
    vars(request)["looked_at"] = Shown(customer_ids, found)


@dataclass(frozen=True)
class Shown:
    """Whom an answer shows, and how many there were."""

    customer_ids: tuple[int, ...] = ()
    found: int | None = None


def render_page(
    request: HtmxRequest, template: str, context: Mapping[str, Any], *, part: str, status: int = 200
) -> HttpResponse:
    """Render ``template``, or only its partial ``part`` where htmx asks for one."""
    partial = request.htmx and not request.htmx.boosted
    name = f"{template}#{part}" if partial else template
    answer = render(request, name, dict(context), status=status)
    patch_vary_headers(answer, ["HX-Request"])
    return answer
