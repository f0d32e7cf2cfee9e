"""Who would mind least, over the API: a list of customers ranked, with reasons."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.queries.minding import criterion_of, least_minding, named_customers
from cxportal.lib.api import Refusal
from profiles.api.operations import Operation, shown
from profiles.models import Customer
from profiles.rules.conditions import Wrong

MOST_NAMED, MOST_CRITERIA, MOST_SHOWN = 2_000, 20, 20


class CriterionInput(serializers.Serializer[Any]):
    """Something that speaks for asking a customer, or with a negative weight against it."""

    condition = serializers.JSONField(help_text="a condition on a customer, as guards have them")
    weight = serializers.IntegerField(min_value=-10, max_value=10)


class MindingInput(serializers.Serializer[Any]):
    customers = serializers.ListField(
        child=serializers.CharField(max_length=254),
        min_length=1,
        max_length=MOST_NAMED,
        help_text="customer numbers, e-mail addresses, or phone numbers as +436641234567",
    )
    criteria = CriterionInput(many=True)
    most = serializers.IntegerField(min_value=1, max_value=MOST_SHOWN, default=5)

    def validate_criteria(self, given: list[Any]) -> list[Any]:
        """Keep it to what one can weigh in one's head."""
        if len(given) > MOST_CRITERIA:
            raise serializers.ValidationError(f"Write at most {MOST_CRITERIA} criteria.")
        return given


class RankedOutput(serializers.Serializer[Any]):
    """One to ask, with what speaks for it and against."""

    customer = serializers.UUIDField()
    score = serializers.FloatField()
    reasons = serializers.ListField(child=serializers.CharField())
    against = serializers.ListField(child=serializers.CharField())


class MindingOutput(serializers.Serializer[Any]):
    """The few to ask first, best first; who has a complaint open is only counted."""

    ranked = RankedOutput(many=True)
    asked = serializers.IntegerField()
    complaining = serializers.IntegerField()
    unclear = serializers.ListField(
        child=serializers.CharField(), help_text="what named nobody, or several"
    )


class MindingView(Operation):
    topic = "decisions"
    only_reads = True

    @extend_schema(request=MindingInput, responses=MindingOutput)
    def post(self, request: Request) -> Response:
        """Ask who of a list would mind an offer least, and why.

        Nothing is stored, and nobody is written to. What is delicate selects nobody: such a condition is refused.
        """
        asked = self.read(MindingInput, request)
        try:
            criteria = [criterion_of(one["condition"], one["weight"]) for one in asked["criteria"]]
        except Wrong as error:
            raise Refusal(409, "condition_refused", error.words) from error
        customers, unclear = named_customers(list(dict.fromkeys(asked["customers"])))
        found = least_minding(
            customers=customers, criteria=criteria, most=asked["most"], now=timezone.now()
        )
        ids = [one.customer_id for one in found.ranked]
        public = dict(Customer.objects.filter(pk__in=ids).values_list("pk", "public_id"))
        self.saw(*ids, found=found.asked)
        ranked = [
            {
                "customer": public[one.customer_id],
                "score": one.score,
                "reasons": one.reasons,
                "against": one.against,
            }
            for one in found.ranked
        ]
        told = {"ranked": ranked, "asked": found.asked, "complaining": found.complaining}
        return shown(MindingOutput, told | {"unclear": unclear})
