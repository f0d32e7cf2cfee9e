"""How each campaign was felt, as rows of the overview."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from campaigns.queries.felt import felt
from campaigns.queries.overview import Span
from campaigns.rules.results import Share
from cxportal.lib.display import percent


@dataclass(frozen=True)
class FeltRow:
    """One campaign, with the shares of what was said of it and between what they lie."""

    name: str
    href: str
    told: str
    help: str
    help_between: str
    intrusion: str
    intrusion_between: str


def felt_rows(span: Span) -> Sequence[FeltRow]:
    """Say of each campaign of the span how often it was felt as help, and how often as intrusion."""
    since = span.since().date().isoformat()
    return [
        FeltRow(
            name=one.name,
            href=f"{reverse('decisions')}?{urlencode({'campaign': one.code, 'verdict': 'speak', 'since': since})}",
            told=f"{one.told:,}",
            help=percent(one.help.rate),
            help_between=_between(one.help),
            intrusion=percent(one.intrusion.rate),
            intrusion_between=_between(one.intrusion),
        )
        for one in felt(span)
    ]


def _between(share: Share) -> str:
    low, high = share.interval
    return f"{percent(low)} and {percent(high)}"
