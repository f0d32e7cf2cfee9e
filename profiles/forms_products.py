"""Forms over characteristics: how products are searched by them, and what a product is like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from profiles.models import Category
from profiles.queries.products import AT_MOST, filters_of
from profiles.rules.characteristics import Trait, columns_of
from profiles.rules.facts import Malformed, Value
from profiles.rules.names import AttributeType

_YES_NO = [("", "–"), ("yes", "yes"), ("no", "no")]


class SearchForm(forms.Form):
    """Name or code, category, and a field for each characteristic, named as its filter."""

    q = forms.CharField(label="Name or code", max_length=100, required=False)
    category = forms.ModelChoiceField(
        Category.objects.order_by("name"), to_field_name="name", required=False, empty_label="any"
    )
    use_required_attribute = False

    def __init__(self, traits: Mapping[str, Trait], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters = filters_of(traits)
        self.fields.update(
            {name: _filter(name, trait) for name, (trait, _) in self.filters.items()}
        )

    def asked(self) -> Mapping[str, str]:
        """The characteristics that were asked for."""
        given = self.cleaned_data
        return {name: str(given[name]) for name in self.filters if given[name] not in (None, "")}


def _filter(name: str, trait: Trait) -> forms.Field:
    if trait.type == AttributeType.NUMBER:
        bound = "at most" if name.endswith(AT_MOST) else "at least"
        unit = f", {trait.schema.unit}" if trait.schema.unit else ""
        return forms.FloatField(label=f"{trait.name} {bound}{unit}", required=False)
    if trait.type == AttributeType.YES_NO:
        return forms.ChoiceField(label=trait.name, choices=_YES_NO, required=False)
    choices = [("", "any"), *((one, one) for one in trait.schema.choices)]
    return forms.ChoiceField(label=trait.name, choices=choices, required=False)


class DescriptionForm(forms.Form):
    """What one product is like; an empty field is a value that is not known."""

    use_required_attribute = False

    def __init__(
        self, traits: Mapping[str, Trait], values: Mapping[str, Value], data: Any = None
    ) -> None:
        shown = {code: _as_typed(value) for code, value in values.items()}
        super().__init__(data, initial=shown)
        self.traits = traits
        for code, trait in traits.items():
            self.fields[code] = _value(trait)

    def clean(self) -> dict[str, Any]:
        """Judge each value as its characteristic does."""
        for code, trait in self.traits.items():
            value = self.cleaned_data.get(code)
            if value not in (None, "", []):
                try:
                    columns_of(value, trait)
                except Malformed as error:
                    self.add_error(code, ValidationError(str(error)))
        return self.cleaned_data


def _as_typed(value: Value) -> Any:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def _value(trait: Trait) -> forms.Field:
    label, unit = trait.name, trait.schema.unit
    choices = [(one, one) for one in trait.schema.choices]
    if trait.type == AttributeType.NUMBER:
        return forms.CharField(
            label=label, max_length=60, required=False, help_text=f"in {unit}" if unit else ""
        )
    if trait.type == AttributeType.YES_NO:
        return forms.ChoiceField(label=label, choices=_YES_NO, required=False)
    if trait.type == AttributeType.CHOICE:
        return forms.ChoiceField(label=label, choices=[("", "–"), *choices], required=False)
    widget = forms.CheckboxSelectMultiple
    return forms.MultipleChoiceField(label=label, choices=choices, required=False, widget=widget)
