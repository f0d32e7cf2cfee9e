"""Customers correct, delete and add facts on their own page, and take their yes to delicate ones back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from cxportal.lib.errors import DomainError
from cxportal.pages.joining_forms import evidence_of
from cxportal.pages.my_known import ACTOR, DOOR, Agreement, agreement_of, number
from cxportal.pages.my_page import by_link
from profiles.models import Attribute, Customer, FactValue
from profiles.rules.names import AttributeType, Sensitivity
from profiles.services import noting, telling
from profiles.services.telling import Told


@require_POST
@by_link
def fact(
    request: HttpRequest, token: str, customer: Customer, attribute_id: int, said: str
) -> HttpResponse:
    """Take what the customer says of one fact."""
    attribute = get_object_or_404(Attribute, pk=attribute_id)
    if said not in SAYINGS:
        raise Http404
    page = reverse("my-page", args=[token])
    try:
        version, words = SAYINGS[said](told_on_page(request, customer), attribute, request.POST)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect(f"{page}#known")
    messages.success(request, words)
    return redirect(f"{page}?fact={version.pk}#known")


def tell(told: Told, attribute: Attribute, form: QueryDict) -> tuple[FactValue, str]:
    """Keep the value of a form, with the tick that a delicate one needs, and say so.

    Raises:
        DomainError: nothing was written.
    """
    several = attribute.type == AttributeType.CHOICES
    value = form.getlist("value") if several else form.get("value", "")
    if attribute.sensitivity == Sensitivity.SPECIAL:
        told = agreeing(told, agreement_of(attribute.name, attribute.purpose), form)
    kept = telling.tell_fact(told=told, attribute=attribute, value=value)
    return kept, f"Kept: {attribute.name}."


def _delete(told: Told, attribute: Attribute, form: QueryDict) -> tuple[FactValue, str]:
    kept = telling.tell_fact(told=told, attribute=attribute, value=None)
    return kept, f"Deleted: {attribute.name}. It does not come back by itself."


def _undo(told: Told, attribute: Attribute, form: QueryDict) -> tuple[FactValue, str]:
    version = noting.take_back(
        customer=told.customer,
        version_id=number(form.get("statement", "")),
        actor=told.actor,
        now=told.now,
    )
    return version, f"As it was before: {attribute.name}."


SAYINGS: dict[str, Callable[[Told, Attribute, QueryDict], tuple[FactValue, str]]] = {
    "tell": tell,
    "delete": _delete,
    "undo": _undo,
}


def told_on_page(request: HttpRequest, customer: Customer) -> Told:
    """The customer, on their own page, now."""
    return Told(customer, DOOR, ACTOR, timezone.now(), evidence=evidence_of(request))


def agreeing(told: Told, sentence: Agreement, form: QueryDict) -> Told:
    """Take a tick as a yes only under the sentence that stands there now."""
    ticked = form.get("agreed") == "yes" and form.get("wording") == sentence.mark
    return replace(told, agreed_to=sentence.text) if ticked else told


@require_POST
@by_link
def withdraw(request: HttpRequest, token: str, customer: Customer) -> HttpResponse:
    """Take the yes to the keeping of delicate things back."""
    telling.withdraw_agreement(told=told_on_page(request, customer))
    messages.success(request, "Withdrawn. Nothing of it is shown or used from now on.")
    return redirect(f"{reverse('my-page', args=[token])}#known")
