"""The campaigns that every installation begins with; their words are edited in the back-office."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from profiles.rules.names import Purpose


@dataclass(frozen=True)
class DefaultCampaign:
    """A campaign with the first version of its words."""

    code: str
    name: str
    moment: str
    purpose: Purpose
    subject: str
    text: str
    html: str
    action: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    value: float = 1.0


TEMPLATES = (
    DefaultCampaign(
        code="reorder",
        name="Reminder to buy again",
        moment="due_reorder",
        purpose=Purpose.REMINDERS,
        subject="{{ product.name }}: about time again",
        text="""Hello{% if customer.first_name != "" %} {{ customer.first_name }}{% endif %},

your last {{ last_purchase.product }} was on {{ last_purchase.on }}. It may be about to run out.
{% if product.url %}
Buy again: {{ product.url }}
{% endif %}
Still have plenty? {{ links.plenty }}""",
        html="""<p>Hello{% if customer.first_name != "" %} {{ customer.first_name }}{% endif %},</p>
<p>your last <strong>{{ last_purchase.product }}</strong> was on {{ last_purchase.on }}.
It may be about to run out.</p>
<p><a href="{{ links.plenty }}">I still have plenty</a></p>""",
    ),
    DefaultCampaign(
        code="next-tier",
        name="Close to the next tier",
        moment="close_to_next_tier",
        action="bonus_points",
        parameters={"points": 50},
        purpose=Purpose.OFFERS,
        value=3.0,  # a tier and its points are worth more than a plain reminder
        subject="A few points to your next tier",
        text="""Hello{% if customer.first_name != "" %} {{ customer.first_name }}{% endif %},

you are close to the next tier. We added 50 bonus points to your account, so that it is closer still.

Your points: {{ links.preferences }}""",
        html="""<p>Hello{% if customer.first_name != "" %} {{ customer.first_name }}{% endif %},</p>
<p>you are close to the next tier. We added <strong>50 bonus points</strong> to your account,
so that it is closer still.</p>
<p><a href="{{ links.preferences }}">See your points</a></p>""",
    ),
)
