"""What the API shows of a customer from all apps at once: the whole card, and the receipt of their consent."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cxportal.lib.api import Refusal
from cxportal.pages.consent_receipt import receipt_of
from cxportal.pages.counter_card import Card, card_of
from profiles.api.operations import Operation, shown
from profiles.models import Place
from profiles.queries.company import company, company_kept
from profiles.queries.places import Store
from profiles.rules.names import AccessAct


class CardInput(serializers.Serializer[Any]):
    """Where the customer is served."""

    store = serializers.SlugField(
        max_length=80,
        required=False,
        help_text="code of the store; left out: nowhere in particular",
    )


class UsualOutput(serializers.Serializer[Any]):
    """What they usually take at this hour; ``name`` is empty where there honestly is none."""

    name = serializers.CharField()
    why = serializers.CharField()
    chance = serializers.FloatField()
    taken_today = serializers.BooleanField()


class AlertOutput(serializers.Serializer[Any]):
    """What must be minded, for whom."""

    who = serializers.CharField()
    what = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]


class WishOutput(serializers.Serializer[Any]):
    attribute = serializers.CharField(source="code")
    name = serializers.CharField()
    words = serializers.CharField()


class StandingOutput(serializers.Serializer[Any]):
    balance = serializers.IntegerField()
    tier = serializers.CharField(source="tier_code")
    tier_name = serializers.CharField()
    next_tier_name = serializers.CharField()
    points_to_next = serializers.IntegerField()


class SuggestionOutput(serializers.Serializer[Any]):
    """What to say, with its reason; ``ask_first`` is what a guard wants to know before, empty for nothing."""

    moment = serializers.CharField()
    title = serializers.CharField()
    reason = serializers.CharField()
    ask_first = serializers.CharField()


class SilenceOutput(serializers.Serializer[Any]):
    """What is due and stays unsaid, with the reason."""

    titles = serializers.ListField(child=serializers.CharField())
    reason = serializers.CharField()


class OpenCaseOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    kind = serializers.CharField()
    about = serializers.CharField(source="label")
    priority = serializers.CharField()
    opened_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()


class RecentOutput(serializers.Serializer[Any]):
    occurred_at = serializers.DateTimeField()
    place = serializers.CharField()
    items = serializers.ListField(child=serializers.CharField())
    is_return = serializers.BooleanField()


class ComingUpOutput(serializers.Serializer[Any]):
    kind = serializers.CharField()
    state = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(allow_null=True)
    place = serializers.CharField()
    resource = serializers.CharField()
    lines = serializers.ListField(child=serializers.CharField())


class AgreedOutput(serializers.Serializer[Any]):
    purpose = serializers.CharField()
    channel = serializers.CharField()
    state = serializers.CharField(help_text="granted, withdrawn, or empty: not said")


class CardOutput(serializers.Serializer[Any]):
    """Everything that staff at a counter see of a customer; contacts are masked."""

    id = serializers.UUIDField(source="customer.public_id")
    name = serializers.CharField(source="customer.name")
    contacts = serializers.ListField(child=serializers.CharField())
    usual = UsualOutput()
    alerts = AlertOutput(many=True, source="known.alerts")
    wishes = WishOutput(many=True, source="known.wishes")
    standing = StandingOutput()
    suggested = SuggestionOutput(many=True)
    silent = SilenceOutput(many=True)
    cases = OpenCaseOutput(many=True)
    coming = ComingUpOutput(many=True, source="visits.coming")
    recent = RecentOutput(many=True)
    consents = AgreedOutput(many=True)


class CardView(Operation):
    """Read the whole card: the usual now, warnings, what to say, points, cases, consent."""

    topic = "customers"

    @extend_schema(parameters=[CardInput], responses=CardOutput)
    def get(self, request: Request, public_id: UUID) -> Response:
        asked = self.read(CardInput, request)
        customer = self.customer(public_id)
        with company_kept():
            card: Card = card_of(
                customer=customer, store=_store(asked.get("store")), now=timezone.now()
            )
            return shown(CardOutput, card)


def _store(code: str | None) -> Store:
    zone = company().time_zone
    if code is None:
        return Store(0, "", zone)
    place = Place.objects.filter(code=code).first()
    if place is None:
        raise Refusal(400, "place_unknown", "There is no store of that code.")
    return Store(place.pk, place.name, place.time_zone or zone)


class ReceiptView(Operation):
    """Read the receipt of all that a customer agreed to, in the fields of ISO/IEC TS 27560."""

    topic = "consents"
    act = AccessAct.EXPORTED

    @extend_schema(responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request, public_id: UUID) -> Response:
        return Response(receipt_of(self.customer(public_id)))


CARD = login_not_required(CardView.as_view())
RECEIPT = login_not_required(ReceiptView.as_view())
