"""The consent receipt as a file: for the customer on their own page, for staff who may see the ledger."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from campaigns.queries.policy import sending_policy
from cxportal.lib.http import StaffRequest
from cxportal.pages.my_page import by_link
from cxportal.pages.people import customer_or_404
from profiles.models import Customer
from profiles.queries.company import company
from profiles.queries.receipts import Controller, receipt


@require_safe
@by_link
def own(request: HttpRequest, token: str, customer: Customer) -> HttpResponse:
    """Give a customer the receipt of all that they said."""
    return _file(customer)


@require_safe
@never_cache
@permission_required(["profiles.view_consententry", "profiles.view_customer"], raise_exception=True)
def of_customer(request: StaffRequest, customer_id: int) -> HttpResponse:
    """Give staff the same receipt, to hand out or to prove."""
    return _file(customer_or_404(pk=customer_id))


def receipt_of(customer: Customer) -> dict[str, Any]:
    """The receipt as it is now, with this house as the one that answers for the data."""
    policy = sending_policy()
    controller = Controller(
        company().name, policy.postal_address, policy.sender_email, settings.SITE_URL
    )
    return receipt(customer=customer, controller=controller, now=timezone.now())


def _file(customer: Customer) -> HttpResponse:
    written = json.dumps(receipt_of(customer), indent=2, ensure_ascii=False)
    answer = HttpResponse(written, content_type="application/json")
    answer["Content-Disposition"] = 'attachment; filename="consent-receipt.json"'
    return answer
