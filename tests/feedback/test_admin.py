from __future__ import annotations

import pytest
from django.urls import reverse

from feedback.models import Answer, Case
from feedback.services import answering

pytestmark = pytest.mark.django_db


@pytest.fixture
def answered(asked, now) -> Answer:
    return answering.answer(invitation=asked, score=3, text="Cold", now=now)


@pytest.mark.parametrize("model", ["survey", "invitation", "answer", "case"])
def test_each_list_and_row_opens(admin_client, answered, model):
    listing = reverse(f"admin:feedback_{model}_changelist")
    assert admin_client.get(listing).status_code == 200
    row = {
        "survey": answered.invitation.survey_id,
        "invitation": answered.invitation_id,
        "answer": answered.pk,
        "case": Case.objects.get().pk,
    }
    page = reverse(f"admin:feedback_{model}_change", args=[row[model]])
    assert admin_client.get(page).status_code == 200


@pytest.mark.parametrize("model", ["invitation", "answer", "case"])
def test_what_customers_said_is_read_only(admin_client, answered, model):
    assert admin_client.get(reverse(f"admin:feedback_{model}_add")).status_code == 403
