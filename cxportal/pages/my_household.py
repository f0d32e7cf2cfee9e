"""Customers say on their own page who lives with them, and what must be minded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from cxportal.lib.errors import DomainError
from cxportal.pages.my_facts import agreeing, told_on_page
from cxportal.pages.my_known import ROLE, Agreement, number
from cxportal.pages.my_page import by_link
from profiles.models import Customer
from profiles.rules.names import Allergen, MemberRole
from profiles.rules.purposes import WARNINGS_WORDING
from profiles.services import households, telling
from profiles.services.telling import Told


class FieldWrong(DomainError):
    """A field of the form cannot be read."""

    code = "field_wrong"


class PersonForm(forms.Form):
    """Somebody by name; nothing by which they could be reached."""

    name = forms.CharField(max_length=households.LONGEST_NAME)
    role = forms.ChoiceField(choices=[(role.value, words) for role, words in ROLE.items()])
    born_on = forms.DateField(required=False)


class WarningForm(forms.Form):
    """What must be minded, for whom; without a member, for the customer."""

    member = forms.CharField(required=False, max_length=18)
    allergen = forms.ChoiceField(
        required=False, choices=[("", ""), *((code.value, code.value) for code in Allergen)]
    )
    text = forms.CharField(required=False, max_length=households.LONGEST_TEXT)


@require_POST
@by_link
def household(request: HttpRequest, token: str, customer: Customer, said: str) -> HttpResponse:
    """Take what the customer says of the household."""
    if said not in SAYINGS:
        raise Http404
    page = reverse("my-page", args=[token])
    try:
        words, just = SAYINGS[said](told_on_page(request, customer), request.POST)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect(f"{page}#household")
    messages.success(request, words)
    return redirect(f"{page}{just}#household")


def _add(told: Told, form: QueryDict) -> tuple[str, str]:
    said = _read(PersonForm(form))
    member = households.add_person(
        customer=told.customer,
        name=said["name"],
        role=MemberRole(said["role"]),
        born_on=said["born_on"],
        by=told.actor,
        now=told.now,
    )
    return f"Kept: {member.name}.", ""


def _remove(told: Told, form: QueryDict) -> tuple[str, str]:
    member = households.remove(customer=told.customer, member_id=_id(form, "member"), now=told.now)
    return "Removed, with what had to be minded.", f"?left={member.pk}"


def _return(told: Told, form: QueryDict) -> tuple[str, str]:
    households.bring_back(customer=told.customer, member_id=_id(form, "member"))
    return "As it was before.", ""


def _warn(told: Told, form: QueryDict) -> tuple[str, str]:
    said = _read(WarningForm(form))
    telling.tell_warning(
        told=agreeing(told, Agreement(WARNINGS_WORDING), form),
        member_id=number(said["member"]) if said["member"] else None,
        allergen=Allergen(said["allergen"]) if said["allergen"] else None,
        text=said["text"],
    )
    return "Kept. It stands first at every counter.", ""


def _end(told: Told, form: QueryDict) -> tuple[str, str]:
    warning = households.end_warning(
        customer=told.customer, warning_id=_id(form, "warning"), now=told.now
    )
    return "Removed. It is minded no longer.", f"?ended={warning.pk}"


def _mind(told: Told, form: QueryDict) -> tuple[str, str]:
    households.mind_again(customer=told.customer, warning_id=_id(form, "warning"))
    return "As it was before. It is minded again.", ""


SAYINGS: dict[str, Callable[[Told, QueryDict], tuple[str, str]]] = {
    "add": _add,
    "remove": _remove,
    "return": _return,
    "warn": _warn,
    "end": _end,
    "mind": _mind,
}


def _read(form: forms.Form) -> dict[str, Any]:
    """Return what a form holds.

    Raises:
        FieldWrong: with the first thing that is wrong.
    """
    if form.is_valid():
        return form.cleaned_data
    field, errors = next(iter(form.errors.items()))
    raise FieldWrong(f"{field.replace('_', ' ').capitalize()}: {errors[0]}")


def _id(form: QueryDict, name: str) -> int:
    return number(form.get(name, ""))
