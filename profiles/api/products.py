"""The catalogue over the API: products searched by what they are like. Names no customer."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cxportal.lib.api import Refusal
from profiles.api.cursors import MOST, USUAL
from profiles.api.fields import NextField
from profiles.api.operations import Operation, listed, not_found, shown
from profiles.models import ApiKey, Product
from profiles.queries.product_terms import traits
from profiles.queries.products import described, filters_of, search
from profiles.rules.conditions import Wrong
from profiles.rules.names import ProductKind
from profiles.rules.scopes import Scope
from profiles.services import describing

_MOST_STARTED = 100_000


class ProductsInput(serializers.Serializer[Any]):
    """Which products; every characteristic is a filter besides."""

    q = serializers.CharField(max_length=100, required=False, default="", help_text="name or code")
    category = serializers.CharField(max_length=200, required=False, default="", help_text="name")
    limit = serializers.IntegerField(min_value=1, max_value=MOST, default=USUAL)
    cursor = serializers.CharField(
        max_length=20, required=False, default="", help_text="“next” of the page before"
    )


class ProductOutput(serializers.Serializer[Any]):
    """A product with what it is like, by the codes of characteristics."""

    code = serializers.CharField()
    name = serializers.CharField()
    category = serializers.CharField(allow_blank=True)
    url = serializers.CharField(allow_blank=True)
    released_on = serializers.DateField(allow_null=True)
    characteristics = serializers.DictField(source="values")


class ProductsOutput(serializers.Serializer[Any]):
    items = ProductOutput(many=True)
    next = NextField()


class CharacteristicOutput(serializers.Serializer[Any]):
    """Something by which products are compared, and the filters that ask for it."""

    code = serializers.CharField()
    name = serializers.CharField()
    type = serializers.CharField()
    unit = serializers.CharField(allow_blank=True)
    choices = serializers.ListField(child=serializers.CharField())
    filters = serializers.ListField(child=serializers.CharField())


class CharacteristicsOutput(serializers.Serializer[Any]):
    items = CharacteristicOutput(many=True)


class DescriptionInput(serializers.Serializer[Any]):
    """What a product is like; what is not named stays, null takes a value away."""

    characteristics = serializers.DictField(child=serializers.JSONField(allow_null=True))


_FILTERS = OpenApiParameter(
    "characteristics",
    {"type": "object", "additionalProperties": {"type": "string"}},
    OpenApiParameter.QUERY,
    style="form",
    explode=True,
    description="by the filters of the characteristics: weight_at_most=1000, use=hiking",
)


class _Catalogue(Operation):
    topic = "products"

    def get_permissions(self) -> Any:
        """A shop's pages read with a key that may stand in the open; a key that reads all else does, too."""
        key = self.request.auth
        reads_all = isinstance(key, ApiKey) and Scope.READ in key.scopes
        if self.request.method == "GET" and not reads_all:
            self.scope = Scope.PRODUCTS
        return super().get_permissions()


class CharacteristicsView(_Catalogue):
    """List by what products can be searched and compared."""

    @extend_schema(responses=CharacteristicsOutput)
    def get(self, request: Request) -> Response:
        known = traits()
        filters = filters_of(known)
        items = [
            {
                "code": one.code,
                "name": one.name,
                "type": one.type,
                "unit": one.schema.unit,
                "choices": one.schema.choices,
                "filters": [name for name, (of, _) in filters.items() if of.code == one.code],
            }
            for one in known.values()
        ]
        return shown(CharacteristicsOutput, {"items": items})


class ProductsView(_Catalogue):
    """Search products by name, category and what they are like."""

    @extend_schema(parameters=[ProductsInput, _FILTERS], responses=ProductsOutput)
    def get(self, request: Request) -> Response:
        asked = self.read(ProductsInput, request)
        start = _start(asked["cursor"])
        try:
            found = search(
                text=asked["q"],
                category=asked["category"],
                asked=_asked(request.query_params.dict()),
                start=start,
                most=asked["limit"],
            )
        except KeyError as error:
            words = f"There is no filter {error}. Ask for the characteristics to see all."
            raise Refusal(400, "filter_unknown", words) from error
        except Wrong as error:
            raise Refusal(400, "filter_malformed", str(error)) from error
        after = start + len(found.products)
        return listed(
            ProductsOutput, found.products, _cursor(after) if after < found.total else None
        )


class ProductView(_Catalogue):
    @extend_schema(responses=ProductOutput)
    def get(self, request: Request, code: str) -> Response:
        """Show one product, by the shop's own code."""
        return _answer(_product(code))

    @extend_schema(request=DescriptionInput, responses=ProductOutput)
    def patch(self, request: Request, code: str) -> Response:
        """Write what a product is like. Repeatable."""
        product = _product(code)
        describing.describe(
            product=product, values=self.read(DescriptionInput, request)["characteristics"]
        )
        return _answer(product)


def _product(code: str) -> Product:
    goods = Product.objects.filter(kind=ProductKind.GOODS).select_related("category")
    product = goods.filter(code=code).first()
    if product is None:
        raise not_found("There is no such product.")
    return product


def _answer(product: Product) -> Response:
    (one,) = described([product])
    return shown(ProductOutput, one)


def _asked(query: Mapping[str, str]) -> Mapping[str, str]:
    plain = ProductsInput().fields.keys()
    return {name: value for name, value in query.items() if name not in plain}


def _cursor(start: int) -> str:
    return base64.urlsafe_b64encode(str(start).encode()).decode().rstrip("=")


def _start(cursor: str) -> int:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        start = int(base64.b64decode(padded, altchars=b"-_", validate=True)) if cursor else 0
    except (binascii.Error, ValueError):
        start = -1
    if not 0 <= start <= _MOST_STARTED:
        raise Refusal(400, "cursor_malformed", "Send “next” of the page before as the cursor.")
    return start
