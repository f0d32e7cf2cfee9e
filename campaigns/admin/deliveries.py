"""The ledger of sending, and the words that left."""

from __future__ import annotations

from typing import cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from campaigns.models import Delivery, Message
from campaigns.rules.codes import DeliveryState
from campaigns.rules.telling import DELIVERY, reasons_in_words
from campaigns.services.settling_uncertain import NotUncertain, settle
from cxportal.lib.admin import ReadOnlyInline
from profiles.admin.people import OfCustomerAdmin

COLOUR = {
    DELIVERY[DeliveryState.SENT]: "success",
    DELIVERY[DeliveryState.PLANNED]: "info",
    DELIVERY[DeliveryState.CLAIMED]: "info",
    DELIVERY[DeliveryState.FAILED]: "danger",
    DELIVERY[DeliveryState.UNCERTAIN]: "warning",
}


class MessageInline(ReadOnlyInline):
    model = Message
    fields = ("recipient", "subject", "words", "rendered_at")

    @admin.display(description="text")
    def words(self, message: Message) -> SafeString:
        return format_html("<pre>{}</pre>", message.text)


@admin.register(Delivery)
class DeliveryAdmin(OfCustomerAdmin):
    list_display = (
        "id",
        "customer",
        "campaign",
        "channel",
        "state_label",
        "why",
        "due_at",
        "finished_at",
        "attempt",
    )
    list_filter = ("state", "campaign", "channel", "due_at")
    list_select_related = ("customer", "campaign")
    search_fields = ("=customer__id", "=public_id")
    search_help_text = "Number of a customer, or the public id of a message"
    inlines = (MessageInline,)
    exclude = ("lease_until",)
    ordering = ("-id",)
    actions = ("it_arrived", "it_did_not_arrive")

    def has_settle_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("campaigns.change_delivery")

    @admin.action(description="Uncertain: it arrived", permissions=["settle"])
    def it_arrived(self, request: HttpRequest, chosen: QuerySet[Delivery]) -> None:
        self._settle(request, chosen, arrived=True)

    @admin.action(description="Uncertain: it did not arrive", permissions=["settle"])
    def it_did_not_arrive(self, request: HttpRequest, chosen: QuerySet[Delivery]) -> None:
        self._settle(request, chosen, arrived=False)

    def _settle(self, request: HttpRequest, chosen: QuerySet[Delivery], *, arrived: bool) -> None:
        by = cast("User", request.user)
        for delivery in chosen:
            try:
                settle(delivery=delivery, arrived=arrived, by=by, now=timezone.now())
            except NotUncertain as error:
                messages.error(request, f"Message {delivery.pk}: {error.message}")
            else:
                messages.success(request, f"Message {delivery.pk} is settled.")

    @display(description="state", label=COLOUR, ordering="state")
    def state_label(self, delivery: Delivery) -> str:
        return DELIVERY[DeliveryState(delivery.state)]

    @admin.display(description="why")
    def why(self, delivery: Delivery) -> str:
        return reasons_in_words([delivery.reason]) if delivery.reason else ""
