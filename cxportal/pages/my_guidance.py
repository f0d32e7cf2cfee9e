"""Customers say what they want to do, and how fast the guidance to it comes, on their own page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from campaigns.models import LearningPath, PathFollowing
from campaigns.rules.guidance import PACE
from campaigns.services import guiding
from cxportal.lib.errors import DomainError
from cxportal.lib.http import HtmxRequest
from cxportal.pages.my_page import by_link
from profiles.models import Customer


@require_POST
@by_link
def begin(request: HtmxRequest, token: str, customer: Customer, path_id: int) -> HttpResponse:
    """Begin a path, or go on with one that rests."""
    path = get_object_or_404(LearningPath, pk=path_id)
    try:
        guiding.follow(customer=customer, path=path, now=timezone.now())
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"{path.name}: the next part comes as soon as we may write.")
    return _back(token)


@require_POST
@by_link
def change(
    request: HtmxRequest, token: str, customer: Customer, following_id: int, said: str
) -> HttpResponse:
    """Follow a path at another pace, let it rest, or end it."""
    own = PathFollowing.objects.filter(customer=customer, stopped_at=None).select_related("path")
    following = get_object_or_404(own, pk=following_id)
    if said not in _SAYINGS:
        raise Http404
    try:
        messages.success(request, _SAYINGS[said](request, following, timezone.now()))
    except DomainError as error:
        messages.error(request, error.message)
    return _back(token)


def _pace(request: HttpRequest, following: PathFollowing, now: datetime) -> str:
    given = request.POST.get("days", "")
    days = int(given) if given.isdecimal() and len(given) < 4 else 0
    guiding.set_pace(following=following, days_between=days)
    return f"{following.path.name}: {PACE[days]} from the next part on."


def _rest(request: HttpRequest, following: PathFollowing, now: datetime) -> str:
    guiding.rest(following=following, now=now)
    return f"{following.path.name}: rests until you go on."


def _stop(request: HttpRequest, following: PathFollowing, now: datetime) -> str:
    guiding.stop(following=following, now=now)
    return f"{following.path.name}: ended. No more of it, and it is no goal of yours any more."


_SAYINGS: dict[str, Callable[[HttpRequest, PathFollowing, datetime], str]] = {
    "pace": _pace,
    "rest": _rest,
    "stop": _stop,
}


def _back(token: str) -> HttpResponse:
    return redirect(f"{reverse('my-page', args=[token])}#goals")
