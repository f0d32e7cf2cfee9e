"""What stands on a customer's own page: one answer from all apps, in words for the customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.urls import reverse

from campaigns.models import SendingPolicy
from campaigns.queries.attention import Quieter, quieter
from campaigns.queries.policy import sending_policy
from campaigns.queries.received import Received, received
from cxportal.pages.my_coming import MyComing, my_coming
from cxportal.pages.my_goals import MyGuidance, my_guidance
from cxportal.pages.my_known import MyKnown, my_known
from cxportal.pages.question_card import QuestionCard, question_card
from feedback.queries import OpenCase, OpenQuestion, open_cases, open_questions
from loyalty.queries import HistoryLine, Standing, history, standing
from profiles.models import ContactPreference, Customer
from profiles.queries.card import (
    Consent,
    Rhythm,
    consents,
    contacts,
    preference,
    rhythms,
)
from profiles.queries.company import company
from profiles.queries.usual import UsualNow, usuals
from profiles.rules.cadence import Unsure
from profiles.rules.names import Purpose
from profiles.rules.purposes import BOXES
from profiles.rules.reordering import REMIND_BEFORE_DAYS, asked_span, day_words, span

# What stands open; the rest is one tap away.
MOST_NEXT = 5
MOST_UNSURE = 3
NEAR_DAYS = 14
# From here on, a day without its year would be taken for another.
FAR_DAYS = 300
NOTHING: Mapping[str, str] = {}
WEEKS = (1, 2, 3, 4, 5, 6, 8, 12)


@dataclass(frozen=True)
class Option:
    """One interval to choose; 0 weeks leaves it to what we learned."""

    value: int
    label: str


@dataclass(frozen=True)
class Schedule:
    """One product's rhythm as a card; its addresses take what the customer says."""

    id: str
    product: str
    url: str
    about: str
    reason: str
    weeks: int
    choices: Sequence[Option]
    is_next: bool
    is_paused: bool
    is_unsure: bool
    is_changed: bool
    every_url: str
    skip_url: str
    sooner_url: str
    plenty_url: str
    pause_url: str
    stop_url: str
    start_url: str
    undo_url: str


@dataclass(frozen=True)
class MyPage:
    """Everything the page shows; contact data is masked, for a link is no log-in."""

    customer: Customer
    first_name: str
    lead: str
    next: Sequence[Schedule]
    later: Sequence[Schedule]
    unsure: Sequence[Schedule]
    resting: Sequence[Schedule]
    usuals: Sequence[UsualNow]
    coming: MyComing
    guidance: MyGuidance
    standing: Standing
    history: Sequence[HistoryLine]
    received: Sequence[Received]
    contacts: Sequence[str]
    consents: Sequence[Consent]
    preference: ContactPreference | None
    policy: SendingPolicy
    quieter: Quieter | None
    cases: Sequence[OpenCase]
    question: OpenQuestion | None
    asked: QuestionCard | None
    location: Consent
    known: MyKnown
    zone: ZoneInfo

    @property
    def agrees_to_something(self) -> bool:
        return any(one.is_granted or one.asked_at for one in [*self.consents, self.location])

    @property
    def may_write_offers(self) -> bool:
        return any(one.is_granted and one.purpose == Purpose.OFFERS for one in self.consents)

    @property
    def points(self) -> str:
        return f"{self.standing.balance:,}"

    @property
    def has_quiet_hours(self) -> bool:
        return self.policy.quiet_from != self.policy.quiet_until

    @property
    def points_in_year(self) -> int:
        """What counts for the next tier; returns can push it below nothing."""
        return max(0, self.standing.points_12m)

    @property
    def points_of_tier(self) -> int:
        """Where the next tier begins."""
        return self.standing.points_12m + self.standing.points_to_next


def my_page(
    *, customer: Customer, token: str, now: datetime, just: Mapping[str, str] = NOTHING
) -> MyPage:
    """Bring together what all apps have for this customer; reads only.

    ``just`` says what was changed a moment ago, which then offers the way back: ``changed`` is the id of a
    rhythm's card, the rest is in ``my_known`` and ``my_coming``.
    """
    house, policy = company(), sending_policy()
    zone = ZoneInfo(customer.time_zone or house.time_zone)
    company_zone = ZoneInfo(house.time_zone)
    today = now.astimezone(company_zone).date()
    language = customer.language or house.language
    *messages, location = consents(customer.pk, language, now, BOXES)
    question = open_questions([customer.pk], now).get(customer.pk)
    known = rhythms(customer.pk, now)
    sure = [one for one in known if _is_told(one, policy, today)]

    def cards(of: Sequence[Rhythm]) -> list[Schedule]:
        return [
            schedule(one, token, today, is_changed=str(one.product_id) == just.get("changed"))
            for one in of
        ]

    told = cards(sure)
    usual = usuals(customer_id=customer.pk, company_zone=company_zone, now=now)
    return MyPage(
        customer=customer,
        first_name=customer.name.split(" ")[0],
        lead=_lead(sure, today),
        next=[replace(card, is_next=n == 0) for n, card in enumerate(told[:MOST_NEXT])],
        later=told[MOST_NEXT:],
        unsure=cards(_unsure(known, sure, today)),
        resting=cards([one for one in known if one.is_paused or one.is_stopped]),
        usuals=usual,
        coming=my_coming(customer=customer, usuals=usual, zone=zone, now=now, just=just),
        guidance=my_guidance(customer=customer, now=now),
        standing=standing([customer.pk], now)[customer.pk],
        history=history(customer.pk, limit=10),
        received=received(customer.pk),
        contacts=contacts(customer.pk),
        consents=messages,
        preference=preference(customer),
        policy=policy,
        quieter=quieter(customer.pk, now, to_customer=True),
        cases=open_cases([customer.pk]).get(customer.pk, []),
        question=question,
        # One question at a time, whoever asks it.
        asked=None
        if question
        else question_card(customer=customer, zone=zone, now=now, aloud=False),
        location=location,
        known=my_known(customer=customer, zone=zone, now=now, just=just),
        zone=zone,
    )


