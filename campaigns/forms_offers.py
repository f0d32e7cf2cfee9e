"""The shapes of rules and offers as managers write them, but for their lines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms

from campaigns.models import OfferVersion, RuleVersion
from campaigns.queries.moments import known_moments
from campaigns.rules.codes import Door
from campaigns.rules.offers import DOOR_IN_WORDS, KIND_IN_WORDS, WEIGHT_IN_WORDS, OfferKind, Weight
from campaigns.services import offering, ruling
from profiles.forms_guards import JOINS, LineForm
from profiles.forms_terms import JOINS as TERM_JOINS
from profiles.forms_terms import TermForm, joined_terms
from profiles.queries.company import company_zone

_WHEN = "%Y-%m-%dT%H:%M"
_FIRST_WORDS = """Hello{% if customer.first_name != "" %} {{ customer.first_name }}{% endif %},

{{ product.name }} may be something for you.
"""


class _WhenField(forms.DateTimeField):
    """A time of the house's clock."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_WHEN)
        super().__init__(input_formats=[_WHEN], widget=widget, **kwargs)

    def to_python(self, value: Any) -> datetime | None:
        found: datetime | None = super().to_python(value)
        return found.replace(tzinfo=company_zone()) if found else None

    def prepare_value(self, value: Any) -> Any:
        return value.astimezone(company_zone()) if isinstance(value, datetime) else value


class RuleForm(forms.Form):
    """What a rule says, but for its lines."""

    name = forms.CharField(
        max_length=ruling.LONGEST_NAME,
        label="Name of the rule",
        help_text="Such as: hikers like small and light. Colleagues and results name it by this.",
    )
    join = forms.ChoiceField(choices=JOINS, label="Of these lines", required=False)
    term_join = forms.ChoiceField(choices=TERM_JOINS, label="Of these lines", required=False)
    weight = forms.ChoiceField(
        choices=[(str(one), words) for one, words in WEIGHT_IN_WORDS.items()],
        label="How well such a product fits such a customer",
        widget=forms.RadioSelect,
        initial=Weight.FITS,
    )
    note = forms.CharField(
        max_length=ruling.LONGEST_NOTE, required=False, help_text="Why it is there, for colleagues."
    )
    use_required_attribute = False

    def wanted(self, lines: Sequence[LineForm], terms: Sequence[TermForm]) -> ruling.Wanted:
        """Put the rule together from its lines."""
        asked = self.cleaned_data
        return ruling.Wanted(
            name=asked["name"],
            condition=joined(lines, asked["join"]),
            terms=joined_terms(terms, asked["term_join"]),
            weight=Weight(asked["weight"]),
            note=asked["note"],
        )


class OfferForm(forms.Form):
    """What an offer says, but for its lines."""

    name = forms.CharField(max_length=120, label="Name of the offer", help_text="For colleagues.")
    kind = forms.ChoiceField(
        choices=[(str(one), words) for one, words in KIND_IN_WORDS.items()],
        widget=forms.RadioSelect,
        initial=OfferKind.OFFER,
    )
    join = forms.ChoiceField(choices=JOINS, label="Of these lines", required=False)
    term_join = forms.ChoiceField(choices=TERM_JOINS, label="Of these lines", required=False)
    moments = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple, label="In which moments it may come up"
    )
    doors = forms.MultipleChoiceField(
        choices=[(str(one), words) for one, words in DOOR_IN_WORDS.items()],
        widget=forms.CheckboxSelectMultiple,
        label="Where it may be said",
    )
    value_customer = forms.FloatField(
        label="Value to the customer",
        initial=1.0,
        help_text="1: as much as a plain reminder that helps. It has to bring them something.",
    )
    value_house = forms.FloatField(label="Value to the house", initial=1.0, min_value=0)
    cost = forms.FloatField(
        label="Cost", initial=0.0, min_value=0, help_text="What it costs the house to give it."
    )
    stock = forms.IntegerField(
        min_value=0,
        max_value=10**9,
        required=False,
        label="How many are left",
        help_text="Counted down when it is said. Empty: as many as are wanted.",
    )
    starts_at = _WhenField(label="From")
    ends_at = _WhenField(label="Until", required=False, help_text="Empty: for good.")
    exclusivity = forms.CharField(
        max_length=60,
        required=False,
        label="Group of offers that exclude each other",
        help_text="Of offers with the same group a customer is told one.",
    )
    counter_words = forms.CharField(
        max_length=300, required=False, label="In words for staff at a counter"
    )
    page_words = forms.CharField(max_length=300, required=False, label="In words for pages")
    mail_subject = forms.CharField(
        max_length=200, required=False, label="Subject of the e-mail", initial="{{ product.name }}"
    )
    mail_text = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 8}),
        required=False,
        label="Text of the e-mail",
        initial=_FIRST_WORDS,
        help_text="In the template language of messages. Why it comes, and how to stop, is added to each.",
    )
    note = forms.CharField(max_length=300, required=False, help_text="For colleagues.")
    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        moments = self.fields["moments"]
        assert isinstance(moments, forms.MultipleChoiceField)
        known = sorted(known_moments().values(), key=lambda one: one.label)
        moments.choices = [(one.key, one.label) for one in known if one.sells]

    def wanted(self, lines: Sequence[LineForm], terms: Sequence[TermForm]) -> offering.Wanted:
        """Put the offer together; without lines about customers the rule base says for whom it is."""
        asked = self.cleaned_data
        plain = {name: asked[name] for name in _PLAIN}
        return offering.Wanted(
            kind=OfferKind(asked["kind"]),
            doors=[Door(one) for one in asked["doors"]],
            terms=joined_terms(terms, asked["term_join"]),
            condition=joined(lines, asked["join"]) if lines else None,
            **plain,
        )


_PLAIN = (
    "name", "moments", "value_customer", "value_house", "cost", "starts_at", "ends_at", "exclusivity",
    "counter_words", "page_words", "mail_subject", "mail_text", "note",
)  # fmt: skip


def joined(lines: Sequence[LineForm], join: str) -> dict[str, Any]:
    """Put lines about customers together."""
    parts = [line.condition() for line in lines]
    return parts[0] if len(parts) == 1 else {join or "all": parts}


def rule_initial(version: RuleVersion) -> dict[str, Any]:
    """What a rule says, as its form shows it."""
    return {name: getattr(version, name) for name in ("name", "weight", "note")}


def offer_initial(version: OfferVersion) -> dict[str, Any]:
    """What an offer says, as its form shows it."""
    names = (*_PLAIN, "kind", "doors")
    return {name: getattr(version, name) for name in names} | {"stock": version.offer.stock}
