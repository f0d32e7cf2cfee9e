"""The counter's list of what is coming: make ready, hand over, cancel, and book somebody again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from cxportal.lib.errors import DomainError
from cxportal.lib.http import StaffRequest
from cxportal.pages.access import role_required
from cxportal.pages.counter import ROLES, frame
from cxportal.pages.counter_coming import store_list
from cxportal.pages.my_known import number
from cxportal.pages.people import customer_or_404
from profiles.models import Customer, Pickup, Place, Source
from profiles.queries.company import company_kept
from profiles.queries.pickups import profile_for
from profiles.queries.places import Store
from profiles.rules.names import PickupKind, PickupState, SourceKind
from profiles.rules.pickups import moment_of
from profiles.services import pickups
from profiles.services.pickups import Wish

SOURCE = "counter"


class BookingIncomplete(DomainError):
    """A day, a time or a store is missing, or no clock shows that time."""

    code = "booking_incomplete"


class BookingForm(forms.Form):
    """Whom to book, for a time of the store's clock; ``once`` tells one request from the next."""

    resource = forms.CharField(max_length=120)
    day = forms.DateField()
    at = forms.TimeField()
    once = forms.UUIDField()


@require_GET
@role_required(*ROLES)
@never_cache
def coming(request: StaffRequest) -> HttpResponse:
    """Show what this store has coming until the end of its day."""
    with company_kept():
        shown = frame(request)
        shown["list"] = store_list(store=shown["store"], now=shown["now"])
        shown["undo_id"] = _just_cancelled(shown["store"], request.GET.get("cancelled", ""))
        return render(request, "cxportal/counter_coming.html", shown)


def _just_cancelled(store: Store, text: str) -> int:
    """What was cancelled here a moment ago, to offer the way back; 0 for nothing."""
    rows = Pickup.objects.filter(place=store.id, state=PickupState.CANCELLED)
    return rows.filter(pk=number(text)).values_list("pk", flat=True).first() or 0


@require_POST
@role_required(*ROLES)
def change(request: StaffRequest, pickup_id: int, said: str) -> HttpResponse:
    """Say what became of one thing of this store's list."""
    store = frame(request)["store"]
    pickup = get_object_or_404(Pickup, pk=pickup_id, place=store.id)
    if said not in SAYINGS:
        raise Http404
    deed, words = SAYINGS[said]
    try:
        deed(pickup_id=pickup.pk, by=f"staff:{request.user.pk}", now=timezone.now())
        messages.success(request, words)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("counter-coming")
    just = f"?cancelled={pickup.pk}" if said == "cancel" else ""
    return redirect(reverse("counter-coming") + just)


SAYINGS: dict[str, tuple[Callable[..., Pickup], str]] = {
    "ready": (pickups.mark_ready, "Kept: it is ready."),
    "hand-over": (pickups.hand_over, "Handed over."),
    "cancel": (pickups.cancel, "Cancelled."),
    "back": (pickups.take_back, "As it was before."),
}


@require_POST
@role_required(*ROLES)
def book_again(request: StaffRequest, customer_id: int) -> HttpResponse:
    """Ask for a booking of whom the guest had before, at this store."""
    customer = customer_or_404(pk=customer_id)
    try:
        words = _book(request, customer)
        messages.success(request, words)
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("counter-customer", customer.pk)


def _book(request: StaffRequest, customer: Customer) -> str:
    form, store = BookingForm(request.POST), frame(request)["store"]
    place, profile = Place.objects.filter(pk=store.id).first(), profile_for(customer)
    if place is None or profile is None or not form.is_valid():
        raise BookingIncomplete("Choose the store of this counter, a day and a time.")
    asked: dict[str, Any] = form.cleaned_data
    starts_at = moment_of(asked["day"], asked["at"], store.zone)
    now = timezone.now()
    if starts_at is None or starts_at < now:
        raise BookingIncomplete("Choose a time that lies ahead. Nothing was booked.")
    source, _ = Source.objects.get_or_create(
        code=SOURCE, defaults={"name": "Counter", "kind": SourceKind.COUNTER}
    )
    pickups.request(
        source=source,
        external_id=asked["once"].hex,
        profile=profile,
        wish=Wish(
            kind=PickupKind.BOOKING,
            place=place,
            starts_at=starts_at,
            resource=asked["resource"],
        ),
        by=f"staff:{request.user.pk}",
        now=now,
    )
    return f"Asked for: {asked['resource']}, {starts_at:%A}, {starts_at.day} {starts_at:%B}, {starts_at:%H:%M}."
