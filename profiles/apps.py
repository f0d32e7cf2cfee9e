"""The profiles app: it registers the moments it can see."""

from django.apps import AppConfig


class ProfilesConfig(AppConfig):
    name = "profiles"

    def ready(self) -> None:
        from cxportal.lib.registry import Fact, Moment, Timeline, registry
        from profiles.holdings import HOLDINGS
        from profiles.queries import due, facts, households, timeline_rows

        registry.add(
            *HOLDINGS,
            Timeline("purchase", "Purchases", timeline_rows.purchases, has_sources=True),
            Timeline(
                "touchpoint", "Visits, calls, events", timeline_rows.touchpoints, has_sources=True
            ),
            Timeline("pickup", "Orders ahead and stays", timeline_rows.pickups, has_sources=True),
            Timeline("fact", "What became known", timeline_rows.facts, has_sources=True),
            Timeline("consent", "Consent", timeline_rows.consents),
            Moment(
                key=due.MOMENT,
                label="Due to be bought again",
                detect=due.detect,
                awaited=due.awaited,
                subject_name=due.product_names,
                ended=due.ended,
                explain=due.explain,
                is_about_products=True,
            ),
            Fact(key="known", label="What is known of the customer", load=facts.known),
            Fact(
                key="minded_allergens",
                label="What nobody in the household may be offered",
                load=households.minded_allergens,
            ),
        )
