"""The data pages of campaigns, one module per topic; importing them registers them."""

from campaigns.admin import campaigns, decisions, deliveries, rehearsals

__all__ = ["campaigns", "decisions", "deliveries", "rehearsals"]
