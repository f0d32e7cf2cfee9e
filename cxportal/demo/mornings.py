"""One day of the demo: the plan in the morning, the messages, and what people answer to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

import numpy as np
from django.contrib.auth.models import User

from campaigns.models import Delivery, SandboxMessage
from campaigns.rules.codes import DeliveryState, Door, OutcomeKind
from campaigns.services import answering as outcomes
from campaigns.services import delivering, planning
from cxportal.demo import story_people
from cxportal.demo.chain import SEED
from cxportal.demo.enrolling import customer_of
from cxportal.pages.access import Role
from feedback.models import Case, Invitation
from feedback.rules import CaseKind, CaseState
from feedback.services import answering, cases, inviting
from profiles.models import Product
from profiles.services import learning, scheduling

PLAN_AT, SEND_AT, ASK_AT, ANSWER_AT, SOLVE_AT = (
    time(5),
    time(10, 30),
    time(12),
    time(18),
    time(19),
)
At = Callable[[time], datetime]

# What share of those who got a message answers what; the others say nothing.
ANSWERS = (
    (OutcomeKind.BUY_AGAIN, 0.14),
    (OutcomeKind.PLENTY, 0.05),
    (OutcomeKind.HELPFUL, 0.05),
    (OutcomeKind.NOT_NOW, 0.03),
    (OutcomeKind.NOT_RELEVANT, 0.015),
    (OutcomeKind.LESS, 0.008),
    (OutcomeKind.STOP, 0.006),
    (OutcomeKind.PERSON, 0.004),
)
# Of those who were asked and have not answered yet, so many answer on any day.
ANSWERING_A_DAY = 0.03
SCORES = (10, 9, 8, 7, 6, 5, 3)
SCORE_SHARES = (0.34, 0.26, 0.18, 0.1, 0.05, 0.04, 0.03)
WORDS = {
    10: ("The hazelnut beans are the best in town.", "Always a kind word in the morning.", ""),
    9: ("Quick and friendly.", "", ""),
    8: ("Good bread, a little dear.", "", ""),
    7: ("", "The web shop could show what is in stock."),
    6: ("Ten minutes in the queue at Station.", ""),
    5: ("My usual loaf was sold out again.", ""),
    3: ("The order came two days late and nobody told me.", "The milk was past its date."),
}
# Days before today on which the scenes of the stories happen.
COMPLAINT_BACK, LOW_SCORE_BACK, STATEMENT_BACK = 6, 2, 5
SOLVED_AFTER = timedelta(days=2)


@dataclass(frozen=True)
class Scenes:
    """What happens besides; chance comes from one seeded stream, so the demo is the same again."""

    today: date
    supervisor: User
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng([SEED, 3]))

    def is_on(self, day: date, back: int) -> bool:
        return day == self.today - timedelta(days=back)


def supervisor() -> User:
    return User.objects.get(username=Role.SUPERVISOR.value)


def live(*, day: date, at: At, scenes: Scenes) -> None:
    """Let the product live through a day, up to the evening before its orders come in."""
    if scenes.is_on(day, COMPLAINT_BACK):
        _complain(scenes, at(time(8)))
    if scenes.is_on(day, STATEMENT_BACK):
        _say_every_six_weeks(at(time(8)))
    learning.learn_due(now=at(PLAN_AT), limit=10**9)
    planning.plan_morning(now=at(PLAN_AT))
    _send(at(SEND_AT))
    inviting.invite_after_purchases(now=at(ASK_AT), limit=10_000)
    _answer_messages(scenes, at(ANSWER_AT))
    _answer_questions(scenes, at(ANSWER_AT))
    if scenes.is_on(day, LOW_SCORE_BACK):
        _score_low(at(ANSWER_AT))
    _solve_some(scenes, at(SOLVE_AT))


def _send(now: datetime) -> None:
    """Send what is due; the mailbox stamps by the real clock, so its times are put back here."""
    newest = SandboxMessage.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    delivering.deliver_due(now=now, limit=10**9)
    SandboxMessage.objects.filter(pk__gt=newest).update(received_at=now)


# --- what people answer ---------------------------------------------------------------------------


def _answer_messages(scenes: Scenes, now: datetime) -> None:
    got = Delivery.objects.filter(
        state=DeliveryState.SENT, finished_at__gt=now - timedelta(hours=12)
    ).select_related("decision__moment", "decision__campaign", "customer")
    # Nobody of a story answers by chance.
    got = got.exclude(customer__profiles__external_id__in=story_people.CODES)
    kinds, shares = zip(*ANSWERS, strict=True)
    limits = np.cumsum(shares)
    for delivery in got.order_by("pk"):
        drawn = int(np.searchsorted(limits, scenes.rng.random(), side="right"))
        if drawn < len(kinds):
            outcomes.record_outcome(
                decision=delivery.decision,
                kind=kinds[drawn],
                door=Door.EMAIL,
                actor="customer",
                now=now,
            )


def _answer_questions(scenes: Scenes, now: datetime) -> None:
    """Let some of those who were asked answer, most of them well."""
    story = customer_of(story_people.LOW_SCORE)
    asked = Invitation.objects.filter(answer=None, closes_at__gt=now).exclude(customer=story)
    for invitation in asked.order_by("pk"):
        if scenes.rng.random() >= ANSWERING_A_DAY:
            continue
        score = int(scenes.rng.choice(SCORES, p=SCORE_SHARES))
        words = str(scenes.rng.choice(WORDS[score]))
        answering.answer(invitation=invitation, score=score, text=words, now=now)


def _solve_some(scenes: Scenes, now: datetime) -> None:
    """Let the supervisor call back most of those whose case is two days old."""
    waiting = Case.objects.filter(
        state=CaseState.OPEN, kind=CaseKind.LOW_SCORE, opened_at__lt=now - SOLVED_AFTER
    )
    for case in waiting.order_by("pk"):
        if scenes.rng.random() < 0.4:
            cases.solve(
                case=case,
                resolution="Called back, apologised, and put it right.",
                by=f"staff:{scenes.supervisor.pk}",
                now=now,
            )


# --- scenes of the stories ------------------------------------------------------------------------


def _complain(scenes: Scenes, now: datetime) -> None:
    """S22: while this complaint is open, nothing is sold to her."""
    cases.open_case(
        customer=customer_of(story_people.COMPLAINT),
        kind=CaseKind.COMPLAINT,
        source_ref="counter:main-street",
        detail="Half of the last order was missing, and two mails about it stayed unanswered.",
        opened_by=f"staff:{scenes.supervisor.pk}",
        now=now,
    )


def _score_low(now: datetime) -> None:
    """S36: a score of 3 opens a case in the minute it arrives."""
    asked = Invitation.objects.filter(customer=customer_of(story_people.LOW_SCORE))
    for invitation in asked.order_by("-invited_at")[:1]:
        answering.answer(
            invitation=invitation,
            score=3,
            text="The salad was warm and the till was closed for ten minutes.",
            now=now,
        )


def _say_every_six_weeks(now: datetime) -> None:
    """S09: what she says of her rhythm beats what we learned."""
    said = scheduling.Said(
        customer=customer_of(story_people.EVERY_SIX_WEEKS),
        product=Product.objects.get(code="BE-104"),
        door=Door.PAGE,
        now=now,
    )
    scheduling.buy_every(said=said, days=42)
