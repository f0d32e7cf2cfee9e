"""The whole card of a customer, as staff at a counter need it: one answer from all apps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from campaigns.queries.attention import Quieter, quieter
from campaigns.queries.naming import because, subject_names, whole_reason
from campaigns.queries.offer_words import OfferSaid, offers_said
from campaigns.rules.codes import HELD_BACK, Arm, Door, Refusal, Verdict
from campaigns.rules.reasons import Reader
from campaigns.rules.telling import refusal_in_words
from campaigns.services.answering import COUNTER
from campaigns.services.deciding import Choice, decide
from cxportal.lib.registry import registry
from cxportal.pages.counter_coming import Visits, visits
from cxportal.pages.counter_known import CounterKnown, counter_known
from cxportal.pages.question_card import QuestionCard, question_card
from feedback.queries import OpenCase, open_cases
from loyalty.queries import Standing, standing
from profiles.models import Customer
from profiles.queries.card import (
    Consent,
    RecentPurchase,
    consents,
    contacts,
    recent_purchases,
)
from profiles.queries.cleanness import ProfileLine, profile_line, state_of
from profiles.queries.company import company
from profiles.queries.guard_words import Said, said
from profiles.queries.places import Store
from profiles.queries.purchases import bought_on
from profiles.queries.usual import UsualNow, usual_now
from profiles.rules.telling import chance_in_words

MOST_SUGGESTED = 3
MOST_SILENT = 3
MOST_RECENT = 3
# What is silent for another reason is no news at a counter: not sure, bought every few days, outbid.
_TOLD = {
    Refusal.OPEN_CASE,
    Refusal.ALLERGY,
    Refusal.GUARD,
    Refusal.GUARD_UNSURE,
    Refusal.SCHEDULE_STOPPED,
    Refusal.SCHEDULE_PAUSED,
    Refusal.NOT_YET,
    Refusal.DISMISSED,
    Refusal.TOO_PERSONAL,
    Refusal.ALREADY_SAID,
}


@dataclass(frozen=True)
class Suggestion:
    """What to say, with its reason in words; ``ask_first`` is what a guard wants to know, "" for nothing."""

    moment: str
    subject_id: int
    title: str
    reason: str
    ask_first: str = ""


@dataclass(frozen=True)
class Silence:
    """What is due and stays unsaid, for one reason."""

    titles: Sequence[str]
    reason: str


@dataclass(frozen=True)
class Card:
    """Everything in one look."""

    customer: Customer
    known: CounterKnown
    visits: Visits
    contacts: Sequence[str]
    standing: Standing
    usual: UsualNow
    suggested: Sequence[Suggestion]
    silent: Sequence[Silence]
    cases: Sequence[OpenCase]
    recent: Sequence[RecentPurchase]
    consents: Sequence[Consent]
    quieter: Quieter | None
    profile: ProfileLine
    asked: QuestionCard | None

    @property
    def points(self) -> str:
        return f"{self.standing.balance:,}"

    @property
    def usual_sure(self) -> str:
        """How sure the usual is, in words."""
        return f"{chance_in_words(self.usual.chance)} likely"


def card_of(*, customer: Customer, store: Store, now: datetime) -> Card:
    """Bring together what all apps know of a customer; reads only."""
    house = company()
    zone = ZoneInfo(house.time_zone)
    state = state_of(customer.pk, now)
    choices = decide(customers=[customer.pk], context=COUNTER, now=now)
    return Card(
        customer=customer,
        known=counter_known(customer=customer, zone=store.zone, now=now),
        visits=visits(customer=customer, store=store, now=now),
        contacts=contacts(customer.pk),
        standing=standing([customer.pk], now)[customer.pk],
        usual=usual_now(
            customer_id=customer.pk, place_id=store.id, zone=store.zone, company_zone=zone, now=now
        ),
        suggested=_suggested([c for c in choices if c.verdict == Verdict.SPEAK], now),
        silent=_silent([c for c in choices if _is_told(c)], now),
        cases=open_cases([customer.pk]).get(customer.pk, []),
        recent=recent_purchases(customer.pk, now, company_zone=house.time_zone, limit=MOST_RECENT),
        consents=consents(customer.pk, "", now),
        quieter=quieter(customer.pk, now, to_customer=False),
        profile=profile_line(state, store.zone),
        asked=question_card(customer=customer, zone=store.zone, now=now, state=state, aloud=True),
    )


def _is_told(choice: Choice) -> bool:
    """Tell whether a silence is news to staff; to the control group nothing was said, on purpose."""
    if not choice.reasons or choice.reasons[0] not in _TOLD:
        return False
    return choice.reasons[0] != Refusal.ALREADY_SAID or choice.arm != Arm.CONTROL


def _suggested(choices: Sequence[Choice], now: datetime) -> Sequence[Suggestion]:
    choices = choices[:MOST_SUGGESTED]
    names, held = _names(choices), _held(choices, now)
    offers = offers_said([choice.facts for choice in choices], Door.COUNTER, Reader.STAFF)
    days = bought_on([(c.customer_id, c.subject_id) for c in choices if c.subject_id], now)
    return [
        Suggestion(
            moment=choice.moment,
            subject_id=choice.subject_id,
            title=offer.title if offer else _title(choice, names),
            reason=_reason(choice, days.get((choice.customer_id, choice.subject_id), []), offer),
            ask_first="; ".join(one.question for one in why if one.question),
        )
        for choice, why, offer in zip(choices, held, offers, strict=True)
    ]


def _silent(choices: Sequence[Choice], now: datetime) -> Sequence[Silence]:
    """Gather what is due but stays unsaid, by its reason; what rests on something delicate is left out."""
    choices = choices[:MOST_SILENT]
    names, held = _names(choices), _held(choices, now)
    offers = offers_said([choice.facts for choice in choices], Door.COUNTER, Reader.STAFF)
    by_reason: dict[str, list[str]] = {}
    for choice, why, offer in zip(choices, held, offers, strict=True):
        told = _told_first(choice, why)
        if not any(one.is_delicate for one in told):
            reason = "; ".join(one.text for one in told) or refusal_in_words(choice.reasons[0])
            by_reason.setdefault(reason, []).append(
                offer.product if offer else _title(choice, names)
            )
    return [Silence(titles, reason) for reason, titles in by_reason.items()]


def _told_first(choice: Choice, why: Sequence[Said]) -> Sequence[Said]:
    """What keeps the product from them, where that is the first reason: an allergy before any guard."""
    first = choice.reasons[0]
    if first not in HELD_BACK:
        return []
    is_allergy = first == Refusal.ALLERGY
    kept = zip(choice.facts["held"], why, strict=True)
    return [one for reason, one in kept if ("allergy" in reason) == is_allergy]


def _held(choices: Sequence[Choice], now: datetime) -> Sequence[Sequence[Said]]:
    """Put what guards and allergies say of each choice into words, all together."""
    reasons = [choice.facts.get("held", []) for choice in choices]
    words = iter(said([one for each in reasons for one in each], now))
    return [[next(words) for _ in each] for each in reasons]


def _names(choices: Sequence[Choice]) -> Mapping[tuple[str, int], str]:
    return subject_names((choice.moment, choice.subject_id) for choice in choices)


def _title(choice: Choice, names: Mapping[tuple[str, int], str]) -> str:
    return names.get((choice.moment, choice.subject_id)) or choice.campaign.name


def _reason(choice: Choice, days: Sequence[str], offer: OfferSaid | None) -> str:
    moment = because(choice.moment, choice.facts | {"bought_on": list(days)}, "staff")
    said = whole_reason(moment, offer)
    action = registry.actions.get(choice.campaign.action)
    promise = action.promise(choice.campaign.parameters) if action else ""
    return ". ".join(part[0].upper() + part[1:] for part in (said, promise) if part)
