"""Lines about products: of a category, one product, or what it is like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from profiles.forms_guards import ProductField
from profiles.models import Category, Product
from profiles.rules.characteristics import Trait
from profiles.rules.names import AttributeType
from profiles.rules.product_terms import AllTerms, AnyTerms, Compare, Has, IsProduct, Term, Terms

JOINS = [("all", "All of these must be so"), ("any", "One of these is enough")]
_COMPARE = {Compare.AT_MOST: "is at most", Compare.AT_LEAST: "is at least"}


class TermForm(forms.Form):
    """One line about products. ``what`` names it: "category", "product", "has:weight"."""

    use_required_attribute = False

    def __init__(
        self, what: str, label: str, fields: Mapping[str, forms.Field], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.what, self.label = what, label
        self.fields.update(fields)
        self.fields["turned"] = forms.BooleanField(required=False, label="not so")

    def term(self) -> dict[str, Any]:
        """The line as JSON."""
        asked = self.cleaned_data
        if self.what in {"product", "category"}:
            part: dict[str, Any] = {self.what: asked["thing"].pk}
        else:
            part = {"has": self.what.partition(":")[2], asked["how"]: asked["value"]}
        return {"not": part} if asked["turned"] else part


def offered_terms(traits: Mapping[str, Trait]) -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
    """What a line can be about, in groups."""
    like = [(f"has:{code}", trait.name) for code, trait in traits.items()]
    things = [("category", "is of a category"), ("product", "is one product")]
    return [("What it is", things), *([("What it is like", like)] if like else [])]


def term_form(what: str, traits: Mapping[str, Trait], **kwargs: Any) -> TermForm | None:
    """Make the form of one line; None for what cannot be asked."""
    labels = {code: label for _, group in offered_terms(traits) for code, label in group}
    if what not in labels:
        return None
    return TermForm(what, labels[what], _fields(what, traits), **kwargs)


def _fields(what: str, traits: Mapping[str, Trait]) -> Mapping[str, forms.Field]:
    if what == "product":
        return {"thing": ProductField(label="Product")}
    if what == "category":
        rows = Category.objects.order_by("name")
        return {"thing": forms.ModelChoiceField(rows, label="Category", empty_label="–")}
    trait = traits[what.partition(":")[2]]
    if trait.type == AttributeType.NUMBER:
        unit = f"in {trait.schema.unit}" if trait.schema.unit else ""
        how = [(str(one), words) for one, words in _COMPARE.items()]
        return {
            "how": forms.ChoiceField(choices=how, label="How"),
            "value": forms.FloatField(label="Value", help_text=unit),
        }
    is_several = trait.type == AttributeType.CHOICES
    compare = Compare.INCLUDES if is_several else Compare.IS
    choices = [("yes", "yes"), ("no", "no")]
    if trait.type != AttributeType.YES_NO:
        choices = [(one, one) for one in trait.schema.choices]
    return {
        "how": forms.CharField(widget=forms.HiddenInput, initial=str(compare)),
        "value": forms.ChoiceField(choices=choices, label="includes" if is_several else "is"),
    }


def joined_terms(lines: Sequence[TermForm], join: str) -> dict[str, Any]:
    """Put lines together; without any there is no term."""
    parts = [line.term() for line in lines]
    return parts[0] if len(parts) == 1 else {join or "all": parts}


def as_term_lines(terms: Terms) -> tuple[str, Sequence[tuple[str, dict[str, Any]]]] | None:
    """Take terms apart: how their lines are joined, and of each what it is about with its values.

    None where they nest deeper than lines can say.
    """
    join = "any" if isinstance(terms, AnyTerms) else "all"
    parts = terms.parts if isinstance(terms, AllTerms | AnyTerms) else (terms,)
    if any(isinstance(part, AllTerms | AnyTerms) for part in parts):
        return None
    lines = [_as_line(part) for part in parts if not isinstance(part, AllTerms | AnyTerms)]
    return join, lines


def _as_line(term: Term) -> tuple[str, dict[str, Any]]:
    turned = {"turned": term.is_turned}
    if isinstance(term, Has):
        value = (
            {True: "yes", False: "no"}[term.operand]
            if isinstance(term.operand, bool)
            else term.operand
        )
        return f"has:{term.code}", {"how": str(term.compare), "value": value} | turned
    if isinstance(term, IsProduct):
        code = Product.objects.filter(pk=term.id).values_list("code", flat=True).first()
        return "product", {"thing": code or ""} | turned
    return "category", {"thing": term.id} | turned
