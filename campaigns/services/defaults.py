"""The campaigns that every installation begins with; their words are edited in the back-office."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from profiles.rules.names import Purpose


@dataclass(frozen=True)
class DefaultCampaign:
    """A campaign with the first version of its words; without words it speaks where the customer is met."""

    code: str
    name: str
    moment: str
    purpose: Purpose
    subject: str = ""
    text: str = ""
    html: str = ""
    action: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    value: float = 1.0
    is_live: bool = True


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
        # A tier and its points are worth two plain reminders. What keeps this from being said to everybody
        # close to a tier is the likelihood, which comes from the customer's own ledger
        # (``loyalty.rules.chance_to_earn``): a prior of one in seven for all could never reach an e-mail.
        value=2.0,
        subject="A few points to your next tier",
        text="""Hello{% if customer.first_name != "" %} {{ customer.first_name }}{% endif %},

you are close to the next tier. We added 50 bonus points to your account, so that it is closer still.

Your points: {{ links.preferences }}""",
        html="""<p>Hello{% if customer.first_name != "" %} {{ customer.first_name }}{% endif %},</p>
<p>you are close to the next tier. We added <strong>50 bonus points</strong> to your account,
so that it is closer still.</p>
<p><a href="{{ links.preferences }}">See your points</a></p>""",
    ),
    DefaultCampaign(
        code="tier-at-risk",
        name="About to lose a tier",
        moment="tier_at_risk",
        purpose=Purpose.OFFERS,
        value=2.0,  # as much at stake as on the way up
        subject="Your {{ facts.tier }} ends soon",
        text="""Hello{% if customer.first_name != "" %} {{ customer.first_name }}{% endif %},

{{ reason }}.

Your points: {{ links.preferences }}""",
        html="""<p>Hello{% if customer.first_name != "" %} {{ customer.first_name }}{% endif %},</p>
<p>{{ reason }}.</p>
<p><a href="{{ links.preferences }}">See your points</a></p>""",
    ),
    DefaultCampaign(
        code="birthday",
        name="Birthday",
        moment="birthday",
        purpose=Purpose.OFFERS,
        subject='Happy birthday{% if customer.first_name != "" %}, {{ customer.first_name }}{% endif %}',
        text="""Hello{% if customer.first_name != "" %} {{ customer.first_name }}{% endif %},

happy birthday, and a good year to you.

{{ company.name }}""",
        html="""<p>Hello{% if customer.first_name != "" %} {{ customer.first_name }}{% endif %},</p>
<p>happy birthday, and a good year to you.</p>
<p>{{ company.name }}</p>""",
    ),
    DefaultCampaign(
        code="years-with-the-same",
        name="Years with the same thing",
        moment="years_with_the_same",
        purpose=Purpose.OFFERS,
        value=2.0,  # what one keeps for years costs more than what is bought every month
        subject="{{ product.name }}: time for a new one?",
        text="""Hello{% if customer.first_name != "" %} {{ customer.first_name }}{% endif %},

your {{ product.name }} has served you for a good while. If it still does, keep it. If you are thinking of
a new one, we are glad to help you choose.
{% if product.url %}
{{ product.url }}
{% endif %}""",
        html="""<p>Hello{% if customer.first_name != "" %} {{ customer.first_name }}{% endif %},</p>
<p>your <strong>{{ product.name }}</strong> has served you for a good while. If it still does, keep it.
If you are thinking of a new one, we are glad to help you choose.</p>""",
    ),
    DefaultCampaign(
        code="welcome-back",
        name="We have not seen you for a while",
        moment="stays_away",
        purpose=Purpose.OFFERS,
        value=4.0,  # a customer who comes back comes more than once
        subject="We have not seen you for a while",
        text="""Hello{% if customer.first_name != "" %} {{ customer.first_name }}{% endif %},

you have not been here for longer than usual. Should something have gone wrong, we would like to put it right:
{{ links.person }}""",
        html="""<p>Hello{% if customer.first_name != "" %} {{ customer.first_name }}{% endif %},</p>
<p>you have not been here for longer than usual. Should something have gone wrong, we would like to put it
right.</p>
<p><a href="{{ links.person }}">Tell a person</a></p>""",
    ),
    DefaultCampaign(
        code="second-visit",
        name="Welcome: a second visit",
        moment="second_visit",
        purpose=Purpose.OFFERS,
        value=2.0,  # who comes a second time mostly comes a third
        subject="Welcome to {{ company.name }}",
        text="""Hello{% if customer.first_name != "" %} {{ customer.first_name }}{% endif %},

thank you for your first visit. On your own page you can say what you like, how often we may write, and what
we should not:
{{ links.preferences }}""",
        html="""<p>Hello{% if customer.first_name != "" %} {{ customer.first_name }}{% endif %},</p>
<p>thank you for your first visit. On your own page you can say what you like, how often we may write,
and what we should not.</p>
<p><a href="{{ links.preferences }}">Your page</a></p>""",
    ),
    DefaultCampaign(
        code="guidance",
        name="Next part of a path",
        moment="path_part",
        purpose=Purpose.OFFERS,
        subject="{{ guidance.path }}: {{ guidance.title }}",
        text="""Hello{% if customer.first_name != "" %} {{ customer.first_name }}{% endif %},

{{ guidance.text }}

Faster, slower, a rest or the end: {{ links.preferences }}""",
        html="""<p>Hello{% if customer.first_name != "" %} {{ customer.first_name }}{% endif %},</p>
<p>{{ guidance.text | newline_to_br }}</p>
<p><a href="{{ links.preferences }}">Faster, slower, a rest or the end</a></p>""",
    ),
    # What needs a person is said by one: no message would make it better.
    DefaultCampaign(
        code="third-contact",
        name="Third contact: ask for the supervisor",
        moment="third_contact",
        purpose=Purpose.REMINDERS,
    ),
    DefaultCampaign(
        code="still-unhappy",
        name="Not solved after all: ask what is wrong",
        moment="still_unhappy",
        purpose=Purpose.REMINDERS,
    ),
    DefaultCampaign(
        code="basket",
        name="Basket in progress",
        moment="basket",
        purpose=Purpose.OFFERS,
    ),
    # Off until somebody writes what there is to say to whoever comes in or walks by.
    DefaultCampaign(
        code="arrival",
        name="Arrived at a place",
        moment="arrival",
        purpose=Purpose.OFFERS,
        is_live=False,
    ),
    DefaultCampaign(
        code="visit-now",
        name="At a counter now",
        moment="visit_now",
        purpose=Purpose.OFFERS,
        is_live=False,
    ),
)
