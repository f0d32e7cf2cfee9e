"""Customers over the API: found, read, made known, corrected."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cxportal.lib.api import Refusal
from profiles.api.fields import NumberField, PlaceField
from profiles.api.once import once
from profiles.api.operations import Operation, absent, not_found, place_of, shown
from profiles.models import Customer, Identifier, Profile
from profiles.queries import search
from profiles.queries.company import company
from profiles.rules.identity import UNNUMBERED
from profiles.rules.names import SPOKEN, AccessAct, IdentifierKind
from profiles.rules.typed import LONGEST
from profiles.services import correcting, identifying

_LANGUAGE = r"^([a-z]{2,3}(-[A-Za-z0-9]{2,6})?)?$"


class SearchInput(serializers.Serializer[Any]):
    """What was typed: part of a name, phone or card number, a whole e-mail address, an order number."""

    q = serializers.CharField(max_length=LONGEST)


class FoundOutput(serializers.Serializer[Any]):
    """Somebody who may be meant; contacts are masked."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    matched = serializers.CharField()
    contacts = serializers.ListField(child=serializers.CharField())


class SearchOutput(serializers.Serializer[Any]):
    """At most ten, best first."""

    items = FoundOutput(many=True)
    hint = serializers.CharField()


class LookupInput(serializers.Serializer[Any]):
    """By which number a system knows the customer."""

    source = serializers.SlugField(  # type: ignore[assignment]
        max_length=60, required=False, help_text="code of the system; default: the key's own"
    )
    number = NumberField()


class ContactsInput(serializers.Serializer[Any]):
    """By what somebody is found."""

    email = serializers.CharField(max_length=254, required=False)
    phone = serializers.CharField(max_length=60, required=False)
    card = serializers.CharField(max_length=100, required=False)
    social = serializers.CharField(max_length=254, required=False)


class EnrolInput(serializers.Serializer[Any]):
    """Whom your system knows by ``number``."""

    number = NumberField()
    name = serializers.CharField(max_length=200, required=False, allow_blank=True)
    identifiers = ContactsInput(required=False)
    language = serializers.RegexField(_LANGUAGE, max_length=10, required=False, allow_blank=True)
    time_zone = serializers.CharField(max_length=60, required=False, allow_blank=True)
    home_store = PlaceField(required=False)


class CorrectInput(serializers.Serializer[Any]):
    """What is different now; what is left out stays."""

    name = serializers.CharField(max_length=200, required=False, allow_blank=True)
    language = serializers.RegexField(_LANGUAGE, max_length=10, required=False, allow_blank=True)
    time_zone = serializers.CharField(max_length=60, required=False, allow_blank=True)
    home_store = PlaceField(required=False)


class IdentifierInput(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=[str(kind) for kind in SPOKEN])
    value = serializers.CharField(max_length=254)


