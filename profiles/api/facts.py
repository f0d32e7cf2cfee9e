"""Facts over the API: what is believed of a customer, what they tell, and what they take back."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from profiles.api.fields import MomentField
from profiles.api.once import once
from profiles.api.operations import Operation, not_found, shown
from profiles.models import Attribute, Customer, FactValue
from profiles.queries.facts import Known, sheet
from profiles.rules.facts import CUSTOMER
from profiles.rules.names import AttributeType, Manner, Sensitivity
from profiles.services import noting, telling


class AttributeOutput(serializers.Serializer[Any]):
    """Something that can be known of a customer."""

    code = serializers.CharField()
    name = serializers.CharField()
    type = serializers.ChoiceField(choices=[str(one) for one in AttributeType])
    unit = serializers.CharField()
    choices = serializers.ListField(child=serializers.CharField())
    purpose = serializers.CharField()
    sensitivity = serializers.ChoiceField(choices=[str(one) for one in Sensitivity])


class AttributesOutput(serializers.Serializer[Any]):
    items = AttributeOutput(many=True)


class FactOutput(serializers.Serializer[Any]):
    """What is believed, and where it comes from."""

    attribute = serializers.CharField(help_text="code of the attribute")
    value = serializers.JSONField()
    manner = serializers.ChoiceField(choices=[str(one) for one in Manner])
    told_by = serializers.CharField(help_text="customer, staff, file, api or rule")
    source = serializers.CharField(  # type: ignore[assignment]
        help_text="name of the system that it came through, or empty"
    )
    occurred_at = serializers.DateTimeField()
    confidence = serializers.FloatField(help_text="0 … 1; of what was told 1")


class FactsOutput(serializers.Serializer[Any]):
    items = FactOutput(many=True)


class FactInput(serializers.Serializer[Any]):
    """One thing that was told, seen or concluded of the customer."""

    attribute = serializers.SlugField(max_length=60)
    value = serializers.JSONField(
        help_text="text, a number, true or false, a day, or several choices; never null"
    )
    manner = serializers.ChoiceField(
        choices=[str(one) for one in Manner], default=Manner.TOLD.value
    )
    in_person = serializers.BooleanField(
        default=False,
        help_text="the customer says it now, through your system: it outranks all else",
    )
    confidence = serializers.FloatField(min_value=0, max_value=1, required=False)
    occurred_at = MomentField(required=False)
    agreed_to = serializers.CharField(
        max_length=1000,
        required=False,
        help_text="of a special category: the sentence that the customer was shown and agreed to",
    )


class WrittenFactOutput(serializers.Serializer[Any]):
    """The statement as it is kept."""

    attribute = serializers.CharField()
    value = serializers.JSONField()
    manner = serializers.CharField()
    occurred_at = serializers.DateTimeField()
    confidence = serializers.FloatField()


class AttributesView(Operation):
    """List what can be known of customers: the attributes in use."""

    topic = "facts"

    @extend_schema(responses=AttributesOutput)
    def get(self, request: Request) -> Response:
        attributes = Attribute.objects.filter(is_active=True).order_by("code")
        return shown(AttributesOutput, {"items": attributes})


class FactsView(Operation):
    topic = "facts"

    @extend_schema(responses=FactsOutput)
    def get(self, request: Request, public_id: UUID) -> Response:
        """List what is believed of a customer, and where each fact comes from.

        A special category stands here only where it is for those who serve the customer, and while they agree.
        """
        customer = self.customer(public_id)
        items = [_shown(one) for one in sheet(customer.pk, timezone.now()) if _may_be_shown(one)]
        return shown(FactsOutput, {"items": items})

    @extend_schema(request=FactInput, responses={201: WrittenFactOutput})
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Write one fact down. Said again, the statement that says it already is returned.

        Nothing is overwritten: what the customer says in person outranks all else.
        """
        asked, now = self.read(FactInput, request), timezone.now()
        customer = self.customer(public_id)
        attribute = Attribute.objects.filter(code=asked["attribute"], is_active=True).first()
        if attribute is None:
            raise noting.AttributeUnknown("There is no such attribute. Choose one of those in use.")
        if attribute.sensitivity == Sensitivity.SPECIAL and asked["manner"] == Manner.TOLD:
            kept = self._told(customer, attribute, asked, now)
        else:
            kept = self._noted(customer, asked, now)
        return shown(WrittenFactOutput, _written(kept), status=201)

    def _noted(self, customer: Customer, asked: dict[str, Any], now: datetime) -> FactValue:
        is_told = asked["manner"] == Manner.TOLD
        return noting.note(
            statement=noting.Statement(
                profile_id=self.profile_of(customer).pk,
                attribute=asked["attribute"],
                value=asked["value"],
                manner=Manner(asked["manner"]),
                actor=CUSTOMER if asked["in_person"] and is_told else self.actor,
                occurred_at=asked.get("occurred_at", now),
                source_id=self.source.pk,
                confidence=asked.get("confidence", 1.0),
            ),
            now=now,
        )

    def _told(
        self, customer: Customer, attribute: Attribute, asked: dict[str, Any], now: datetime
    ) -> FactValue:
        told = telling.Told(
            customer=customer,
            door=self.source.code[:20],
            actor=CUSTOMER if asked["in_person"] else self.actor,
            now=now,
            agreed_to=asked.get("agreed_to", ""),
        )
        return telling.tell_fact(told=told, attribute=attribute, value=asked["value"])


class FactView(Operation):
    """Delete a fact, on the customer's word: neither an import nor a conclusion brings it back."""

    topic = "facts"

    @extend_schema(responses={204: None})
    def delete(self, request: Request, public_id: UUID, attribute: str) -> Response:
        customer, now = self.customer(public_id), timezone.now()
        if not Attribute.objects.filter(code=attribute).exists():
            raise not_found("There is no such attribute.")
        noting.note(
            statement=noting.Statement(
                profile_id=self.profile_of(customer).pk,
                attribute=attribute,
                value=None,
                manner=Manner.TOLD,
                actor=CUSTOMER,
                occurred_at=now,
                source_id=self.source.pk,
            ),
            now=now,
        )
        return Response(status=204)


def _may_be_shown(one: Known) -> bool:
    return one.version is not None and (not one.is_special or one.is_for_staff)


def _shown(one: Known) -> dict[str, Any]:
    version = one.version
    assert version is not None  # what nobody said is not listed
    return {
        "attribute": one.code,
        "value": version.value,
        "manner": version.manner,
        "told_by": version.actor.partition(":")[0],
        "source": one.source,
        "occurred_at": version.occurred_at,
        "confidence": one.confidence,
    }


def _written(kept: FactValue) -> dict[str, Any]:
    return {
        "attribute": kept.attribute.code,
        "value": kept.value,
        "manner": kept.manner,
        "occurred_at": kept.occurred_at,
        "confidence": kept.confidence,
    }
