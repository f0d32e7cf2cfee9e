"""From a template and a decision to the words that leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import css_inline
import nh3
from django.contrib.auth.models import User
from django.db import transaction
from django.template.loader import render_to_string

from campaigns.models import Campaign, Delivery, MessageTemplate, PathPart
from campaigns.queries.moments import moment_of
from campaigns.queries.naming import reason_for
from campaigns.queries.policy import sending_policy
from campaigns.queries.received import product_of
from campaigns.rules.guidance import PART_MOMENT
from campaigns.rules.wording import WordingError, Words, words
from campaigns.services.defaults import TEMPLATES
from cxportal.lib.errors import DomainError
from cxportal.lib.links import LinkPurpose, absolute, link
from cxportal.lib.registry import registry
from profiles.models import Customer, Habit, Product
from profiles.queries.company import company
from profiles.queries.due import MOMENT as DUE_REORDER
from profiles.queries.purchases import bought_on
from profiles.rules.reordering import day_words, span


class TemplateInvalid(DomainError):
    """The template cannot be filled in; ``data["part"]`` names subject, text or html."""

    code = "template_invalid"


@dataclass(frozen=True)
class Composed:
    """A whole message: words, and the addresses that go into its headers."""

    words: Words
    stop_url: str


@dataclass(frozen=True)
class _Subject:
    """What a message speaks of: facts of the decision, and the product where there is one."""

    facts: Mapping[str, Any]
    cycle: date | None
    product: Product | None
    because: str
    guidance: Mapping[str, str] = field(default_factory=dict)


def compose(*, delivery: Delivery) -> Composed:
    """Fill a delivery's template in; raises ``TemplateInvalid``."""
    decision = delivery.decision
    moment = decision.moment
    product = product_of(delivery)
    subject = _Subject(
        decision.facts,
        moment.cycle,
        product,
        reason_for(decision, "customer"),
        _guidance(moment.subject_id) if moment.kind == PART_MOMENT else {},
    )
    links = _links(str(delivery.public_id), str(delivery.customer.public_id))
    template = delivery.template
    filled = _filled(template, _variables(delivery.customer, subject, links))
    return Composed(_framed(filled, delivery.customer, subject, links), links["stop"])


def _guidance(part_id: int) -> Mapping[str, str]:
    """The part of a path as it is written now; empty where it was taken out meanwhile."""
    part = PathPart.objects.select_related("path").filter(pk=part_id).first()
    return {"path": part.path.name, "title": part.title, "text": part.text} if part else {}


def preview(
    *,
    subject: str,
    text: str,
    html: str,
    customer: Customer,
    campaign: Campaign | None = None,
    now: datetime,
) -> Words:
    """Show a template as this customer would get it, with what they would most likely be told."""
    example = _example_of(campaign) or _example(customer, now)
    links = dict.fromkeys(("why", "stop", "person", "plenty", "preferences"), absolute("home"))
    template = MessageTemplate(subject=subject, text=text, html=html)
    return _framed(
        _filled(template, _variables(customer, example, links)), customer, example, links
    )


def save_template(
    *, campaign: Campaign, language: str, subject: str, text: str, html: str, by: User | None
) -> MessageTemplate:
    """Store the next version of a campaign's words; raises ``TemplateInvalid`` and then stores nothing."""
    candidate = MessageTemplate(
        campaign=campaign, language=language, subject=subject, text=text, html=html, created_by=by
    )
    _try_out(candidate, _sample_facts(campaign))
    with transaction.atomic():
        # The campaign's row orders two people who save at once: each gets a version of their own.
        Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
        newest = (
            MessageTemplate.objects.filter(campaign=campaign, language=language)
            .order_by("-version")
            .first()
        )
        candidate.version = newest.version + 1 if newest else 1
        candidate.save()
    return candidate


def _sample_facts(campaign: Campaign) -> Mapping[str, Any]:
    moment = moment_of(campaign.moment)
    return {**_SAMPLE_FACTS, **(moment.sample if moment else {})}


_SAMPLE_GUIDANCE = {
    "path": "Bake bread",
    "title": "The flour",
    "text": "Which flour for which bread.",
}


def try_words(*, subject: str, text: str, html: str) -> None:
    """Fill words in for a sample, before there is a campaign for them; raises ``TemplateInvalid``."""
    _try_out(MessageTemplate(subject=subject, text=text, html=html), _SAMPLE_FACTS)


def _try_out(candidate: MessageTemplate, facts: Mapping[str, Any]) -> None:
    sample = _Subject(
        facts,
        date(2026, 1, 5),
        Product(name="Sample", code="1"),
        "you bought it",
        _SAMPLE_GUIDANCE,
    )
    links = dict.fromkeys(
        ("why", "stop", "person", "plenty", "preferences"), "https://example.com/"
    )
    _filled(candidate, _variables(Customer(name="Sample Name"), sample, links))


