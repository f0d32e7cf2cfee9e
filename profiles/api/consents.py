"""Consent over the API: what a customer agreed to, with the wording that they saw."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cxportal.lib.api import Refusal
from profiles.api.fields import MomentField
from profiles.api.once import once
from profiles.api.operations import Operation, shown
from profiles.models import ConsentEntry, ConsentWording, Customer, Identifier
from profiles.queries.company import company
from profiles.rules.names import Channel, ConsentState, IdentifierKind, Purpose, normal_identifier
from profiles.rules.purposes import CONFIRM_WITHIN, MESSAGES
from profiles.services import consenting

CHANNELS = dict.fromkeys(Purpose, Channel.NONE) | dict(MESSAGES)
# What is delicate is agreed to together with what is told: a fact or a warning.
_GRANTABLE = [str(purpose) for purpose in Purpose if purpose != Purpose.SPECIAL]


class WordingOutput(serializers.Serializer[Any]):
    """The exact text that somebody sees; a changed text is a new version."""

    purpose = serializers.ChoiceField(choices=[str(one) for one in Purpose])
    language = serializers.CharField()
    version = serializers.IntegerField()
    text = serializers.CharField()


class WordingsOutput(serializers.Serializer[Any]):
    items = WordingOutput(many=True)


class ConsentOutput(serializers.Serializer[Any]):
    """Where one purpose stands; ``waits_since``: since when a yes waits to be confirmed."""

    purpose = serializers.ChoiceField(choices=[str(one) for one in Purpose])
    channel = serializers.ChoiceField(choices=[str(one) for one in Channel])
    state = serializers.ChoiceField(
        choices=["", "granted", "withdrawn"], help_text="empty: not said"
    )
    occurred_at = serializers.DateTimeField(allow_null=True)
    door = serializers.CharField()
    waits_since = serializers.DateTimeField(allow_null=True)


class ConsentsOutput(serializers.Serializer[Any]):
    items = ConsentOutput(many=True)


class SaidOutput(serializers.Serializer[Any]):
    """A statement as the ledger keeps it; "asked" is a yes that waits to be confirmed by mail."""

    id = serializers.IntegerField()
    purpose = serializers.CharField()
    channel = serializers.CharField()
    state = serializers.ChoiceField(choices=[str(one) for one in ConsentState])
    occurred_at = serializers.DateTimeField()


class EvidenceInput(serializers.Serializer[Any]):
    """Where the customer was when they said it."""

    ip_address = serializers.IPAddressField(required=False)
    user_agent = serializers.CharField(max_length=300, required=False)


class GrantInput(serializers.Serializer[Any]):
    """A yes to the wording that was shown."""

    purpose = serializers.ChoiceField(choices=_GRANTABLE)
    language = serializers.CharField(max_length=10, help_text="of the wording that was shown")
    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    occurred_at = MomentField(required=False)
    email = serializers.CharField(
        max_length=254, required=False, help_text="the address given with it, which confirms it"
    )
    evidence = EvidenceInput(required=False)


class WithdrawInput(serializers.Serializer[Any]):
    """A no; it never needs a confirmation."""

    purpose = serializers.ChoiceField(choices=[str(one) for one in Purpose])
    occurred_at = MomentField(required=False)
    evidence = EvidenceInput(required=False)


class WordingsView(Operation):
    """List the newest wording of each purpose and language, to be shown as it is."""

    topic = "consents"

    @extend_schema(responses=WordingsOutput)
    def get(self, request: Request) -> Response:
        newest = ConsentWording.objects.filter(purpose__in=_GRANTABLE).distinct(
            "purpose", "language"
        )
        return shown(WordingsOutput, {"items": newest.order_by("purpose", "language", "-version")})


class ConsentsView(Operation):
    topic = "consents"

    @extend_schema(responses=ConsentsOutput)
    def get(self, request: Request, public_id: UUID) -> Response:
        """List where each purpose stands."""
        customer, now = self.customer(public_id), timezone.now()
        return shown(ConsentsOutput, {"items": _standing(customer, now)})

    @extend_schema(request=GrantInput, responses={201: SaidOutput})
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Write a yes down, with the wording that was shown.

        Where the purpose asks for a confirmation, the state is "asked" until the link in our mail was used.
        The same yes again returns the one that stands.
        """
        asked = self.read(GrantInput, request)
        customer = self.customer(public_id)
        purpose = Purpose(asked["purpose"])
        entry = consenting.grant(
            customer=customer,
            purpose=purpose,
            channel=CHANNELS[purpose],
            wording=_wording(asked),
            door=self.source.code[:20],
            actor=self.actor,
            occurred_at=asked.get("occurred_at", timezone.now()),
            evidence=_evidence(asked),
            identifier=_address(customer, asked),
        )
        return shown(SaidOutput, entry, status=201)


class WithdrawalsView(Operation):
    """Write a no down; it holds at once, for every record of the customer. Repeatable."""

    topic = "consents"

    @extend_schema(request=WithdrawInput, responses={201: SaidOutput})
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        asked = self.read(WithdrawInput, request)
        purpose = Purpose(asked["purpose"])
        entry = consenting.withdraw(
            customer=self.customer(public_id),
            purpose=purpose,
            channel=CHANNELS[purpose],
            door=self.source.code[:20],
            actor=self.actor,
            occurred_at=asked.get("occurred_at", timezone.now()),
            evidence=_evidence(asked),
        )
        return shown(SaidOutput, entry, status=201)


def _standing(customer: Customer, now: datetime) -> Sequence[dict[str, Any]]:
    """What holds of every purpose that can be granted or was; two queries."""
    held = ConsentEntry.objects.standing([customer.pk], now)
    waiting = _waiting(customer, now)
    found = []
    for purpose, channel in CHANNELS.items():
        entry = held.get((customer.pk, purpose, channel))
        asked_at = waiting.get((purpose, channel))
        if asked_at and entry and entry.occurred_at >= asked_at:
            asked_at = None
        found.append(
            {
                "purpose": purpose,
                "channel": channel,
                "state": entry.state if entry else "",
                "occurred_at": entry.occurred_at if entry else None,
                "door": entry.door if entry else "",
                "waits_since": asked_at,
            }
        )
    return found


def _waiting(customer: Customer, now: datetime) -> dict[tuple[str, str], datetime]:
    asked = ConsentEntry.objects.filter(
        customer=customer,
        request__confirmed_at=None,
        request__isnull=False,
        occurred_at__range=(now - CONFIRM_WITHIN, now),
    )
    rows = asked.order_by("occurred_at").values_list("purpose", "channel", "occurred_at")
    return {(purpose, channel): at for purpose, channel, at in rows}


def _wording(asked: dict[str, Any]) -> ConsentWording:
    found = ConsentWording.objects.filter(
        purpose=asked["purpose"], language=asked["language"], version=asked["version"]
    ).first()
    if found is None:
        raise consenting.WordingMissing(
            "There is no such wording. Show one of those that there are."
        )
    return found


def _evidence(asked: dict[str, Any]) -> consenting.Evidence | None:
    given = asked.get("evidence")
    return consenting.Evidence(**given) if given else None


def _address(customer: Customer, asked: dict[str, Any]) -> Identifier | None:
    """The address of this customer that was given with a yes."""
    if "email" not in asked:
        return None
    value = normal_identifier(IdentifierKind.EMAIL, asked["email"], company().phone_region)
    found = Identifier.objects.filter(customer=customer, kind=IdentifierKind.EMAIL, value=value)
    if not (identifier := found.select_related("origin_profile").first()):
        raise Refusal(409, "identifier_unknown", "This customer is not known by that address.")
    return identifier
