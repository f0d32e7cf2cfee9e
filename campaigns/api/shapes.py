"""What the operations on decisions take and give."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from campaigns.rules.codes import DeliveryState, Door, OutcomeKind, Verdict
from campaigns.rules.reasons import Reader
from profiles.api.cursors import PageInput
from profiles.api.fields import MomentField, NextField, NumberField, PlaceField
from profiles.rules.names import SPOKEN

MOST_LINES = 200
MOST_ACTIONS = 10
# Clocks of tills differ by this much from ours; beyond it, it is another time that is meant.
CLOCKS_DIFFER = timedelta(minutes=10)
# So far ahead one may try out what would be said.
FURTHEST = timedelta(days=60)
_READERS = [str(reader) for reader in Reader]
_VERDICTS = [str(verdict) for verdict in Verdict]
_DOORS = [str(door) for door in Door]


class WhoseInput(serializers.Serializer[Any]):
    """By what a customer is found."""

    kind = serializers.ChoiceField(choices=[str(kind) for kind in SPOKEN])
    value = serializers.CharField(max_length=254)


class InBasketInput(serializers.Serializer[Any]):
    product = serializers.CharField(max_length=200, help_text="the shop's own code")
    quantity = serializers.DecimalField(
        max_digits=12, decimal_places=3, min_value=0, default=Decimal(1)
    )


class ContextInput(serializers.Serializer[Any]):
    """Where the customer is met, and what is so at this moment. It counts for this answer, and leaves no event."""

    door = serializers.ChoiceField(choices=_DOORS, default=str(Door.COUNTER))
    at = serializers.DateTimeField(
        default_timezone=UTC,
        required=False,
        help_text="now, if left out; with dry_run, up to 60 days ahead",
    )
    place = PlaceField(required=False, default=None)
    basket = serializers.ListField(
        child=InBasketInput(), required=False, default=list, max_length=MOST_LINES
    )
    event = serializers.CharField(
        max_length=200,
        required=False,
        default="",
        allow_blank=True,
        help_text="what just happened, as your system calls it: “Geofence Entered”",
    )


class AskInput(serializers.Serializer[Any]):
    """For whom and where: by one of ``customer``, ``number`` (your system's own) and ``identifier``."""

    customer = serializers.UUIDField(required=False)
    number = NumberField(required=False)
    identifier = WhoseInput(required=False)
    context = ContextInput(required=False)  # type: ignore[assignment]
    limit = serializers.IntegerField(min_value=1, max_value=MOST_ACTIONS, default=1)
    reader = serializers.ChoiceField(
        choices=_READERS, default=str(Reader.STAFF), help_text="for whom the sentences are"
    )
    dry_run = serializers.BooleanField(default=False, help_text="decide, and keep nothing")

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if sum(name in given for name in ("customer", "number", "identifier")) != 1:
            raise serializers.ValidationError(
                "Name the customer by one of: customer, number, identifier."
            )
        context = given.setdefault("context", ContextInput().run_validation({}))
        context["at"] = _instant(context.get("at"), is_dry=given["dry_run"])
        if context["door"] == Door.EMAIL and not given["dry_run"]:
            message = "Messages are planned by the morning; for this door, ask with dry_run."
            raise serializers.ValidationError({"context": {"door": [message]}})
        return given


def _instant(at: datetime | None, *, is_dry: bool) -> datetime:
    """The instant that is meant; the past is over, and far ahead nothing is known."""
    now = timezone.now()
    if at is None or abs(at - now) <= CLOCKS_DIFFER:
        return now
    if at < now:
        message = "This time is over: leave it out, or correct the clock."
    elif not is_dry:
        message = "This time is still to come: leave it out, or ask with dry_run."
    elif at > now + FURTHEST:
        message = f"Ask at most {FURTHEST.days} days ahead."
    else:
        return at
    raise serializers.ValidationError({"context": {"at": [message]}})


class ReasonOutput(serializers.Serializer[Any]):
    code = serializers.CharField()
    text = serializers.CharField()


class ChoiceOutput(serializers.Serializer[Any]):
    """What to say, or what stays unsaid; ``decision`` is its address, null where it is not kept.

    ``why`` is the sentence for it, ``reasons`` speak against it, ``held`` says what keeps the product from
    them and ``ask_first`` what to ask before it is said, empty for nothing; ``worth`` is in units of a plain
    message that helps, less what disturbing costs, ``likelihood`` the chance from 0 to 1 that it helps.
    """

    decision = serializers.UUIDField(allow_null=True)
    verdict = serializers.ChoiceField(choices=_VERDICTS)
    moment = serializers.CharField()
    about = serializers.CharField()
    product = serializers.CharField(
        help_text="what is offered, by the shop's code; empty: no offer"
    )
    campaign = serializers.CharField()
    why = serializers.CharField()
    ask_first = serializers.CharField()
    reasons = ReasonOutput(many=True)
    held = serializers.CharField()
    worth = serializers.FloatField()
    likelihood = serializers.FloatField()
    until = serializers.DateField(help_text="the last day on which it helps")


class LeftOutOutput(serializers.Serializer[Any]):
    """What of the context could not count: "place", "event", or the code of a product."""

    what = serializers.CharField()
    why = serializers.CharField()


class AdviceOutput(serializers.Serializer[Any]):
    """What to say, best first; none is an answer, too. ``considered``: what else was weighed, and why not."""

    customer = serializers.UUIDField()
    language = serializers.CharField(help_text="of the sentences")
    actions = ChoiceOutput(many=True)
    considered = ChoiceOutput(many=True)
    left_out = LeftOutOutput(many=True)


class OutcomeInput(serializers.Serializer[Any]):
    """What was answered; ``by``: who says so. "said" is that it was told to the customer."""

    said = serializers.ChoiceField(choices=[str(kind) for kind in OutcomeKind])
    by = serializers.ChoiceField(choices=["customer", "staff"], default="customer")


class OutcomeOutput(serializers.Serializer[Any]):
    """An answer; ``until`` is the day from which it holds no more, null: for good."""

    id = serializers.IntegerField()
    said = serializers.CharField(source="kind")
    by = serializers.SerializerMethodField()
    door = serializers.CharField()
    occurred_at = serializers.DateTimeField()
    until = serializers.DateField(allow_null=True)
    taken_back_at = serializers.DateTimeField(allow_null=True)

    def get_by(self, outcome: Any) -> str:
        return "customer" if outcome.actor == "customer" else "staff"


class LogInput(PageInput):
    """Which decisions; ``since`` is included, ``until`` is not."""

    customer = serializers.UUIDField(required=False)
    moment = serializers.CharField(max_length=60, required=False, help_text="kind of moment")
    campaign = serializers.CharField(max_length=60, required=False, help_text="code")
    verdict = serializers.ChoiceField(choices=_VERDICTS, required=False)
    reason = serializers.CharField(
        max_length=40, required=False, help_text="the first one that spoke against it"
    )
    door = serializers.ChoiceField(choices=_DOORS, required=False)
    since = MomentField(required=False)
    until = MomentField(required=False)


class DecidedOutput(serializers.Serializer[Any]):
    """One decision in a list."""

    id = serializers.UUIDField(source="decision.public_id")
    customer = serializers.UUIDField(source="decision.customer.present.public_id")
    decided_at = serializers.DateTimeField(source="decision.decided_at")
    door = serializers.CharField(source="decision.door")
    verdict = serializers.ChoiceField(choices=_VERDICTS, source="decision.verdict")
    moment = serializers.CharField(source="decision.moment.kind")
    about = serializers.CharField()
    campaign = serializers.CharField(source="decision.campaign.code")
    why = serializers.CharField(source="sentence")
    reasons = serializers.ListField(child=serializers.CharField(), source="decision.reasons")


class LogOutput(serializers.Serializer[Any]):
    items = DecidedOutput(many=True)
    next = NextField()


class WeighedOutput(serializers.Serializer[Any]):
    """What else was weighed; ``decision`` is its own record, null where none is kept."""

    decision = serializers.UUIDField(source="decision.public_id", default=None, allow_null=True)
    campaign = serializers.CharField()
    about = serializers.CharField()
    worth = serializers.FloatField()
    reasons = serializers.ListField(child=serializers.CharField())


class StoodOnOutput(serializers.Serializer[Any]):
    purpose = serializers.CharField()
    channel = serializers.CharField()
    agreed_at = serializers.DateTimeField()
    wording = serializers.CharField()


class RecordOutput(DecidedOutput):
    """Everything that is kept of one decision: its facts, what else was weighed, on which consent it stood."""

    id = serializers.UUIDField(source="decision.public_id")
    about = serializers.CharField(source="entry.about")
    why = serializers.CharField(source="entry.sentence")
    reasons = ReasonOutput(many=True, source="said_against")  # type: ignore[assignment]
    arm = serializers.CharField(source="decision.arm")
    worth = serializers.FloatField(source="decision.worth")
    likelihood = serializers.FloatField(source="decision.likelihood")
    facts = serializers.DictField(source="decision.facts")
    considered = WeighedOutput(many=True)
    consent = StoodOnOutput(allow_null=True)
    answers = OutcomeOutput(many=True)
    delivery = serializers.ChoiceField(
        choices=[str(state) for state in DeliveryState],
        source="delivery.state",
        default=None,
        allow_null=True,
    )
