"""The API of what customers have coming: asked for, moved and listed by other systems.

The system's own numbers name customers and requests: ``customer`` is whom it knows by that number,
``number`` its own for the order, stay or booking.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_not_required
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cxportal.lib.errors import DomainError
from profiles.api.once import once
from profiles.api.operations import Operation, shown
from profiles.models import Pickup, Place, Product, Profile, Source
from profiles.queries.company import company
from profiles.queries.pickups import coming_at
from profiles.rules.names import PickupKind, PickupState
from profiles.services import pickups
from profiles.services.pickups import Wish
from profiles.services.recording import Line


class NotKnownHere(DomainError):
    """The system names a customer, store, article or request that is not known; ``data["field"]`` says which."""

    code = "not_known"


class LineInput(serializers.Serializer[Any]):
    product = serializers.CharField(max_length=200, help_text="the shop's own code")
    quantity = serializers.DecimalField(max_digits=12, decimal_places=3, default=Decimal(1))
    unit_price_minor = serializers.IntegerField(
        min_value=0, max_value=10**12, help_text="for one piece, in cents"
    )


class RequestInput(serializers.Serializer[Any]):
    """What is asked for."""

    number = serializers.CharField(max_length=200)
    customer = serializers.CharField(max_length=200, help_text="the number that you know them by")
    kind = serializers.ChoiceField(choices=[str(kind) for kind in PickupKind])
    place = serializers.CharField(max_length=80, help_text="the code of the store")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    resource = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    wish = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)
    lines = LineInput(many=True, required=False, default=list)


class MoveInput(serializers.Serializer[Any]):
    """Which request, and what became of it."""

    number = serializers.CharField(max_length=200)
    state = serializers.ChoiceField(choices=[str(state) for state in PickupState])


class PickupOutput(serializers.Serializer[Any]):
    """Where it stands; ``purchase`` is the number of the purchase that it became."""

    number = serializers.CharField(source="external_id")
    kind = serializers.CharField()
    state = serializers.CharField()
    starts_at = serializers.DateTimeField()
    purchase = serializers.IntegerField(source="purchase_id", allow_null=True)


class ComingOutput(serializers.Serializer[Any]):
    """One line of a store's list."""

    kind = serializers.CharField()
    state = serializers.CharField()
    name = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(allow_null=True)
    resource = serializers.CharField()
    wish = serializers.CharField()
    lines = serializers.ListField(child=serializers.CharField())


class _OfPickups(Operation):
    """What is said of one request."""

    topic = "pickups"

    def pickup(self, number: str) -> Pickup | None:
        """Return the request that this key's system knows by a number."""
        return Pickup.objects.filter(source=self.source, external_id=number).first()

    def answer(self, pickup: Pickup, status: int = 200) -> Response:
        self.saw(pickup.customer_id)
        return shown(PickupOutput, pickup, status=status)

    def saw_again(self, answer: Any) -> None:
        if pickup := self.pickup(answer["number"]):
            self.saw(pickup.customer_id)


class PickupsView(_OfPickups):
    """Ask for something; the same number again is the same request."""

    @extend_schema(request=RequestInput, responses={201: PickupOutput})
    @once
    def post(self, request: Request) -> Response:
        asked = self.read(RequestInput, request)
        pickup = pickups.request(
            source=self.source,
            external_id=asked["number"],
            profile=_profile(self.source, asked["customer"]),
            wish=_wish(asked),
            by=self.actor,
            now=timezone.now(),
        )
        return self.answer(pickup, 201)


class PickupStateView(_OfPickups):
    """Say what became of it; repeatable."""

    @extend_schema(request=MoveInput, responses=PickupOutput)
    @once
    def post(self, request: Request) -> Response:
        asked = self.read(MoveInput, request)
        found = self.pickup(asked["number"])
        if found is None:
            raise NotKnownHere("There is no request of that number.", data={"field": "number"})
        deed = _DEEDS[PickupState(asked["state"])]
        return self.answer(deed(pickup_id=found.pk, by=self.actor, now=timezone.now()))


_DEEDS: Mapping[PickupState, Callable[..., Pickup]] = {
    PickupState.REQUESTED: pickups.take_back,
    PickupState.READY: pickups.mark_ready,
    PickupState.HANDED_OVER: pickups.hand_over,
    PickupState.CANCELLED: pickups.cancel,
}


class ComingView(Operation):
    """What a store has coming until the end of its day, at most 200."""

    topic = "pickups"

    @extend_schema(responses=ComingOutput(many=True))
    def get(self, request: Request, place: str) -> Response:
        found = coming_at(
            _place(place).pk, company_zone=ZoneInfo(company().time_zone), now=timezone.now()
        )
        self.saw(*(one.customer_id for one in found), found=len(found))
        return Response(ComingOutput(found, many=True).data)


def _wish(asked: Mapping[str, Any]) -> Wish:
    starts_at: datetime = asked["starts_at"]
    return Wish(
        kind=PickupKind(asked["kind"]),
        place=_place(asked["place"]),
        starts_at=starts_at,
        ends_at=asked["ends_at"],
        resource=asked["resource"],
        wish=asked["wish"],
        lines=_lines(asked["lines"]),
    )


def _lines(asked: list[dict[str, Any]]) -> list[Line]:
    known = Product.objects.in_bulk({line["product"] for line in asked}, field_name="code")
    if any(line["product"] not in known for line in asked):
        raise NotKnownHere("An article is not in the catalogue.", data={"field": "lines"})
    return [
        Line(known[line["product"]], line["quantity"], line["unit_price_minor"]) for line in asked
    ]


def _place(code: str) -> Place:
    place = Place.objects.filter(code=code).first()
    if place is None:
        raise NotKnownHere("There is no store of that code.", data={"field": "place"})
    return place


def _profile(source: Source, number: str) -> Profile:
    found = Profile.objects.filter(
        source=source, external_id=number, customer__erased_at=None
    ).first()
    if found is None:
        raise NotKnownHere("You know nobody by that number.", data={"field": "customer"})
    return found


REQUEST = login_not_required(PickupsView.as_view())
STATE = login_not_required(PickupStateView.as_view())
COMING = login_not_required(ComingView.as_view())
