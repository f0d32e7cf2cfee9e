"""Questions, answers and cases for tests: sequences, no chance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import factory
from factory.django import DjangoModelFactory

from feedback.rules import CaseKind, CasePriority


class SurveyFactory(DjangoModelFactory):
    class Meta:
        model = "feedback.Survey"
        django_get_or_create = ("code",)

    code = "after-purchase"
    question = "How likely are you to recommend us to a friend?"
    kind = "nps"
    is_live = True
    low_score_at_most = 6


class InvitationFactory(DjangoModelFactory):
    class Meta:
        model = "feedback.Invitation"

    survey = factory.SubFactory("tests.factories.feedback.SurveyFactory")
    purchase = factory.SubFactory("tests.factories.profiles.PurchaseFactory")
    customer = factory.SelfAttribute("purchase.customer")
    origin_profile = factory.SelfAttribute("purchase.origin_profile")
    invited_at = datetime(2026, 3, 9, 8, 0, tzinfo=UTC)
    closes_at = factory.LazyAttribute(lambda asked: asked.invited_at + timedelta(days=14))


class CaseFactory(DjangoModelFactory):
    class Meta:
        model = "feedback.Case"

    customer = factory.SubFactory("tests.factories.profiles.CustomerFactory")
    kind = CaseKind.COMPLAINT
    source_ref = factory.Sequence(lambda n: f"test:{n}")
    priority = CasePriority.HIGH
    opened_at = datetime(2026, 3, 9, 8, 0, tzinfo=UTC)
    opened_by = "customer"
    due_at = factory.LazyAttribute(lambda case: case.opened_at + timedelta(days=1))
