"""What would be said to this customer, there and then, and why nothing else: tried out, and nothing is kept."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from campaigns.models import Campaign
from campaigns.rules.codes import Door, Refusal, Verdict
from campaigns.rules.reasons import Reader
from campaigns.rules.telling import reasons_in_words
from campaigns.services import advising, explaining
from campaigns.services.advising import Advice
from campaigns.services.deciding import Choice, Context
from cxportal.lib.http import StaffRequest, note_shown
from cxportal.pages.access import Role, role_required
from profiles.models import Customer, Place
from profiles.queries.company import company_kept, company_zone
from profiles.rules.happenings import door_in_words
from profiles.rules.telling import chance_in_words
from profiles.services.supposing import InBasket, Situation

ROLES = (Role.MANAGER, Role.SUPERVISOR)
FURTHEST = timedelta(days=60)
MOST_LINES = 50
_WHEN = "%Y-%m-%dT%H:%M"
# A counter shows three; a message is one.
_LIMIT = {Door.EMAIL: 1, Door.COUNTER: 3, Door.PAGE: 3}


class WhatIfForm(forms.Form):
    """Whom, where and when; the time is that of the house."""

    customer = forms.IntegerField(label="Customer", min_value=1, help_text="Number of a customer")
    door = forms.ChoiceField(
        label="Door", choices=[(str(door), door_in_words(door)) for door in Door]
    )
    at = forms.DateTimeField(
        label="When",
        required=False,
        input_formats=[_WHEN],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_WHEN),
        help_text="Now, if left empty; up to 60 days ahead",
    )
    place = forms.ModelChoiceField(
        label="Store",
        queryset=Place.objects.order_by("name", "pk"),
        required=False,
        empty_label="nowhere in particular",
    )
    basket = forms.CharField(
        label="In the basket",
        required=False,
        max_length=2000,
        help_text="Codes of products, with commas between",
    )
    event = forms.CharField(
        label="What just happened",
        required=False,
        max_length=200,
        help_text="As the other system calls it: Geofence Entered",
    )

    def clean_customer(self) -> Customer:
        found = Customer.objects.select_related("merged_into").filter(
            pk=self.cleaned_data["customer"]
        )
        customer = found.first()
        if customer is None or customer.present.erased_at:
            raise forms.ValidationError("There is no customer of that number.")
        return customer.present

    def clean_at(self) -> datetime:
        now, at = timezone.now(), self.cleaned_data["at"]
        if at is None:
            return now
        meant: datetime = at.replace(tzinfo=company_zone())
        if meant < now - timedelta(minutes=10):
            raise forms.ValidationError("This time is over: what was said then is in the log.")
        if meant > now + FURTHEST:
            raise forms.ValidationError("Choose a time within the next 60 days.")
        return max(meant, now)

    def clean_basket(self) -> Sequence[InBasket]:
        codes = [code for code in re.split(r"[,;\s]+", self.cleaned_data["basket"]) if code]
        if len(codes) > MOST_LINES:
            raise forms.ValidationError(f"Write at most {MOST_LINES} products.")
        return [InBasket(code) for code in codes]


@require_GET
@role_required(*ROLES)
@never_cache
def what_if(request: StaffRequest) -> HttpResponse:
    """Show what would be said, and why nothing else."""
    form = WhatIfForm(request.GET if "customer" in request.GET else None)
    shown: Mapping[str, Any] = {}
    if form.is_bound and form.is_valid():
        note_shown(request, form.cleaned_data["customer"].pk)
        with company_kept():
            shown = _answer(form.cleaned_data)
    context = {"form": form, "zone": company_zone(), **shown}
    status = 422 if form.errors else 200
    return render(request, "cxportal/what_if.html", context, status=status)


def _answer(asked: Mapping[str, Any]) -> Mapping[str, Any]:
    door, now = Door(asked["door"]), asked["at"]
    advice = advising.what_would_be_said(
        customer=asked["customer"],
        context=Context(door, limit=_LIMIT[door]),
        situation=Situation(
            place=asked["place"],
            is_served=door == Door.COUNTER,
            basket=asked["basket"],
            event=asked["event"],
        ),
        now=now,
    )
    return {
        "customer": asked["customer"],
        "where": door_in_words(door),
        "when": date_format(now.astimezone(company_zone()), "l j F Y, H:i"),
        "left_out": [_left_out(one.what, one.why) for one in advice.left_out],
        **_told(advice, now),
    }


def _left_out(what: str, why: str) -> str:
    named = {"place": "The store", "event": "What happened"}.get(what, f"“{what}”")
    return f"{named} does not count: {why}."


def _told(advice: Advice, now: datetime) -> Mapping[str, Any]:
    words = explaining.told(advice.choices, Reader.MANAGER, now)
    names = _campaigns(advice.choices)
    lines = [
        (choice, _line(choice, said) | {"beside": _beside(choice, names)})
        for choice, said in zip(advice.choices, words, strict=True)
    ]
    return {
        "said": [line for choice, line in lines if choice.verdict == Verdict.SPEAK],
        "unsaid": [line for choice, line in lines if choice.verdict == Verdict.SILENT],
    }


def _campaigns(choices: Sequence[Choice]) -> Mapping[int, str]:
    """Name the campaigns that were weighed and are not the answer, in one query."""
    weighed = {row[0] for choice in choices for row in choice.considered}
    return dict(Campaign.objects.filter(pk__in=weighed).values_list("pk", "name"))


def _beside(choice: Choice, names: Mapping[int, str]) -> str:
    """Say what else was weighed with it, and why that is not said."""
    return "; ".join(
        f"{names[row[0]]} ({reasons_in_words(row[3])})" for row in choice.considered if row[3]
    )


def _line(choice: Choice, said: explaining.Told) -> dict[str, str]:
    return {
        "about": said.about,
        "why": f"{said.why}." if said.why else "",
        "weighed": _weighed(choice),
        "against": _against(choice),
        "held": f"{said.held}." if said.held else "",
        "campaign": choice.campaign.name,
    }


def _against(choice: Choice) -> str:
    words = reasons_in_words([str(code) for code in choice.reasons])
    return f"{words[:1].upper()}{words[1:]}." if words else ""


def _weighed(choice: Choice) -> str:
    chance = f"The chance that it helps is {chance_in_words(choice.likelihood)}"
    if Refusal.UNLIKELY in choice.reasons or choice.worth <= 0:
        return f"{chance}: disturbing would cost more than it is worth."
    return f"{chance}. Worth {choice.worth:.2f} of a plain message that helps, the disturbing taken off."
