"""The ledger of sending, and the words that left."""

from __future__ import annotations

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from campaigns.models import Delivery, Message
from campaigns.rules.codes import DeliveryState
from campaigns.rules.telling import DELIVERY, reasons_in_words
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

    @display(description="state", label=COLOUR, ordering="state")
    def state_label(self, delivery: Delivery) -> str:
        return DELIVERY[DeliveryState(delivery.state)]

    @admin.display(description="why")
    def why(self, delivery: Delivery) -> str:
        return reasons_in_words([delivery.reason]) if delivery.reason else ""
