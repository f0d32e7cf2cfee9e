"""The loyalty app, and what it offers to the apps above."""

from django.apps import AppConfig


class LoyaltyConfig(AppConfig):
    name = "loyalty"

    def ready(self) -> None:
        from cxportal.lib.registry import Action, Fact, Moment, Timeline, registry
        from loyalty import moments, queries, timeline
        from loyalty.holdings import HOLDINGS
        from loyalty.rules import close_because, risk_because, wrong_with_bonus
        from loyalty.services import awarding

        registry.add(
            *HOLDINGS,
            Timeline(key="points", label="Points", load=timeline.points),
            Fact(key="tier", label="Tier", load=queries.tier_codes, asked=queries.tiers_asked),
            Moment(
                key=moments.CLOSE_TO_NEXT,
                label="Close to the next tier",
                detect=moments.close_to_next_tier,
                awaited=moments.awaiting_next_tier,
                ended=moments.risen,
                explain=close_because,
            ),
            Moment(
                key=moments.AT_RISK,
                label="About to lose a tier",
                detect=moments.tier_at_risk,
                awaited=moments.awaiting_risk,
                ended=moments.risk_over,
                explain=risk_because,
            ),
            Action(
                key="bonus_points",
                label="Bonus points",
                perform=lambda customer_id, source_ref, parameters, now: awarding.award_bonus(
                    customer_id, source_ref, int(parameters["points"]), now
                ),
                describe=lambda parameters: f"{parameters['points']} bonus points",
                check=wrong_with_bonus,
                take_back=awarding.take_bonus_back,
            ),
        )
