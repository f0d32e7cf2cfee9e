"""Silences that grew old become counts by day, and the overview reads on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from campaigns.models import Decision, Moment, SilentDay
from campaigns.queries import overview
from campaigns.queries.overview import Fate, Span
from profiles.models import RetentionRule
from profiles.queries.company import company_zone
from profiles.services import retaining
from tests.pages import rows

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 6, 5, tzinfo=UTC)
KIND = "campaigns.Decision"


@pytest.fixture(autouse=True)
def kept_ten_days():
    RetentionRule.objects.exclude(kind=KIND).delete()
    RetentionRule.objects.update(keep_days=10)


def silent(days: int, *reasons: str, **more) -> Decision:
    """A silence of so many days ago; its moment was over a week later."""
    return rows.decision(NOW - timedelta(days=days), reasons=list(reasons), **more)


def again(first: Decision, days: int, **changes) -> Decision:
    """The same moment, decided anew."""
    values = {
        "customer": first.customer,
        "moment": first.moment,
        "campaign": first.campaign,
        "door": "email",
        "arm": "treated",
        "worth": 0.4,
        "likelihood": 0.7,
        "decided_at": NOW - timedelta(days=days),
        "verdict": "silent" if changes.get("reasons") else "speak",
    }
    return Decision.objects.create(**(values | changes))


def moments() -> overview.Moments:
    return overview.moments(Span(NOW, company_zone()))


def test_a_dry_run_counts_and_changes_nothing():
    silent(20, "no_consent")
    silent(16, "no_consent")
    (one,) = retaining.due(now=NOW)
    assert (one.kind, one.rows, one.keep_days) == (KIND, 1, 10)
    assert one.folded_as == "Counted by day and reason after that, and deleted."
    assert Decision.objects.count() == 2


def test_old_silences_become_counts_and_their_moments_go():
    for _ in range(3):
        silent(20, "no_consent", "open_case")
    silent(20, "attention_spent")
    silent(21, "no_consent")
    young = silent(16, "no_consent")
    assert retaining.retain(now=NOW) == {KIND: 5}
    counts = SilentDay.objects.order_by("on", "reason").values_list(
        "on", "reason", "decisions", "moments"
    )
    assert list(counts) == [
        (date(2026, 2, 17), "no_consent", 1, 1),
        (date(2026, 2, 18), "attention_spent", 1, 1),
        (date(2026, 2, 18), "no_consent", 3, 3),
    ]
    assert list(Decision.objects.all()) == [young]
    assert list(Moment.objects.all()) == [young.moment]
    assert retaining.retain(now=NOW) == {}


def test_a_later_run_adds_to_the_counts():
    silent(20, "no_consent")
    retaining.retain(now=NOW)
    silent(20, "no_consent")
    retaining.retain(now=NOW)
    assert SilentDay.objects.get().decisions == 2


def test_a_moment_counts_once_however_often_it_was_decided():
    first = silent(20, "no_consent")
    again(first, 19, reasons=["open_case"])
    retaining.retain(now=NOW)
    counts = SilentDay.objects.order_by("on").values_list("reason", "decisions", "moments")
    assert list(counts) == [("no_consent", 1, 0), ("open_case", 1, 1)]


def test_what_results_are_made_of_stays_one_by_one():
    answered = silent(20, "no_consent")
    rows.answer(answered, "not_relevant", NOW)
    control = silent(20, "control_group")
    spoken = rows.decision(NOW - timedelta(days=20))
    before = again(spoken, 21, reasons=["attention_spent"])
    assert retaining.retain(now=NOW) == {}
    assert set(Decision.objects.all()) == {answered, control, spoken, before}


def test_the_overview_says_the_same_before_and_after():
    for days in (12, 20, 20, 29, 40):
        silent(days, "no_consent")
    silent(22, "too_late")
    again(silent(20, "no_consent"), 19, reasons=["open_case"])
    rows.decision(NOW - timedelta(days=20))
    before = moments()
    assert before.fates[Fate.SILENT] == 5
    assert retaining.retain(now=NOW) == {KIND: 7}
    assert moments() == before


def test_nobody_else_deletes_a_decision():
    kept = silent(20, "no_consent")
    with pytest.raises(IntegrityError, match="never changed or deleted"), transaction.atomic():
        Decision.objects.filter(pk=kept.pk).delete()
    assert Decision.objects.count() == 1
