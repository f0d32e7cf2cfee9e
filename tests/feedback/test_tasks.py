from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from feedback.models import Invitation
from feedback.tasks import invite_after_purchases
from tests.factories.feedback import SurveyFactory
from tests.factories.profiles import PurchaseFactory, PurchaseLineFactory

pytestmark = pytest.mark.django_db


def test_the_tick_asks_and_counts():
    SurveyFactory()
    purchase = PurchaseFactory(occurred_at=timezone.now() - timedelta(hours=5))
    PurchaseLineFactory(purchase=purchase)
    assert invite_after_purchases.name == "feedback.invite_after_purchases"
    assert invite_after_purchases() == {"invited": 1}
    assert Invitation.objects.get().purchase == purchase
