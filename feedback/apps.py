"""The feedback app, and what it offers to the apps above."""

from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    name = "feedback"

    def ready(self) -> None:
        from cxportal.lib.registry import Fact, Moment, Timeline, registry
        from feedback import moments, queries, timeline
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
            Moment(
                key=moments.THIRD_CONTACT,
                label="Third contact in a week about the same",
                detect=moments.third_contacts,
                awaited=moments.awaiting_third_contact,
                subject_name=moments.case_names,
                ended=moments.third_contact_over,
                explain=moments.contact_because,
                sells=False,
            ),
            Moment(
                key=moments.STILL_UNHAPPY,
                label="Unhappy although it was solved",
                detect=moments.still_unhappy,
                awaited=moments.awaiting_still_unhappy,
                subject_name=moments.case_names,
                ended=moments.still_unhappy_over,
                explain=moments.unhappy_because,
                sells=False,
            ),
        )
