"""The one question about their data that a customer is asked now, in words, with the form for the answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from campaigns.queries.eligibility import selling_forbidden
from cxportal.pages.my_known import ACTOR, FactCard, fact_card
from profiles.models import Customer
from profiles.queries.asking import question_of
from profiles.queries.cleanness import State, state_of
from profiles.queries.facts import Known, sheet
from profiles.rules.asking import ADDRESS, Question, Why
from profiles.rules.cleanness import NAME, Fact
from profiles.rules.facts import Version, day_in_words, value_in_words
from profiles.rules.names import Manner, masked


@dataclass(frozen=True)
class QuestionCard:
    """One question with its reason; ``fact`` is the form where it is about an attribute."""

    subject: str
    text: str
    reason: str
    fact: FactCard | None = None

    @property
    def is_address(self) -> bool:
        return self.subject == ADDRESS

    @property
    def is_name(self) -> bool:
        return self.subject == NAME


def question_now(
    customer: Customer, state: State, now: datetime, *, aloud: bool = False
) -> Question | None:
    """The question that stands open; none while something is open that silences selling (a complaint)."""
    if selling_forbidden([customer.pk], now):
        return None
    return question_of(state, now, aloud=aloud)


def question_card(
    *, customer: Customer, zone: ZoneInfo, now: datetime, state: State | None = None, aloud: bool
) -> QuestionCard | None:
    """Put the open question into words: to the customer, or ``aloud`` to the staff who ask them."""
    state = state or state_of(customer.pk, now)
    question = question_now(customer, state, now, aloud=aloud)
    if question is None:
        return None
    if question.topic is None:
        words = _address(question, zone) if question.subject == ADDRESS else _NAME
        return QuestionCard(question.subject, words[aloud], words[2])
    known = next(one for one in sheet(customer.pk, now) if one.attribute_id == question.topic.id)
    fact = state.condition.facts.get(question.topic.id)
    # What staff need not know is not read out to them to be corrected.
    shown = fact if fact and (known.is_for_staff or not aloud) else None
    return QuestionCard(
        question.subject,
        _fact_text(known, question.why, aloud=aloud),
        _fact_reason(known, question.why, shown, zone),
        fact_card(_filled(known, shown), zone, ACTOR),
    )


def _address(question: Question, zone: tzinfo) -> tuple[str, str, str]:
    """What the customer is asked, what staff ask, and why."""
    ask, aloud = "Where can we reach you?", "Ask: where can we reach you?"
    bounced = question.bounced
    if bounced and bounced.bounced_at:
        day = day_in_words(bounced.bounced_at.astimezone(zone).date())
        return ask, aloud, f"Mail to {masked(bounced.value)} came back on {day}."
    return ask, aloud, "There is no e-mail address or phone number that works."


_NAME = ("What may we call you?", "Ask: what may we call you?", "No name is known yet.")
_FACT = {
    Why.MISSING: "Will you tell us? {name}",
    Why.OLD: "Is it still so? {name}",
    Why.IMPOSSIBLE: "Is it right? {name}",
    Why.DOUBTFUL: "Is it right? {name}",
}


def _fact_text(known: Known, why: Why, *, aloud: bool) -> str:
    text = _FACT[why].format(name=known.name)
    return f"Ask: {text[0].lower()}{text[1:]}" if aloud else text


def _fact_reason(known: Known, why: Why, shown: Fact | None, zone: tzinfo) -> str:
    if shown is None:
        return _UNSHOWN[why]
    value = value_in_words(shown.value, known.schema)
    day = day_in_words(shown.told_at.astimezone(zone).date())
    return _SHOWN[why].format(value=value, day=day)


_SHOWN = {
    Why.OLD: "“{value}” stands there since {day}, and may have changed.",
    Why.IMPOSSIBLE: "“{value}” stands there, and cannot be.",
    Why.DOUBTFUL: "“{value}” stands there. Programs write that day where they know none.",
}
_UNSHOWN = {
    Why.MISSING: "Nothing stands there yet.",
    Why.OLD: "What stands there is old, and may have changed.",
    Why.IMPOSSIBLE: "What stands there cannot be.",
    Why.DOUBTFUL: "A day stands there that programs write where they know none.",
}


def _filled(known: Known, fact: Fact | None) -> Known:
    """Fill the form with what stood there last, so that one tap says that it is still so."""
    if fact is None:
        return replace(known, version=None)
    version = Version(fact.version_id, fact.value, Manner.TOLD, ACTOR, fact.told_at)
    return replace(known, version=version)
