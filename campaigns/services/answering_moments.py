"""Lets a moment be answered: a campaign for it, whose words are written next."""

from __future__ import annotations

from django.db import transaction
from django.utils.text import slugify

from campaigns.models import Campaign
from campaigns.queries.moments import moment_of
from cxportal.lib.errors import DomainError
from profiles.rules.facts import Malformed, clean_text
from profiles.rules.purposes import MESSAGES

LONGEST_NAME, LONGEST_CODE = 120, 60


class CampaignRefused(DomainError):
    """A campaign cannot be so; ``data["reason"]`` is a stable code."""

    code = "campaign_refused"


def answer_with_message(*, kind: str, name: str, purpose: str) -> Campaign:
    """Make a campaign that answers a kind of moment by a message; without words yet it writes to nobody.

    Raises:
        CampaignRefused: nothing was written.
    """
    if moment_of(kind) is None:
        raise CampaignRefused("There is no such moment.", data={"reason": "moment_unknown"})
    if purpose not in {str(one) for one, _ in MESSAGES}:
        raise CampaignRefused("Choose what the message is for.", data={"reason": "purpose_unknown"})
    try:
        named = clean_text(name, LONGEST_NAME)
    except Malformed as error:
        raise CampaignRefused(str(error), data={"reason": error.reason}) from error
    if not named:
        raise CampaignRefused("Give the message a name.", data={"reason": "no_name"})
    with transaction.atomic():
        return Campaign.objects.create(
            code=_free_code(named), name=named, moment=kind, purpose=purpose
        )


def _free_code(name: str) -> str:
    stem = (slugify(name) or "message")[: LONGEST_CODE - 6]
    taken = set(Campaign.objects.filter(code__startswith=stem).values_list("code", flat=True))
    numbered = (f"{stem}-{n}" for n in range(2, len(taken) + 3))
    return stem if stem not in taken else next(code for code in numbered if code not in taken)