# --- which rhythms --------------------------------------------------------------------------------


def _is_told(one: Rhythm, policy: SendingPolicy, today: date) -> bool:
    """Sure, alive, and seldom enough that a reminder is of use; what the customer set always is."""
    if one.is_paused or one.is_stopped:
        return False
    if one.every_days:
        return True
    return one.is_sure and one.latest_on >= today and one.rhythm_days >= policy.shortest_rhythm_days


def _unsure(known: Sequence[Rhythm], sure: Sequence[Rhythm], today: date) -> Sequence[Rhythm]:
    """What was bought more than once without a clear rhythm, the most bought first."""
    told = {one.product_id for one in sure}
    waiting = [
        one
        for one in known
        if one.product_id not in told and one.doubt and not (one.is_paused or one.is_stopped)
    ]
    recent = [one for one in waiting if one.last_on >= today - timedelta(days=400)]
    return sorted(recent, key=lambda one: (-one.purchase_days, one.product_id))[:MOST_UNSURE]


def _lead(sure: Sequence[Rhythm], today: date) -> str:
    if not sure:
        return "Nothing is about to run out, as far as we can tell."
    first = sure[0]
    return f"Next is {first.product}, {_about(first, today)}, because {_short_reason(first)}."


def _short_reason(one: Rhythm) -> str:
    if one.every_days:
        return f"you asked for {asked_span(one.every_days)}"
    return f"you buy it about {span(one.rhythm_days)}"


# --- one rhythm in words --------------------------------------------------------------------------


def schedule(one: Rhythm, token: str, today: date, *, is_changed: bool = False) -> Schedule:
    """Put one rhythm into words, with the addresses that change it."""
    rests = one.is_paused or one.is_stopped

    def url(said: str) -> str:
        return reverse("my-reorder", args=[token, one.product_id, said])

    return Schedule(
        id=str(one.product_id),
        product=one.product,
        url=one.url,
        about=_about(one, today),
        reason=_reason(one),
        weeks=_weeks(one),
        choices=_choices(one),
        is_next=False,
        is_paused=rests,
        is_unsure=not rests and not one.is_sure,
        is_changed=is_changed,
        every_url=url("every"),
        skip_url=url("skip"),
        sooner_url=url("sooner"),
        plenty_url=url("plenty"),
        pause_url=url("pause"),
        stop_url=url("stop"),
        start_url=url("resume"),
        undo_url=url("undo"),
    )


def _about(one: Rhythm, today: date) -> str:
    if one.is_stopped:
        return "stopped by you"
    if one.is_paused:
        return "paused by you"
    if one.not_before_on and one.not_before_on > today:
        return f"not before {_day(one.not_before_on, today)}"
    if one.sooner_on:
        return "as soon as we may write"
    if not one.is_sure:
        return "not sure yet"
    return "about now" if one.expected_on <= today else f"about {_day(one.expected_on, today)}"


def _day(day: date, today: date) -> str:
    """Name a day, with its weekday where it is near and its year where it is far."""
    away = abs((day - today).days)
    if away > FAR_DAYS:
        return f"{day_words(day)} {day.year}"
    return f"{day:%A} {day_words(day)}" if away <= NEAR_DAYS else day_words(day)


def _reason(one: Rhythm) -> str:
    if one.is_stopped or one.is_paused:
        return f"No reminders. You bought it about {span(one.rhythm_days)}, last on {day_words(one.last_on)}."
    if one.every_days:
        return f"Because {one.because}. That counts for more than what we learned."
    if one.is_sure:
        return f"Because {one.because}."
    return f"{_DOUBT.get(one.doubt, _ANY_DOUBT)} {_range(one)}".format(
        count=_times(one.purchase_days), last=day_words(one.last_on)
    )


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


_ANY_DOUBT = "We cannot tell when you need it again."
_DOUBT: dict[str, str] = {
    Unsure.TOO_FEW: "You bought it {count}, last on {last}. That is too little to know when.",
    Unsure.IRREGULAR: "You bought it {count}, at very different distances.",
    Unsure.STOPPED: "You have not bought it since {last}, so we think that you no longer need it.",
}


def _range(one: Rhythm) -> str:
    if one.doubt == Unsure.STOPPED:
        return ""
    return f"If again, then some time between {day_words(one.earliest_on)} and {day_words(one.latest_on)}."


def _weeks(one: Rhythm) -> int:
    return round(one.every_days / 7) if one.every_days else 0


def weeks_offered(one: Rhythm) -> set[int]:
    """The intervals to choose from, the one that stands among them."""
    return {*WEEKS, _weeks(one)} - {0}


def _choices(one: Rhythm) -> Sequence[Option]:
    offered = sorted(weeks_offered(one))
    own = "when we think it is time" if not one.doubt else "not yet"
    weeks = [Option(n, "every week" if n == 1 else f"every {n} weeks") for n in offered]
    return [Option(0, own), *weeks]


def next_round(one: Rhythm) -> date:
    """The day before which nothing is said when this round is left out."""
    rhythm = one.every_days or round(one.rhythm_days)
    return one.expected_on + timedelta(days=max(1, rhythm - REMIND_BEFORE_DAYS))
