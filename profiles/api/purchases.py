"""Purchases and returns over the API, by the numbers that your system gives them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Prefetch
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cxportal.lib.api import Refusal
from profiles.api.cursors import PageInput, newest_first
from profiles.api.fields import MomentField, NextField, NumberField, PlaceField
from profiles.api.once import once
from profiles.api.operations import Operation, listed, place_of, shown
from profiles.models import Product, Purchase, PurchaseLine
from profiles.rules.shop_events import Article, OrderLine
from profiles.services import event_orders, recording, returning

_MOST_LINES = 1000
# A return is numbered after its purchase, and has to have room for that.
_LONGEST_NUMBER = 150


class BoughtInput(serializers.Serializer[Any]):
    """An article; one that the catalogue does not know is added to it."""

    product = serializers.CharField(max_length=200, help_text="the shop's own code")
    name = serializers.CharField(max_length=300, required=False)
    category = serializers.CharField(max_length=200, required=False)
    quantity = serializers.DecimalField(
        max_digits=12, decimal_places=3, min_value=0, default=Decimal(1), help_text="more than none"
    )
    unit_price_minor = serializers.IntegerField(
        min_value=0, max_value=10**12, help_text="for one piece, in cents"
    )


class PurchaseInput(serializers.Serializer[Any]):
    """An order or receipt."""

    number = serializers.CharField(max_length=_LONGEST_NUMBER)
    place = PlaceField(required=False, default=None)
    occurred_at = MomentField()
    lines = serializers.ListField(child=BoughtInput(), min_length=1, max_length=_MOST_LINES)


class BroughtBackInput(serializers.Serializer[Any]):
    """An article that goes back; without a price, the one that was paid."""

    product = serializers.CharField(max_length=200)
    quantity = serializers.DecimalField(
        max_digits=12, decimal_places=3, min_value=0, default=Decimal(1)
    )
    unit_price_minor = serializers.IntegerField(min_value=0, max_value=10**12, required=False)


class ReturnInput(serializers.Serializer[Any]):
    """What goes back of a purchase; without lines, all that is left of it."""

    number = NumberField()
    purchase = serializers.CharField(max_length=_LONGEST_NUMBER, help_text="its number")
    place = PlaceField(required=False, default=None)
    occurred_at = MomentField()
    lines = serializers.ListField(
        child=BroughtBackInput(), required=False, default=list, max_length=_MOST_LINES
    )


class LineOutput(serializers.Serializer[Any]):
    """An article; of a return with a negative quantity."""

    product = serializers.CharField(source="product.code")
    name = serializers.CharField(source="product.name")
    quantity = serializers.DecimalField(max_digits=12, decimal_places=3)
    unit_price_minor = serializers.IntegerField()


class PurchaseOutput(serializers.Serializer[Any]):
    """A purchase, or a return with negative quantities."""

    id = serializers.IntegerField()
    source = serializers.CharField(  # type: ignore[assignment]
        source="source.code"
    )
    number = serializers.CharField(source="external_id")
    place = serializers.CharField(source="place.code", default=None, allow_null=True)
    occurred_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    lines = LineOutput(many=True, source="lines.all")


class PurchasesOutput(serializers.Serializer[Any]):
    items = PurchaseOutput(many=True)
    next = NextField()


class PurchasesView(Operation):
    topic = "purchases"

    @extend_schema(parameters=[PageInput], responses=PurchasesOutput)
    def get(self, request: Request, public_id: UUID) -> Response:
        """List what a customer bought and brought back, newest first."""
        asked = self.read(PageInput, request)
        customer = self.customer(public_id)
        rows, next_ = newest_first(_whole(Purchase.objects.filter(customer=customer)), asked)
        return listed(PurchasesOutput, rows, next_)

    @extend_schema(request=PurchaseInput, responses={201: PurchaseOutput})
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Record a purchase. The same number with the same lines again is the same purchase."""
        asked, now = self.read(PurchaseInput, request), timezone.now()
        customer = self.customer(public_id)
        place = place_of(asked["place"])
        with transaction.atomic():
            purchase = recording.record_purchase(
                source=self.source,
                external_id=asked["number"],
                profile=self.profile_of(customer),
                place=place,
                occurred_at=asked["occurred_at"],
                lines=_lines(asked["lines"], now=now),
                now=now,
            )
        return _answer(purchase)


class ReturnsView(Operation):
    """Record what goes back of a purchase: never more than was bought. Repeatable by number."""

    topic = "purchases"

    @extend_schema(request=ReturnInput, responses={201: PurchaseOutput})
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        asked = self.read(ReturnInput, request)
        customer = self.customer(public_id)
        found = Purchase.objects.filter(
            source=self.source, external_id=asked["purchase"], customer=customer
        ).select_related("origin_profile")
        purchase = found.first()
        if purchase is None:
            message = "This customer bought nothing under that number."
            raise Refusal(409, "purchase_unknown", message)
        returned = returning.record_return(
            of=purchase,
            external_id=asked["number"],
            profile=purchase.origin_profile,
            place=place_of(asked["place"]),
            occurred_at=asked["occurred_at"],
            lines=[_brought_back(line) for line in asked["lines"]],
            now=timezone.now(),
        )
        return _answer(returned)


def _whole(rows: Any) -> Any:
    lines = PurchaseLine.objects.select_related("product").order_by("pk")
    return rows.select_related("source", "place").prefetch_related(Prefetch("lines", lines))


def _answer(purchase: Purchase) -> Response:
    return shown(PurchaseOutput, _whole(Purchase.objects).get(pk=purchase.pk), status=201)


def _lines(asked: Sequence[dict[str, Any]], *, now: Any) -> Sequence[recording.Line]:
    articles = [
        Article((line["product"],), line.get("name", ""), line.get("category", ""))
        for line in asked
    ]
    ids = event_orders.ensure_products(articles, now=now)
    products = Product.objects.in_bulk(ids.values())
    return [
        recording.Line(products[ids[article]], line["quantity"], line["unit_price_minor"])
        for article, line in zip(articles, asked, strict=True)
    ]


def _brought_back(line: dict[str, Any]) -> OrderLine:
    if not line["quantity"]:
        raise recording.QuantityWrong("Give each line a quantity other than zero.")
    return OrderLine(Article((line["product"],)), line["quantity"], line.get("unit_price_minor"))