# Of every moment what a template may name.
_SAMPLE_FACTS: Mapping[str, Any] = {
    "rhythm_days": 35.0, "bought_on": ["2026-01-05"], "tier": "Gold", "next_tier": "Gold",
    "points_to_next": 40, "points_needed": 40, "years": 3, "visits": 12, "place": "Main Street",
}  # fmt: skip


def ensure_defaults() -> None:
    """Create the campaigns that the product begins with, where they are missing."""
    for default in TEMPLATES:
        campaign, _ = Campaign.objects.get_or_create(
            code=default.code,
            defaults={
                "name": default.name,
                "moment": default.moment,
                "action": default.action,
                "parameters": default.parameters,
                "purpose": default.purpose,
                "value": default.value,
                "is_live": default.is_live,
            },
        )
        if default.subject and not campaign.templates.exists():
            save_template(
                campaign=campaign,
                language="en",
                subject=default.subject,
                text=default.text,
                html=default.html,
                by=None,
            )


# --- the parts ------------------------------------------------------------------------------------


def _links(delivery_id: str, customer_id: str) -> dict[str, str]:
    why = link(LinkPurpose.WHY, "campaigns:why", delivery_id)
    return {
        "why": why,
        "plenty": f"{why}#plenty",
        "person": f"{why}#person",
        "stop": link(LinkPurpose.STOP, "campaigns:stop", delivery_id),
        "buy": link(LinkPurpose.BUY, "campaigns:buy", delivery_id),
        "preferences": link(LinkPurpose.MY_PAGE, "my-page", customer_id),
    }


def _variables(customer: Customer, subject: _Subject, links: Mapping[str, str]) -> dict[str, Any]:
    house = company()
    product = subject.product
    name = (product.name or product.code) if product else ""
    return {
        "customer": {"name": customer.name, "first_name": customer.name.split(" ")[0]},
        "company": {"name": house.name},
        "product": {"name": name, "url": _buy_url(subject, links) or None},
        "last_purchase": {"product": name, "on": day_words(subject.cycle) if subject.cycle else ""},
        "rhythm": span(subject.facts["rhythm_days"]) if subject.facts.get("rhythm_days") else "",
        "reason": subject.because,
        "guidance": dict(subject.guidance),
        "facts": {
            key: value
            for key, value in subject.facts.items()
            if isinstance(value, str | int | float)
        },
        "links": dict(links),
    }


def _buy_url(subject: _Subject, links: Mapping[str, str]) -> str:
    """Where to buy it again: over this site where followed links are counted, else straight to the shop."""
    url = subject.product.url if subject.product else ""
    return links.get("buy", url) if url and sending_policy().counts_links else url


def _filled(template: MessageTemplate, variables: Mapping[str, Any]) -> Words:
    try:
        return words(template.subject, template.text, template.html, variables)
    except WordingError as error:
        raise TemplateInvalid(str(error), data={"part": error.part}) from error


def _framed(
    filled: Words, customer: Customer, subject: _Subject, links: Mapping[str, str]
) -> Words:
    """Put the frame around: what it is, why, a person, and how to stop stand in every message."""
    house, policy = company(), sending_policy()
    context = {
        "language": customer.language or house.language,
        "subject": filled.subject,
        "company_name": house.name,
        "body_html": nh3.clean(filled.html),
        "buy_url": _buy_url(subject, links),
        "reason": f"Why now: {subject.because}." if subject.because else "",
        "reason_url": links["why"],
        "preferences_url": links["preferences"],
        "person_url": links["person"],
        "unsubscribe_url": links["stop"],
        "address": policy.postal_address,
    }
    html = _INLINER.inline(render_to_string("emails/layout.html", context))
    text = render_to_string("emails/layout.txt", context | {"body_text": filled.text.strip()})
    # What the engine returns counts as safe HTML and would be shown unescaped; plain text is neither.
    return Words(filled.subject, text.strip() + "\n", html)


_INLINER = css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=True)


def _example_of(campaign: Campaign | None) -> _Subject | None:
    """What a moment that stands in rows brings: it says so itself."""
    moment = moment_of(campaign.moment) if campaign else None
    if moment is None or not moment.sample:
        return None
    because = moment.explain(moment.sample, "customer")
    return _Subject({**_SAMPLE_FACTS, **moment.sample}, None, None, because)


def _example(customer: Customer, now: datetime) -> _Subject:
    habit = (
        Habit.objects.filter(customer=customer, product__isnull=False)
        .select_related("product")
        .order_by("doubt", "-window_probability", "pk")
        .first()
    )
    if habit is None or habit.product is None:
        facts = {**_SAMPLE_FACTS, "rhythm_days": 28.0}
        return _Subject(
            facts,
            None,
            Product(name="a product", code="1"),
            "you bought it before",
            _SAMPLE_GUIDANCE,
        )
    pair = (customer.pk, habit.product.pk)
    facts = {"rhythm_days": habit.rhythm_days, "bought_on": bought_on([pair], now)[pair]}
    because = registry.moments[DUE_REORDER].explain(facts, "customer")
    return _Subject(
        {**_SAMPLE_FACTS, **facts}, habit.last_on, habit.product, because, _SAMPLE_GUIDANCE
    )
