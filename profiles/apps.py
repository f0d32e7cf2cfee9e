"""The profiles app: it registers the moments it can see."""

from django.apps import AppConfig


class ProfilesConfig(AppConfig):
    name = "profiles"

    def ready(self) -> None:
        from cxportal.lib.registry import Fact, Moment, MomentSource, Timeline, registry
        from profiles.holdings import HOLDINGS
        from profiles.queries import (
            at_hand,
            due,
            facts,
            households,
            occasions,
            own_moments,
            timeline_rows,
            visiting,
        )
        from profiles.rules.at_hand import basket_because, place_because
        from profiles.rules.occasions import anniversary_because, birthday_because
        from profiles.rules.own_moments import PREFIX
        from profiles.rules.visiting import away_because, newcomer_because

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
            Moment(
                key=occasions.BIRTHDAY_MOMENT,
                label="Birthday",
                detect=occasions.birthdays,
                awaited=occasions.awaiting_birthday,
                ended=occasions.birthday_over,
                explain=birthday_because,
                keeps_its_day=True,
            ),
            Moment(
                key=occasions.ANNIVERSARY_MOMENT,
                label="Years with the same thing",
                detect=occasions.anniversaries,
                awaited=occasions.awaiting_anniversary,
                subject_name=due.product_names,
                ended=occasions.anniversary_over,
                explain=anniversary_because,
                is_about_products=True,
                keeps_its_day=True,
            ),
            Moment(
                key=visiting.AWAY_MOMENT,
                label="Stays away from their own rhythm",
                detect=visiting.away,
                awaited=visiting.awaiting_away,
                ended=visiting.came_since,
                explain=away_because,
            ),
            Moment(
                key=visiting.NEWCOMER_MOMENT,
                label="New: time for a second visit",
                detect=visiting.newcomers,
                awaited=visiting.awaiting_newcomers,
                ended=visiting.came_since,
                explain=newcomer_because,
            ),
            Moment(
                key=at_hand.VISIT_MOMENT,
                label="At a counter now",
                detect=at_hand.visits,
                awaited=at_hand.nobody,
                subject_name=at_hand.place_names,
                ended=at_hand.over(at_hand.visits),
                explain=place_because,
                is_urgent=True,
            ),
            Moment(
                key=at_hand.ARRIVAL_MOMENT,
                label="Arrived at a place",
                detect=at_hand.arrivals,
                awaited=at_hand.nobody,
                subject_name=at_hand.place_names,
                ended=at_hand.over(at_hand.arrivals),
                explain=place_because,
                is_urgent=True,
            ),
            Moment(
                key=at_hand.BASKET_MOMENT,
                label="Basket in progress",
                detect=at_hand.baskets,
                awaited=at_hand.nobody,
                subject_name=due.product_names,
                ended=at_hand.over(at_hand.baskets),
                explain=basket_because,
                is_about_products=True,
                is_urgent=True,
            ),
            MomentSource("own", PREFIX, own_moments.own_moments),
            Fact(key="known", label="What is known of the customer", load=facts.known),
            Fact(
                key="minded_allergens",
                label="What nobody in the household may be offered",
                load=households.minded_allergens,
            ),
        )
