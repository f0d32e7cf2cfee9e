"""How campaigns were felt, counted by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from campaigns.models import Outcome
from campaigns.queries.felt import Felt, felt
from campaigns.queries.overview import span_until
from campaigns.rules.results import Share
from tests.pages import rows

pytestmark = pytest.mark.django_db


def test_what_was_told_is_help_intrusion_or_neither(now):
    for kinds in (
        ["helpful"],
        ["buy_again", "helpful"],
        ["helpful", "too_personal"],
        ["stop"],
        ["not_now"],
        [],
    ):
        told = rows.delivery(now).decision
        for kind in kinds:
            rows.answer(told, kind, now)
    assert felt(span_until(now)) == [Felt("reorder", "Reorder", Share(2, 6), Share(2, 6))]


def test_at_a_counter_it_was_told_once_somebody_answered(now):
    rows.answer(rows.decision(now, door="counter"), "said", now)
    rows.answer(rows.decision(now, door="page"), "less_of_this", now)
    rows.decision(now, door="counter")
    assert felt(span_until(now)) == [Felt("reorder", "Reorder", Share(0, 2), Share(1, 2))]


def test_what_was_not_told_was_not_felt(now):
    rows.delivery(now, state="missed")
    rows.decision(now, reasons=["no_consent"])
    rows.delivery(now - timedelta(days=31))
    assert felt(span_until(now)) == []


def test_an_answer_that_was_taken_back_is_none(now):
    rows.answer(rows.delivery(now).decision, "stop", now)
    Outcome.objects.update(taken_back_at=now)
    assert felt(span_until(now)) == [Felt("reorder", "Reorder", Share(0, 1), Share(0, 1))]
