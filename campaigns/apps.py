"""The campaigns app, and what it holds of people."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "campaigns"

    def ready(self) -> None:
        from campaigns.bells import ring_react
        from campaigns.holdings import HOLDINGS
        from campaigns.queries import guidance, news, timeline
        from campaigns.queries.offered import NEWS_MOMENT
        from campaigns.rules.guidance import PART_MOMENT, part_because
        from cxportal.lib.registry import Bell, Moment, Timeline, registry

        registry.add(
            *HOLDINGS,
            Timeline(key="message", label="Messages", load=timeline.messages),
            Moment(
                key=PART_MOMENT,
                label="Next part of a path",
                detect=guidance.due_parts,
                awaited=guidance.awaiting_parts,
                subject_name=guidance.part_names,
                ended=guidance.not_followed,
                explain=part_because,
                sells=False,
                is_asked_for=True,
            ),
            Bell(key="react", ring=ring_react),
            Moment(
                key=NEWS_MOMENT,
                label="Something new that fits",
                detect=news.news,
                awaited=news.awaiting_news,
                explain=news.news_because,
            ),
            Timeline(key="answer", label="Answers to suggestions", load=timeline.answers),
        )
