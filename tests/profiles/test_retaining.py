"""What is older than its rule is let go of, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.core.management import call_command
from django.db import InternalError, transaction
from django.db.utils import IntegrityError

from campaigns.models import Delivery, Message
from feedback.models import Answer, Case
from profiles.models import (
    AccessRecord,
    ConsentEntry,
    ConsentEvidence,
    ImportReject,
    InboundEvent,
    RetentionRule,
    Touchpoint,
)
from profiles.services import consenting, retaining
from profiles.services.retaining import KeptTooBriefly
from tests.factories.campaigns import ready_house
from tests.factories.somebody import QUILL, somebody


@pytest.fixture
def person(db, now):
    ready_house()
    return somebody(QUILL, now)


def keep(days, *kinds):
    """Only these kinds grow old."""
    RetentionRule.objects.exclude(kind__in=kinds).delete()
    RetentionRule.objects.update(keep_days=days)


def test_the_first_rules_keep_each_kind_as_long_as_agreed(db):
    assert dict(RetentionRule.objects.values_list("kind", "keep_days")) == {
        "admin.LogEntry": 1095,
        "campaigns.Decision": 180,
        "campaigns.Message": 395,
        "campaigns.SandboxMessage": 90,
        "feedback.Answer": 1095,
        "feedback.Case": 1095,
        "feedback.CaseNote": 1095,
        "profiles.AccessRecord": 730,
        "profiles.ConsentEvidence": 1095,
        "profiles.HouseholdWarning": 30,
        "profiles.IdempotencyRecord": 1,
        "profiles.ImportReject": 90,
        "profiles.InboundEvent": 90,
        "profiles.Pickup": 395,
        "profiles.Touchpoint": 760,
    }


def test_a_row_goes_when_it_is_older_than_its_days_and_not_before(person, now):
    keep(30, "profiles.Touchpoint")
    assert retaining.retain(now=now + timedelta(days=30)) == {}
    assert Touchpoint.objects.count() == 1
    assert retaining.retain(now=now + timedelta(days=30, seconds=1)) == {"profiles.Touchpoint": 1}
    assert Touchpoint.objects.count() == 0
    assert retaining.retain(now=now + timedelta(days=60)) == {}


def test_the_words_of_a_message_go_and_the_ledger_stays(person, now):
    keep(30, "campaigns.Message")
    deliveries = Delivery.objects.count()
    assert retaining.retain(now=now + timedelta(days=31)) == {"campaigns.Message": 1}
    assert (Message.objects.count(), Delivery.objects.count()) == (0, deliveries)


def test_words_of_answers_and_cases_are_emptied_once(person, now):
    keep(30, "feedback.Answer", "feedback.Case")
    later = now + timedelta(days=31)
    assert retaining.retain(now=later) == {"feedback.Answer": 1}  # the case is open
    Case.objects.update(state="solved", solved_at=now, solved_by="staff:1")
    assert retaining.retain(now=later) == {"feedback.Case": 1}
    assert (Answer.objects.get().text, Answer.objects.get().score) == ("", 3)
    assert (Case.objects.get().detail, Case.objects.get().resolution) == ("", "")
    assert retaining.retain(now=later) == {}


def test_an_event_that_waits_is_not_let_go_of(person, now):
    keep(1, "profiles.InboundEvent")
    InboundEvent.objects.update(reason="")
    assert retaining.retain(now=now + timedelta(days=9)) == {}
    InboundEvent.objects.update(reason="no_time")
    assert retaining.retain(now=now + timedelta(days=9)) == {"profiles.InboundEvent": 1}


def test_the_proof_of_a_consent_that_stands_is_kept(person, now):
    keep(1, "profiles.ConsentEvidence")
    assert retaining.retain(now=now) == {}
    consenting.withdraw(
        customer=person, purpose="reminders", channel="email", door="page", actor="customer",
        occurred_at=now,
    )  # fmt: skip
    assert retaining.retain(now=now) == {"profiles.ConsentEvidence": 1}
    assert ConsentEvidence.objects.count() == 0
    assert ConsentEntry.objects.count() == 2


def test_only_retention_deletes_from_the_record_of_looks(person, now):
    keep(30, "profiles.AccessRecord")
    with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
        AccessRecord.objects.all().delete()
    with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
        AccessRecord.objects.update(reason="another")
    assert AccessRecord.objects.get().reason == "quillfeather asked on the phone"
    assert retaining.retain(now=now + timedelta(days=31)) == {"profiles.AccessRecord": 1}
    assert AccessRecord.objects.count() == 0


def test_the_dry_run_counts_and_changes_nothing(person, now):
    out = StringIO()
    with time_machine.travel(now + timedelta(days=91), tick=False):
        call_command("retain", "--dry-run", stdout=out)
        assert "profiles.ImportReject: 0 too old (kept 90 days)" in out.getvalue()
        ImportReject.objects.first().job.__class__.objects.update(created_at=now)
        counted = {one.kind: one.rows for one in retaining.due(now=now + timedelta(days=91))}
    assert counted["profiles.ImportReject"] == 4
    assert ImportReject.objects.count() == 4


def test_the_command_does_what_it_counted(person, now):
    keep(30, "profiles.Touchpoint")
    out = StringIO()
    with time_machine.travel(now + timedelta(days=31), tick=False):
        call_command("retain", stdout=out)
    assert out.getvalue() == "profiles.Touchpoint: 1 let go (kept 30 days)\n"
    assert Touchpoint.objects.count() == 0


def test_many_rows_go_in_batches(person, now, monkeypatch, django_assert_max_num_queries):
    keep(1, "profiles.Touchpoint")
    one = Touchpoint.objects.get()
    Touchpoint.objects.bulk_create(
        Touchpoint(
            customer=person, origin_profile_id=one.origin_profile_id, source_id=one.source_id,
            kind="track", occurred_at=now,
        )
        for _ in range(24)
    )  # fmt: skip
    monkeypatch.setattr(retaining, "BATCH", 10)
    with django_assert_max_num_queries(22):
        assert retaining.retain(now=now + timedelta(days=2)) == {"profiles.Touchpoint": 25}


def test_a_rule_keeps_its_range_and_its_history(person, now, django_user_model):
    by = django_user_model.objects.create(username="manager")
    for days in (0, 36_501):
        with pytest.raises(KeptTooBriefly):
            retaining.change(kind="profiles.Touchpoint", keep_days=days, by=by, now=now)
    assert RetentionRule.objects.get(kind="profiles.Touchpoint").keep_days == 760
    retaining.change(kind="profiles.Touchpoint", keep_days=365, by=by, now=now)
    assert LogEntry.objects.filter(user=by).get().change_message == "keep days: 760 → 365"
