"""What people are asked who come in: a name, one contact, and a box per purpose that nobody ticked for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone

from campaigns.services import letters
from cxportal.lib.http import client_address
from cxportal.lib.links import LinkPurpose, link
from profiles.models import ConsentWording, Customer, Identifier
from profiles.queries.card import offered_to_newcomers
from profiles.queries.company import company
from profiles.rules.purposes import purpose_in_words
from profiles.services import consenting


@dataclass(frozen=True)
class Box:
    """One purpose with the sentence beside its box."""

    wording_id: int
    title: str
    text: str
    is_ticked: bool


class JoiningForm(forms.Form):
    """``website`` is a trap: people do not see it, and programs fill it in."""

    use_required_attribute = False
    name = forms.CharField(
        max_length=200,
        error_messages={"required": "Write a name, so that we know how to address you."},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    contact = forms.CharField(
        label="E-mail address or phone number",
        max_length=254,
        error_messages={"required": "Write an e-mail address or a phone number."},
        widget=forms.TextInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
    )
    website = forms.CharField(
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )


def boxes(language: str, ticked: Sequence[str] = ()) -> Sequence[Box]:
    """The boxes in this language, in the order of the purposes."""
    return [
        Box(one.pk, purpose_in_words(one.purpose).capitalize(), one.text, str(one.pk) in ticked)
        for one in offered_to_newcomers(language)
    ]


def box_language(asked: str) -> str:
    """The language of the boxes: the one that was asked for where there are wordings in it, else the house's."""
    known = ConsentWording.objects.values_list("language", flat=True).distinct()
    wanted = asked.strip().lower().partition("-")[0]
    return wanted if wanted in set(known) else company().language


def evidence_of(request: HttpRequest) -> consenting.Evidence:
    """From where something was said."""
    return consenting.Evidence(client_address(request), request.headers.get("User-Agent", ""))


def send_page_link(*, customer: Customer, identifier: Identifier, place_name: str) -> None:
    """Mail the link to the customer's own page, to the address that they gave.

    Raises:
        SendingIsStopped, LetterNotSent: nothing left, as far as we know.
    """
    house = company()
    context: dict[str, Any] = {
        "company_name": house.name,
        "place_name": place_name,
        "url": link(LinkPurpose.MY_PAGE, "my-page", str(customer.public_id)),
    }
    letters.send_letter(
        recipient=identifier.value,
        subject=f"Your page at {house.name}",
        words=render_to_string("cxportal/sign_up_mail.txt", context),
        now=timezone.now(),
    )
