"""The feedback app, and what it offers to the apps above."""

from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    name = "feedback"

    def ready(self) -> None:
        from cxportal.lib.registry import Fact, Timeline, registry
        from feedback import queries, timeline
        from feedback.holdings import HOLDINGS

        registry.add(
            *HOLDINGS,
            Timeline(key="case", label="Cases", load=timeline.cases),
            Timeline(key="survey", label="Answers to questions", load=timeline.answers),
            Fact(
                key="open_case",
                label="Open case",
                load=queries.open_case_flags,
                forbids_selling=True,
                asked=lambda: {"yes": "has an open case"},
            ),
        )
