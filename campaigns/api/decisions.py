"""Decisions over the API: ask what to say now, hand in what was answered, and read why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import F
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api.shapes import (
    AdviceOutput,
    AskInput,
    LogInput,
    LogOutput,
    OutcomeInput,
    OutcomeOutput,
    RecordOutput,
)
from campaigns.models import Decision
from campaigns.queries.decision_log import Asked, Record, decision_of, entries, record
from campaigns.rules.codes import Door, OutcomeKind, Verdict
from campaigns.rules.reasons import LANGUAGE, Reader, reason_in_words, tellable
from campaigns.services import advising, answering, explaining
from campaigns.services.advising import Advice
from campaigns.services.deciding import Choice, Context
from cxportal.lib.api import Refusal
from profiles.api.cursors import newest_first
from profiles.api.once import once
from profiles.api.operations import Operation, listed, not_found, place_of, shown
from profiles.models import Customer, Identifier, Profile
from profiles.queries.company import company
from profiles.rules.names import AccessAct, IdentifierKind, normal_identifier
from profiles.rules.scopes import Scope
from profiles.services.supposing import InBasket, Situation

_MOST_CONSIDERED = 50


class _OfDecisions(Operation):
    topic = "decisions"

    def decision(self, decision_id: UUID) -> Decision:
        """Return a decision, its customer being on record from here.

        Raises:
            Refusal: 404 for none, 410 where the customer was erased.
        """
        found = decision_of(decision_id)
        if found is None:
            raise not_found("There is no such decision.")
        self.customer(found.customer.public_id)
        return found

    def saw_again(self, answer: Any) -> None:
        found = decision_of(self.kwargs["decision_id"]) if "decision_id" in self.kwargs else None
        if found is None:
            super().saw_again(answer)
        else:
            self.saw(found.customer.present.pk)


class DecisionsView(_OfDecisions):
    def get_permissions(self) -> Sequence[Any]:
        self.scope = Scope.DECISIONS if self.request.method == "POST" else None
        return super().get_permissions()

    @extend_schema(parameters=[LogInput], responses=LogOutput)
    def get(self, request: Request) -> Response:
        """List decisions, newest first: what was said or kept silent about, and why."""
        asked = self.read(LogInput, request)
        customer = self.customer(asked["customer"]) if "customer" in asked else None
        which = Asked(
            customer_id=customer.pk if customer else None,
            moment=asked.get("moment", ""),
            campaign=asked.get("campaign", ""),
            verdict=asked.get("verdict", ""),
            reason=asked.get("reason", ""),
            door=asked.get("door", ""),
            since=asked.get("since"),
            until=asked.get("until"),
        )
        rows, next_ = newest_first(which.rows.annotate(occurred_at=F("decided_at")), asked)
        self.saw(*(row.customer.present.pk for row in rows), found=len(rows))
        return listed(LogOutput, entries(rows), next_)

    @extend_schema(request=AskInput, responses=AdviceOutput)
    @once
    def post(self, request: Request) -> Response:
        """Ask what to say to a customer now, and why nothing else.

        Moments and decisions are kept, so that they can be answered; with ``dry_run`` nothing is.
        The context counts as if it had come in as events, and where the customer is only with their
        consent to location. The same again brings the same decision, not another one.
        """
        asked = self.read(AskInput, request)
        customer, context = self._whose(asked), asked["context"]
        self.only_reads, self.act = asked["dry_run"], AccessAct.LOOKED
        ask = advising.what_would_be_said if asked["dry_run"] else advising.advise
        advice = ask(
            customer=customer,
            context=Context(Door(context["door"]), limit=asked["limit"]),
            situation=_situation(context),
            now=context["at"],
        )
        return shown(AdviceOutput, _advice(customer, advice, asked))

    def _whose(self, asked: Mapping[str, Any]) -> Customer:
        if "customer" in asked:
            return self.customer(asked["customer"])
        found: Iterable[Profile | Identifier]
        if "number" in asked:
            found = Profile.objects.filter(source=self.source, external_id=asked["number"])
        else:
            kind = IdentifierKind(asked["identifier"]["kind"])
            value = normal_identifier(kind, asked["identifier"]["value"], company().phone_region)
            found = Identifier.objects.filter(kind=kind, value=value) if value else []
        public_ids = {row.customer.present.public_id for row in found}
        if not public_ids:
            raise not_found("Nobody is known by that.")
        if len(public_ids) > 1:
            raise Refusal(409, "customer_ambiguous", "Several customers are known by that.")
        return self.customer(public_ids.pop())


def _situation(context: Mapping[str, Any]) -> Situation:
    return Situation(
        place=place_of(context["place"]),
        is_served=context["door"] == Door.COUNTER,
        basket=[InBasket(line["product"], line["quantity"]) for line in context["basket"]],
        event=context["event"],
    )


def _advice(customer: Customer, advice: Advice, asked: Mapping[str, Any]) -> dict[str, Any]:
    reader = Reader(asked["reader"])
    spoken = [choice for choice in advice.choices if choice.verdict == Verdict.SPEAK]
    silent = [choice for choice in advice.choices if _is_told(choice, reader)]
    return {
        "customer": customer.public_id,
        "language": LANGUAGE,
        "actions": _choices(spoken, advice, asked),
        "considered": _choices(silent[:_MOST_CONSIDERED], advice, asked),
        "left_out": advice.left_out,
    }


def _is_told(choice: Choice, reader: Reader) -> bool:
    """A customer is shown nothing that is kept from them for a reason which is not told."""
    codes = [str(code) for code in choice.reasons]
    return choice.verdict == Verdict.SILENT and tellable(codes, reader) == codes


def _choices(
    choices: Sequence[Choice], advice: Advice, asked: Mapping[str, Any]
) -> Sequence[Mapping[str, Any]]:
    reader, context = Reader(asked["reader"]), asked["context"]
    words = explaining.told(choices, reader, context["at"], Door(context["door"]))
    return [
        {
            "decision": getattr(advice.decision(choice), "public_id", None),
            "verdict": choice.verdict,
            "moment": choice.moment,
            "about": said.about,
            "product": said.product,
            "campaign": choice.campaign.code,
            "why": said.why,
            "ask_first": said.ask_first,
            "held": said.held,
            "reasons": _reasons([str(code) for code in choice.reasons], reader),
            "worth": choice.worth,
            "likelihood": choice.likelihood,
            "until": choice.until,
        }
        for choice, said in zip(choices, words, strict=True)
        # As at the counter: what is silent for something delicate is not shown.
        if choice.verdict == Verdict.SPEAK or not said.is_delicate
    ]


def _reasons(codes: Sequence[str], reader: Reader) -> Sequence[Mapping[str, str]]:
    return [{"code": code, "text": reason_in_words(code, reader)} for code in codes]


class DecisionView(_OfDecisions):
    """Read why: the whole record of a decision, in words for managers."""

    @extend_schema(responses=RecordOutput)
    def get(self, request: Request, decision_id: UUID) -> Response:
        kept = record(self.decision(decision_id))
        return shown(RecordOutput, _Told(kept))


class _Told:
    """A record, and what spoke against it in words."""

    def __init__(self, kept: Record) -> None:
        self._kept = kept
        self.said_against = _reasons(kept.decision.reasons, Reader.MANAGER)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._kept, name)


class OutcomesView(_OfDecisions):
    """Hand in what was answered to a decision: it is obeyed before the next one.

    Repeatable: the same answer again is the same outcome. "stop" withdraws the consent, "asked_for_a_person"
    opens a case, "too_personal" ends this kind of moment for this customer for good.
    """

    scope = Scope.DECISIONS

    @extend_schema(request=OutcomeInput, responses={201: OutcomeOutput})
    @once
    def post(self, request: Request, decision_id: UUID) -> Response:
        asked = self.read(OutcomeInput, request)
        decision = self.decision(decision_id)
        if decision.verdict != Verdict.SPEAK:
            raise answering.NothingToAnswer("Nothing was said, so there is nothing to answer.")
        outcome = answering.record_outcome(
            decision=decision,
            kind=OutcomeKind(asked["said"]),
            door=Door(decision.door),
            actor="customer" if asked["by"] == "customer" else self.actor,
            now=timezone.now(),
        )
        return shown(OutcomeOutput, outcome, status=201)


class OutcomeView(_OfDecisions):
    """Take an answer back, and what followed from it. Repeatable.

    A stop is not taken back here: it is agreed to again, to words that are shown.
    """

    scope = Scope.DECISIONS

    @extend_schema(responses={204: None})
    def delete(self, request: Request, decision_id: UUID, outcome_id: int) -> Response:
        decision = self.decision(decision_id)
        outcome = decision.outcomes.filter(pk=outcome_id).first()
        if outcome is None:
            raise not_found("There is no such answer to this decision.")
        answering.take_back(outcome=outcome, door=Door(decision.door), now=timezone.now())
        return Response(status=204)
