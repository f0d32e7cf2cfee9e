"""S36: a low score opens a case in the minute it arrives, with a deadline."""

from __future__ import annotations

from datetime import date

import time_machine

from cxportal.lib.links import LinkPurpose, token_for
from feedback.models import Answer, Case, Invitation
from tests.factories.campaigns import consent
from tests.stories.doors import Bought, at, bring_orders, customer, public_client, work_off

DAY = date(2026, 2, 10)  # a Tuesday


def survey_page(tmp_path) -> str:
    bring_orders(tmp_path, [Bought("lea", DAY, "Lamp")], now=at(DAY, 12))
    consent(customer("lea"))
    work_off(at(DAY, 13))
    return f"/answer/{token_for(LinkPurpose.SURVEY, str(Invitation.objects.get().public_id))}/"


def test_a_score_of_three_opens_a_case_at_once(tmp_path):
    with time_machine.travel(at(DAY, 14), tick=False):
        page = survey_page(tmp_path)
        assert public_client().get(page).status_code == 200
        assert public_client().get(f"{page}?score=3").status_code == 200
        assert not Answer.objects.exists()
        assert public_client().post(page, {"score": "3", "text": "It flickers."}).status_code == 302
    case = Case.objects.get()
    assert (case.customer, case.kind, case.state) == (customer("lea"), "low_score", "open")
    assert case.opened_at == at(DAY, 14)
    assert case.due_at == at(date(2026, 2, 11), 17)


def test_a_high_score_opens_none(tmp_path):
    with time_machine.travel(at(DAY, 14), tick=False):
        public_client().post(survey_page(tmp_path), {"score": "9", "text": ""})
    assert Answer.objects.get().score == 9
    assert not Case.objects.exists()
