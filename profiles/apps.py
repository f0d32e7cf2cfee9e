"""The profiles app: it registers the moments it can see."""

from django.apps import AppConfig


class ProfilesConfig(AppConfig):
    name = "profiles"

    def ready(self) -> None:
        from cxportal.lib.registry import Fact, Moment, registry
        from profiles.holdings import HOLDINGS
        from profiles.queries import due, facts, households

        registry.add(
            *HOLDINGS,
            Moment(
                key=due.MOMENT,
                label="Due to be bought again",
                detect=due.detect,
                awaited=due.awaited,
                subject_name=due.product_names,
                ended=due.ended,
                explain=due.explain,
            ),
            Fact(key="known", label="What is known of the customer", load=facts.known),
            Fact(
                key="minded_allergens",
                label="What nobody in the household may be offered",
                load=households.minded_allergens,
            ),
        )
