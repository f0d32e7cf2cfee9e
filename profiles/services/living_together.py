"""What becomes of a household when somebody of it is erased."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef

from cxportal.lib.registry import Ids
from profiles.models import Household, HouseholdMember


def forget_those_left_alone(customer_ids: Ids, now: datetime) -> None:
    """Delete households that only these customers told us of, with the children and pets who stand there.

    Where another customer lives too, who is none of ours stays: they may have told it as well.
    """
    others = HouseholdMember.objects.filter(household=OuterRef("pk")).exclude(
        customer_id__in=customer_ids
    )
    alone = Household.objects.filter(members__customer_id__in=customer_ids).exclude(
        Exists(others.filter(customer__isnull=False))
    )
    Household.objects.filter(pk__in=list(alone.values_list("pk", flat=True))).delete()
