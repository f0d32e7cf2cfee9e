"""The campaigns app, and what it holds of people."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "campaigns"

    def ready(self) -> None:
        from campaigns.holdings import HOLDINGS
        from campaigns.queries import timeline
        from cxportal.lib.registry import Timeline, registry

        registry.add(
            *HOLDINGS,
            Timeline(key="message", label="Messages", load=timeline.messages),
            Timeline(key="answer", label="Answers to suggestions", load=timeline.answers),
        )
