"""The question a new installation starts with."""

from __future__ import annotations

from django.db import transaction

from feedback.models import Survey

QUESTION = "How likely are you to recommend us to a friend?"


def ensure_survey() -> Survey:
    """Return the first question, made live when there is no question at all yet."""
    with transaction.atomic():
        is_live = not Survey.objects.filter(is_live=True).exists()
        survey, _ = Survey.objects.get_or_create(
            code="after-purchase", defaults={"question": QUESTION, "is_live": is_live}
        )
        survey.refresh_from_db()
    return survey