class IdentifierOutput(serializers.Serializer[Any]):
    """By what somebody is found, in its normal form."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    value = serializers.CharField()
    first_seen_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()
    verified_at = serializers.DateTimeField(allow_null=True)


class KnownAsOutput(serializers.Serializer[Any]):
    """The number by which a system knows the customer."""

    source = serializers.CharField()  # type: ignore[assignment]
    number = serializers.CharField()


class CustomerOutput(serializers.Serializer[Any]):
    """A customer; ``id`` is the present one, whichever was asked for."""

    id = serializers.UUIDField(source="public_id")
    name = serializers.CharField()
    language = serializers.CharField()
    time_zone = serializers.CharField()
    home_store = serializers.CharField(source="home_place.code", default=None, allow_null=True)
    created_at = serializers.DateTimeField()
    known_as = KnownAsOutput(many=True)
    identifiers = IdentifierOutput(many=True)


def whole(customer: Customer) -> dict[str, Any]:
    """A customer as the API shows one; two queries."""
    profiles = Profile.objects.filter(customer=customer).select_related("source").order_by("pk")
    return CustomerOutput(
        {
            "public_id": customer.public_id,
            "name": customer.name,
            "language": customer.language,
            "time_zone": customer.time_zone,
            "home_place": customer.home_place,
            "created_at": customer.created_at,
            "known_as": [
                {"source": profile.source.code, "number": profile.external_id}
                for profile in profiles
                if not profile.external_id.startswith(UNNUMBERED)
            ],
            "identifiers": Identifier.objects.filter(customer=customer).order_by("kind", "pk"),
        }
    ).data


class SearchView(Operation):
    """Find customers by what somebody typed; the words stand in the body, never in an address."""

    only_reads = True
    act = AccessAct.SEARCHED

    @extend_schema(request=SearchInput, responses=SearchOutput)
    def post(self, request: Request) -> Response:
        asked = self.read(SearchInput, request)
        answer = search.find(asked["q"], region=company().phone_region)
        keys = [one.customer_id for one in answer.found]
        ids = dict(Customer.objects.filter(pk__in=keys).values_list("pk", "public_id"))
        self.saw(*keys, found=len(keys))
        items = [
            {
                "id": ids[one.customer_id],
                "name": one.name,
                "matched": one.matched,
                "contacts": one.contacts,
            }
            for one in answer.found
        ]
        return shown(SearchOutput, {"items": items, "hint": answer.hint})


class LookupView(Operation):
    """Find the customer whom a system knows by a number."""

    only_reads = True

    @extend_schema(request=LookupInput, responses=CustomerOutput)
    def post(self, request: Request) -> Response:
        asked = self.read(LookupInput, request)
        found = Profile.objects.filter(
            source__code=asked.get("source", self.source.code), external_id=asked["number"]
        ).values_list("customer__public_id", flat=True)
        public_id = found.first()
        if public_id is None:
            raise not_found("Nobody is known by that number.")
        return Response(whole(self.customer(public_id)))


class CustomersView(Operation):
    """Make a customer known whom your system knows by a number of its own.

    Repeatable: the same number again answers 200 with the customer as they are. Never makes a consent.
    """

    @extend_schema(request=EnrolInput, responses={201: CustomerOutput, 200: CustomerOutput})
    @once
    def post(self, request: Request) -> Response:
        asked, now = self.read(EnrolInput, request), timezone.now()
        known = Profile.objects.filter(source=self.source, external_id=asked["number"]).exists()
        try:
            profile = identifying.enrol(
                source=self.source,
                external_id=asked["number"],
                name=asked.get("name", ""),
                identifiers={
                    IdentifierKind(kind): value
                    for kind, value in asked.get("identifiers", {}).items()
                },
                language=asked.get("language", ""),
                time_zone=asked.get("time_zone", ""),
                home_place=place_of(asked.get("home_store")),
                by=self.actor,
                now=now,
            )
        except identifying.IdentifierTaken as error:
            raise _taken(error) from error
        customer = self.customer(profile.customer.public_id)
        return Response(whole(customer), status=200 if known else 201)


def _taken(error: identifying.IdentifierTaken) -> Refusal:
    """Name whoever is known by it as the API names them."""
    other = Customer.objects.get(pk=error.data["customer"])
    data = {"kind": error.data["kind"], "customer": str(other.public_id)}
    return Refusal(409, error.code, error.message, data=data)


class CustomerView(Operation):
    @extend_schema(responses=CustomerOutput)
    def get(self, request: Request, public_id: UUID) -> Response:
        """Read a customer: who it is, and by what they are found."""
        return Response(whole(self.customer(public_id)))

    @extend_schema(request=CorrectInput, responses=CustomerOutput)
    def patch(self, request: Request, public_id: UUID) -> Response:
        """Correct name, language, time zone or home store."""
        asked = self.read(CorrectInput, request)
        customer = self.customer(public_id)
        if "home_store" in asked:
            asked["home_place"] = place_of(asked.pop("home_store"))
        return Response(whole(correcting.correct(customer=customer, values=asked)))


class IdentifiersView(Operation):
    """Let a customer be found by an address or number, too. Repeatable."""

    @extend_schema(request=IdentifierInput, responses={201: IdentifierOutput})
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        asked = self.read(IdentifierInput, request)
        customer = self.customer(public_id)
        try:
            added = identifying.add_identifier(
                profile=self.profile_of(customer),
                kind=IdentifierKind(asked["kind"]),
                value=asked["value"],
                now=timezone.now(),
            )
        except identifying.IdentifierTaken as error:
            raise _taken(error) from error
        added.refresh_from_db()
        return shown(IdentifierOutput, added, status=201)


class IdentifierView(Operation):
    """Let a customer be found by this no longer."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, public_id: UUID, identifier_id: int) -> Response:
        customer = self.customer(public_id)
        with absent(correcting.IdentifierUnknown):
            correcting.remove_identifier(customer=customer, identifier_id=identifier_id)
        return Response(status=204)


class VerifiedIdentifierView(Operation):
    """Say that your system proved it to be theirs. Repeatable."""

    @extend_schema(request=None, responses=IdentifierOutput)
    def post(self, request: Request, public_id: UUID, identifier_id: int) -> Response:
        customer = self.customer(public_id)
        with absent(correcting.IdentifierUnknown):
            held = correcting.verify_identifier(
                customer=customer, identifier_id=identifier_id, now=timezone.now()
            )
        return shown(IdentifierOutput, held)
