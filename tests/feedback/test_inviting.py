from __future__ import annotations

from datetime import timedelta

import pytest

from feedback.models import Invitation, Survey
from feedback.services import inviting, setting_up
from feedback.services.inviting import Counts
from tests.factories.feedback import CaseFactory, InvitationFactory, SurveyFactory
from tests.factories.profiles import ProfileFactory, PurchaseFactory, PurchaseLineFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def survey() -> Survey:
    return SurveyFactory()


def bought(at, quantity=1, **given):
    purchase = PurchaseFactory(occurred_at=at, **given)
    PurchaseLineFactory(purchase=purchase, quantity=quantity)
    return purchase


def asked_about() -> list[int]:
    return list(Invitation.objects.order_by("pk").values_list("purchase_id", flat=True))


def test_who_bought_yesterday_is_asked_about_it(survey, now):
    purchase = bought(now - timedelta(days=1))
    assert inviting.invite_after_purchases(now=now, limit=10) == Counts(invited=1)
    invitation = Invitation.objects.get()
    assert (invitation.purchase_id, invitation.survey_id) == (purchase.pk, survey.pk)
    assert invitation.customer_id == purchase.customer_id
    assert invitation.origin_profile_id == purchase.origin_profile_id
    assert invitation.invited_at == now
    assert invitation.closes_at == now + timedelta(days=14)


@pytest.mark.parametrize(
    ("ago", "asks"),
    [
        (timedelta(minutes=59), False),
        (timedelta(hours=1), True),
        (timedelta(days=3) - timedelta(seconds=1), True),
        (timedelta(days=3), False),
        (timedelta(days=300), False),
    ],
)
def test_a_purchase_is_asked_about_after_an_hour_and_for_three_days(survey, now, ago, asks):
    bought(now - ago)
    assert inviting.invite_after_purchases(now=now, limit=10).invited == asks


def test_of_several_purchases_the_newest_is_asked_about(survey, now):
    profile = ProfileFactory()
    bought(now - timedelta(days=2), origin_profile=profile)
    newest = bought(now - timedelta(days=1), origin_profile=profile)
    inviting.invite_after_purchases(now=now, limit=10)
    inviting.invite_after_purchases(now=now, limit=10)
    assert asked_about() == [newest.pk]


def test_nobody_is_asked_again_within_ninety_days(survey, now):
    profile = ProfileFactory()
    earlier = bought(now - timedelta(days=1), origin_profile=profile)
    inviting.invite_after_purchases(now=now, limit=10)
    on_day_ninety = now + timedelta(days=90)
    later = bought(on_day_ninety - timedelta(hours=2), origin_profile=profile)
    just_before = on_day_ninety - timedelta(seconds=1)
    assert inviting.invite_after_purchases(now=just_before, limit=10) == Counts(invited=0)
    assert inviting.invite_after_purchases(now=on_day_ninety, limit=10) == Counts(invited=1)
    assert asked_about() == [earlier.pk, later.pk]


def test_another_question_counts_as_being_asked(survey, now):
    purchase = bought(now - timedelta(days=1))
    InvitationFactory(
        survey=SurveyFactory(code="other", is_live=False),
        purchase=purchase,
        invited_at=now - timedelta(days=80),
    )
    assert inviting.invite_after_purchases(now=now, limit=10).invited == 0


def test_who_waits_for_a_case_to_be_solved_is_not_asked(survey, now):
    purchase = bought(now - timedelta(days=1))
    CaseFactory(customer=purchase.customer)
    assert inviting.invite_after_purchases(now=now, limit=10).invited == 0


def test_a_return_is_not_asked_about(survey, now):
    bought(now - timedelta(days=1), quantity=-1)
    assert inviting.invite_after_purchases(now=now, limit=10).invited == 0


def test_without_a_live_question_nobody_is_asked(now):
    SurveyFactory(is_live=False)
    bought(now - timedelta(days=1))
    assert inviting.invite_after_purchases(now=now, limit=10) == Counts()


def test_a_limited_run_goes_on_with_the_next(survey, now):
    purchases = [bought(now - timedelta(days=1, minutes=-number)) for number in range(3)]
    assert inviting.invite_after_purchases(now=now, limit=2).invited == 2
    assert inviting.invite_after_purchases(now=now, limit=2).invited == 1
    assert asked_about() == [purchase.pk for purchase in purchases]


def test_a_run_takes_the_same_queries_for_any_number(survey, now, django_assert_num_queries):
    for _ in range(4):
        bought(now - timedelta(days=1))
    with django_assert_num_queries(4):  # two of them are the savepoint
        assert inviting.invite_after_purchases(now=now, limit=10).invited == 4


def test_an_installation_starts_with_one_live_question():
    first = setting_up.ensure_survey()
    assert (first.kind, first.is_live, first.low_score_at_most) == ("nps", True, 6)
    assert setting_up.ensure_survey() == first


def test_a_question_that_a_manager_made_live_stays_the_one():
    SurveyFactory(code="mine")
    assert not setting_up.ensure_survey().is_live
