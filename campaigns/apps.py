"""The campaigns app, and what it holds of people."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "campaigns"

    def ready(self) -> None:
        from campaigns.holdings import HOLDINGS
        from cxportal.lib.registry import registry

        registry.add(*HOLDINGS)
