"""Households over the API: who lives with a customer, and what must be minded for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from profiles.api.once import once
from profiles.api.operations import Operation, absent, shown
from profiles.models import Customer
from profiles.queries.households import Member, household
from profiles.rules.names import Allergen, MemberRole
from profiles.services import households, telling

_ROLES = [str(role) for role in MemberRole]
_ALLERGENS = [str(one) for one in Allergen]


class WarningOutput(serializers.Serializer[Any]):
    """What must be minded."""

    id = serializers.IntegerField()
    allergen = serializers.ChoiceField(choices=[*_ALLERGENS, ""])
    text = serializers.CharField()
    told_at = serializers.DateTimeField()


class MemberOutput(serializers.Serializer[Any]):
    """Somebody of the household; ``customer`` null: no customer of ours."""

    id = serializers.IntegerField()
    customer = serializers.UUIDField(allow_null=True)
    name = serializers.CharField()
    role = serializers.ChoiceField(choices=_ROLES)
    born_on = serializers.DateField(allow_null=True)
    warnings = WarningOutput(many=True)


class HouseholdOutput(serializers.Serializer[Any]):
    """Who lives there, the customer first; nobody where no household is known."""

    items = MemberOutput(many=True)


class MemberInput(serializers.Serializer[Any]):
    """Somebody by name, or another customer by id: one of the two."""

    name = serializers.CharField(max_length=households.LONGEST_NAME, required=False)
    customer = serializers.UUIDField(required=False)
    role = serializers.ChoiceField(choices=_ROLES)
    born_on = serializers.DateField(required=False, help_text="of who is no customer")

    def validate(self, said: dict[str, Any]) -> dict[str, Any]:
        if ("name" in said) == ("customer" in said):
            raise serializers.ValidationError("Give a name, or the id of a customer.")
        if "customer" in said and "born_on" in said:
            raise serializers.ValidationError("A customer's day of birth is a fact of their own.")
        return said


class WarningInput(serializers.Serializer[Any]):
    """An allergen, or words, or both."""

    member = serializers.IntegerField(
        min_value=1,
        max_value=2**63 - 1,
        required=False,
        help_text="left out: the customer themselves",
    )
    allergen = serializers.ChoiceField(choices=_ALLERGENS, required=False)
    text = serializers.CharField(max_length=households.LONGEST_TEXT, required=False)
    agreed_to = serializers.CharField(
        max_length=1000,
        required=False,
        help_text="the sentence that the customer was shown and agreed to: without it, nothing is kept",
    )


class _OfHousehold(Operation):
    topic = "households"

    def members(self, customer: Customer) -> Sequence[dict[str, Any]]:
        """The household as it is now; two queries. All its customers are on record."""
        found = household(customer.pk, timezone.now())
        keys = [member.customer_id for member in found if member.customer_id]
        ids = dict(Customer.objects.filter(pk__in=keys).values_list("pk", "public_id"))
        self.saw(*keys)
        return [_member(member, ids.get(member.customer_id or 0)) for member in found]


class HouseholdView(_OfHousehold):
    """Read who lives with a customer, and what must be minded for them."""

    @extend_schema(responses=HouseholdOutput)
    def get(self, request: Request, public_id: UUID) -> Response:
        return shown(HouseholdOutput, {"items": self.members(self.customer(public_id))})


def _member(member: Member, public_id: UUID | None) -> dict[str, Any]:
    return {
        "id": member.id,
        "customer": public_id,
        "name": member.name,
        "role": member.role,
        "born_on": member.born_on,
        "warnings": member.warnings,
    }


class HouseholdMembersView(_OfHousehold):
    """Add somebody who lives with a customer; the household is made where there is none. Repeatable."""

    @extend_schema(request=MemberInput, responses={201: HouseholdOutput})
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        asked, now = self.read(MemberInput, request), timezone.now()
        customer = self.customer(public_id)
        role = MemberRole(asked["role"])
        if "customer" in asked:
            households.add_customer(
                customer=customer,
                other=self.customer(asked["customer"]),
                role=role,
                by=self.actor,
                now=now,
            )
        else:
            households.add_person(
                customer=customer,
                name=asked["name"],
                role=role,
                born_on=asked.get("born_on"),
                by=self.actor,
                now=now,
            )
        return shown(HouseholdOutput, {"items": self.members(customer)}, status=201)


class HouseholdMemberView(Operation):
    """Let somebody be of the household no longer; their warnings go with them. It can be undone."""

    topic = "households"

    @extend_schema(responses={204: None})
    def delete(self, request: Request, public_id: UUID, member_id: int) -> Response:
        customer = self.customer(public_id)
        with absent(households.MemberUnknown):
            households.remove(customer=customer, member_id=member_id, now=timezone.now())
        return Response(status=204)


class ReturnedMemberView(_OfHousehold):
    """Undo a removal, with all that must be minded for them. Repeatable."""

    @extend_schema(request=None, responses=HouseholdOutput)
    def post(self, request: Request, public_id: UUID, member_id: int) -> Response:
        customer = self.customer(public_id)
        with absent(households.MemberUnknown):
            households.bring_back(customer=customer, member_id=member_id)
        return shown(HouseholdOutput, {"items": self.members(customer)})


class HouseholdWarningsView(Operation):
    """Keep what must be minded, with the customer's yes to that. Repeatable."""

    topic = "households"

    @extend_schema(request=WarningInput, responses={201: WarningOutput})
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        asked = self.read(WarningInput, request)
        customer = self.customer(public_id)
        warning = telling.tell_warning(
            told=telling.Told(
                customer=customer,
                door=self.source.code[:20],
                actor=self.actor,
                now=timezone.now(),
                agreed_to=asked.get("agreed_to", ""),
            ),
            member_id=asked.get("member"),
            allergen=Allergen(asked["allergen"]) if "allergen" in asked else None,
            text=asked.get("text", ""),
        )
        return shown(WarningOutput, warning, status=201)


class HouseholdWarningView(Operation):
    """Mind something no longer. It can be undone."""

    topic = "households"

    @extend_schema(responses={204: None})
    def delete(self, request: Request, public_id: UUID, warning_id: int) -> Response:
        customer = self.customer(public_id)
        with absent(households.WarningUnknown):
            households.end_warning(customer=customer, warning_id=warning_id, now=timezone.now())
        return Response(status=204)


class ReturnedWarningView(Operation):
    """Mind something again that was minded no longer. Repeatable."""

    topic = "households"

    @extend_schema(request=None, responses=WarningOutput)
    def post(self, request: Request, public_id: UUID, warning_id: int) -> Response:
        customer = self.customer(public_id)
        with absent(households.WarningUnknown):
            warning = households.mind_again(customer=customer, warning_id=warning_id)
        return shown(WarningOutput, warning)
