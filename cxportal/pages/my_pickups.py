"""Customers order their usual ahead on their own page, and cancel what is coming."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from cxportal.lib.errors import DomainError
from cxportal.pages.my_page import by_link
from profiles.models import Customer, Pickup, Place, Product, Source
from profiles.queries.company import company_zone
from profiles.queries.pickups import UsualOrder, profile_for, usual_orders
from profiles.queries.places import Store, stores
from profiles.rules.names import PickupKind, SourceKind
from profiles.rules.pickups import CUSTOMER, moment_of
from profiles.services import pickups
from profiles.services.pickups import Wish
from profiles.services.recording import Line

SOURCE = "my-page"
ONE = Decimal(1)


class TimeMissing(DomainError):
    """The clocks of the store leave this time out, or it cannot be read."""

    code = "time_missing"


class OrderForm(forms.Form):
    """The usual, for a store and a time of its clock; ``once`` tells one order from the next."""

    product = forms.IntegerField()
    store = forms.IntegerField()
    day = forms.DateField()
    at = forms.TimeField()
    once = forms.UUIDField()


@require_POST
@by_link
def order(request: HttpRequest, token: str, customer: Customer) -> HttpResponse:
    """Ask a store to have the usual ready."""
    form, now = OrderForm(request.POST), timezone.now()
    try:
        pickup = _request(customer, form, now)
    except DomainError as error:
        messages.error(request, error.message)
        return _back(token)
    zone = next(store.zone for store in stores() if store.id == pickup.place_id)
    when = pickup.starts_at.astimezone(zone)
    messages.success(
        request,
        f"Ordered: ready on {when:%A}, {when.day} {when:%B} at {when:%H:%M}, {pickup.place.name}.",
    )
    return _back(token)


def _request(customer: Customer, form: OrderForm, now: datetime) -> Pickup:
    if not form.is_valid():
        raise TimeMissing("Choose a store, a day and a time.")
    asked = form.cleaned_data
    store = next((one for one in stores() if one.id == asked["store"]), None)
    usual = usual_orders(customer.pk, [asked["product"]], company_zone=company_zone(), now=now).get(
        asked["product"]
    )
    profile = profile_for(customer)
    if store is None or usual is None or profile is None:
        raise Http404
    source, _ = Source.objects.get_or_create(
        code=SOURCE, defaults={"name": "Customer's page", "kind": SourceKind.PAGE}
    )
    return pickups.request(
        source=source,
        external_id=asked["once"].hex,
        profile=profile,
        wish=_wish(asked, usual, store),
        by=CUSTOMER,
        now=now,
    )


def _wish(asked: dict[str, object], usual: UsualOrder, store: Store) -> Wish:
    starts_at = moment_of(asked["day"], asked["at"], store.zone)  # type: ignore[arg-type]
    if starts_at is None:
        raise TimeMissing("The clocks change in that night, and leave this time out.")
    return Wish(
        kind=PickupKind.ORDER,
        place=Place.objects.get(pk=store.id),
        starts_at=starts_at,
        lines=[Line(Product.objects.get(pk=usual.product_id), ONE, usual.price_minor)],
    )


@require_POST
@by_link
def change(
    request: HttpRequest, token: str, customer: Customer, pickup_id: int, said: str
) -> HttpResponse:
    """Cancel what is coming, or take that back."""
    pickup = get_object_or_404(Pickup, pk=pickup_id, customer=customer)
    if said not in SAYINGS:
        raise Http404
    deed, words = SAYINGS[said]
    try:
        deed(pickup_id=pickup.pk, by=CUSTOMER, now=timezone.now())
    except DomainError as error:
        messages.error(request, error.message)
        return _back(token)
    messages.success(request, words)
    return _back(token, cancelled=pickup.pk if said == "cancel" else 0)


SAYINGS = {
    "cancel": (pickups.cancel, "Cancelled. Nothing is made."),
    "undo": (pickups.take_back, "As it was before: it is coming."),
}


def _back(token: str, cancelled: int = 0) -> HttpResponse:
    just = f"?cancelled={cancelled}" if cancelled else ""
    return redirect(f"{reverse('my-page', args=[token])}{just}#coming")
