"""The profiles app: it registers the moments it can see."""

from django.apps import AppConfig


class ProfilesConfig(AppConfig):
    name = "profiles"

    def ready(self) -> None:
        from cxportal.lib.registry import Moment, registry
        from profiles.holdings import HOLDINGS
        from profiles.queries import due

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
        )
