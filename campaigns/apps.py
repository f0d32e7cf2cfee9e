"""The campaigns app, and what it holds of people."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "campaigns"

    def ready(self) -> None:
        from campaigns.bells import ring_react
        from campaigns.holdings import HOLDINGS
        from campaigns.queries import timeline
        from cxportal.lib.registry import Bell, Timeline, registry

        registry.add(
            *HOLDINGS,
            Timeline(key="message", label="Messages", load=timeline.messages),
            Bell(key="react", ring=ring_react),
            Timeline(key="answer", label="Answers to suggestions", load=timeline.answers),
        )
