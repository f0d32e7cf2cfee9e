"""Learning: that a fit reaches everybody, and that a fit which broke off is made again."""

from __future__ import annotations

import pytest

from profiles.models import Customer, LearnedModel
from profiles.services import learning
from tests.factories.profiles import CustomerFactory, PurchaseLineFactory

pytestmark = pytest.mark.django_db


def test_a_fit_lets_every_buyer_be_learned_anew(now):
    line = PurchaseLineFactory()
    CustomerFactory()
    assert learning.refit_if_old(now=now) == {"product": 0, "category": 0}
    assert list(Customer.objects.filter(habits_due=True)) == [line.customer]
    assert learning.refit_if_old(now=now) == {}


def test_a_fit_that_reached_nobody_is_made_again(now, monkeypatch):
    PurchaseLineFactory()

    def broken() -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(learning, "_mark_buyers", broken)
        with pytest.raises(RuntimeError):
            learning.refit_if_old(now=now)
    assert not LearnedModel.objects.exists()
    assert learning.refit_if_old(now=now) != {}
    assert Customer.objects.filter(habits_due=True).exists()
