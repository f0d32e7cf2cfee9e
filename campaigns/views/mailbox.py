"""The sandbox mailbox: what would have left the house, with its headers, as it arrives."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from campaigns.models import Delivery, SandboxMessage
from cxportal.lib.http import StaffRequest
from profiles.queries.company import company_zone

ROWS_PER_PAGE = 50
# A message is somebody else's page: it may look as it wants, and do nothing but open its links.
MAIL_POLICY = {
    "default-src": ["'none'"],
    "img-src": ["data:"],
    "style-src": ["'unsafe-inline'"],
    "base-uri": ["'none'"],
    "form-action": ["'none'"],
    "frame-ancestors": ["'self'"],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}
NEW_TAB = '<base target="_blank">'


@require_GET
@permission_required("campaigns.view_sandboxmessage", raise_exception=True)
def mailbox(request: StaffRequest, message_id: int | None = None) -> HttpResponse:
    """List the newest messages beside one of them."""
    rows = SandboxMessage.objects.defer("text", "html", "headers").order_by("-pk")
    page = Paginator(rows, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    opened = message_id or next((row.pk for row in page.object_list), None)
    message = get_object_or_404(SandboxMessage, pk=opened) if opened else None
    context = {
        "page": page,
        "message": message,
        "delivery": _delivery_of(message) if message else None,
        "zone": company_zone(),
    }
    return render(request, "campaigns/mailbox.html", context)


def _delivery_of(message: SandboxMessage) -> Delivery | None:
    """Find the delivery that a message came from, by the public id its Message-ID begins with."""
    try:
        public_id = UUID(message.message_id.strip("<>").partition("@")[0])
    except ValueError:
        return None
    return Delivery.objects.filter(public_id=public_id).first()


@require_GET
@permission_required("campaigns.view_sandboxmessage", raise_exception=True)
def message_html(request: StaffRequest, message_id: int) -> HttpResponse:
    """Show a message as a mail program would, alone in its frame."""
    message = get_object_or_404(SandboxMessage, pk=message_id)
    if not message.html:
        return as_mail(render(request, "campaigns/message_text.html", {"message": message}))
    return as_mail(HttpResponse(message.html.replace("<head>", f"<head>{NEW_TAB}", 1)))


def as_mail(answer: HttpResponse) -> HttpResponse:
    """Put an answer under the policy of mail, in the place of the pages' own."""
    vars(answer)["_csp_replace"] = MAIL_POLICY  # read by django-csp's middleware
    answer["X-Frame-Options"] = "SAMEORIGIN"  # no page but ours may show it
    return answer
