"""Two real connections at the same case, answer and question."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction

from feedback.models import AnswerRevision, Case, CaseEvent, Invitation, Survey
from feedback.rules import CaseKind
from feedback.services import answering, cases, inviting
from tests.factories.feedback import SurveyFactory
from tests.factories.profiles import (
    CustomerFactory,
    ProfileFactory,
    PurchaseFactory,
    PurchaseLineFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*calls: Callable[[], object]) -> list[object]:
    """Call all at the same time, each on a connection of its own."""
    start = threading.Barrier(len(calls), timeout=10)

    def run(call: Callable[[], object]) -> object:
        try:
            start.wait()
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result(timeout=30) for future in [pool.submit(run, call) for call in calls]]


def test_the_same_case_opened_at_once_is_one(company, now):
    customer = CustomerFactory()
    opened = at_once(
        *[
            lambda: cases.open_case(
                customer=customer,
                kind=CaseKind.COMPLAINT,
                source_ref="order:7",
                detail="Late",
                opened_by="customer",
                now=now,
            )
        ]
        * 4
    )
    assert len({case.pk for case in opened}) == 1
    assert Case.objects.count() == CaseEvent.objects.count() == 1


def test_what_is_said_while_the_case_is_being_solved_opens_another(company, now):
    customer = CustomerFactory()

    def say(detail: str) -> Case:
        return cases.open_case(
            customer=customer,
            kind=CaseKind.COMPLAINT,
            source_ref="order:7",
            detail=detail,
            opened_by="customer",
            now=now,
        )

    first = say("Late")
    is_solved = threading.Event()

    def solve() -> None:
        with transaction.atomic():
            cases.solve(case=first, resolution="Sent again", by="staff:1", now=now)
            is_solved.set()
            time.sleep(0.5)  # the other has seen the open case by now, and waits for its row

    def say_again() -> Case:
        is_solved.wait(10)
        return say("Late again")

    _, second = at_once(solve, say_again)
    assert (second.pk != first.pk, second.state, second.detail) == (True, "open", "Late again")


def test_answers_given_at_once_are_kept_one_after_the_other(asked, now):
    at_once(
        *[
            lambda score=score: answering.answer(invitation=asked, score=score, text="", now=now)
            for score in (1, 2, 3, 4)
        ]
    )
    numbers = AnswerRevision.objects.order_by("number").values_list("number", flat=True)
    assert list(numbers) == [1, 2, 3, 4]
    assert Case.objects.count() == 1


def test_a_customer_with_two_purchases_is_asked_once(company, now):
    SurveyFactory()
    profile = ProfileFactory()
    for hours in (5, 6):
        purchase = PurchaseFactory(origin_profile=profile, occurred_at=now - timedelta(hours=hours))
        PurchaseLineFactory(purchase=purchase)
    at_once(*[lambda: inviting.invite_after_purchases(now=now, limit=10)] * 4)
    assert Invitation.objects.count() == 1


def test_a_run_leaves_the_asking_to_the_one_that_is_at_it(company, now):
    SurveyFactory()
    PurchaseLineFactory(purchase=PurchaseFactory(occurred_at=now - timedelta(hours=5)))
    with transaction.atomic():
        Survey.objects.select_for_update().get()
        (counts,) = at_once(lambda: inviting.invite_after_purchases(now=now, limit=10))
        assert counts.invited == 0
    assert inviting.invite_after_purchases(now=now, limit=10).invited == 1
