"""Customers answer the one question about their data: on their own page, or across the counter."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from cxportal.lib.errors import DomainError
from cxportal.lib.http import StaffRequest
from cxportal.pages import counter
from cxportal.pages.access import role_required
from cxportal.pages.my_facts import tell, told_on_page
from cxportal.pages.my_page import by_link
from cxportal.pages.people import customer_or_404
from cxportal.pages.question_card import question_now
from profiles.models import Attribute, Customer
from profiles.queries.cleanness import state_of
from profiles.rules.asking import ADDRESS, PAUSE, Question
from profiles.rules.cleanness import NAME
from profiles.services import asking
from profiles.services.telling import Told

DOOR = "counter"
THANKS = "Thank you. Kept."
# The same whether or not somebody else is known by it: a link is no log-in.
LOOKED_AT = "Thank you. Where somebody else uses it too, a person looks at it first."
NOT_KEPT = "Not kept: it seems to be somebody else’s. A pair to compare waits under Duplicates."


@require_POST
@by_link
def on_page(request: HttpRequest, token: str, customer: Customer, said: str) -> HttpResponse:
    """Take what the customer says to the question on their page."""
    _take(request, told_on_page(request, customer), said, aloud=False)
    return redirect(reverse("my-page", args=[token]))


@require_POST
@role_required(*counter.ROLES)
def at_counter(request: StaffRequest, customer_id: int, said: str) -> HttpResponse:
    """Take what the customer says to a member of staff."""
    customer = customer_or_404(pk=customer_id)
    told = Told(customer, DOOR, f"staff:{request.user.pk}", timezone.now())
    _take(request, told, said, aloud=True)
    return redirect("counter-customer", customer.pk)


def _take(request: HttpRequest, told: Told, said: str, *, aloud: bool) -> None:
    if said not in SAYINGS:
        raise Http404
    state = state_of(told.customer.pk, told.now)
    question = question_now(told.customer, state, told.now, aloud=aloud)
    if question is None or question.subject != request.POST.get("subject"):
        messages.info(request, "This was answered in the meantime. Nothing was changed.")
        return
    try:
        messages.success(request, SAYINGS[said](told, question, request.POST))
    except DomainError as error:
        messages.error(request, error.message)


def _answer(told: Told, question: Question, form: QueryDict) -> str:
    if question.subject == ADDRESS:
        held = asking.tell_address(told=told, question=question, contact=form.get("contact", ""))
        return NOT_KEPT if held is None and told.door == DOOR else LOOKED_AT
    if question.subject == NAME:
        asking.tell_name(told=told, question=question, name=form.get("name", ""))
        return THANKS
    attribute = get_object_or_404(Attribute, pk=question.topic.id if question.topic else 0)
    tell(told, attribute, form)
    asking.answered(told=told, question=question)
    return THANKS


def _later(told: Told, question: Question, form: QueryDict) -> str:
    asking.put_off(told=told, question=question)
    return f"Kept. It is not asked again for {PAUSE.days} days, here or elsewhere."


def _never(told: Told, question: Question, form: QueryDict) -> str:
    asking.never_ask(told=told, question=question)
    return "Kept. It is not asked again."


SAYINGS: dict[str, Callable[[Told, Question, QueryDict], str]] = {
    "answer": _answer,
    "later": _later,
    "never": _never,
}
