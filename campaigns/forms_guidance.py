"""The shape of a path as managers write it: what it is for, and its parts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from campaigns.models import LearningPath
from campaigns.rules.guidance import (
    LONGEST_NAME,
    LONGEST_SUMMARY,
    LONGEST_TEXT,
    LONGEST_TITLE,
    MOST_PARTS,
    PACE,
    Part,
)


class PathForm(forms.Form):
    """What customers choose by, and how fast the parts come unless they say otherwise."""

    name = forms.CharField(
        label="What the customer wants",
        max_length=LONGEST_NAME,
        help_text="In their words, such as “Bake bread”. It becomes a goal that guards can ask for.",
    )
    summary = forms.CharField(
        label="What they get", max_length=LONGEST_SUMMARY, help_text="One or two sentences."
    )
    days_between = forms.TypedChoiceField(
        label="How fast", coerce=int, choices=list(PACE.items()), initial=7
    )
    use_required_attribute = False


class PartForm(forms.Form):
    """One message."""

    title = forms.CharField(max_length=LONGEST_TITLE, required=False)
    text = forms.CharField(
        max_length=LONGEST_TEXT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "true"}),
        help_text="Plain text. The greeting, why, a person and how to stop are added.",
    )
    use_required_attribute = False


PartFormSet = forms.formset_factory(PartForm, extra=1, max_num=MOST_PARTS, absolute_max=MOST_PARTS)


def parts_written(forms_of_parts: Iterable[forms.Form]) -> list[Part]:
    """The parts in order; one that was left empty is left out."""
    given = [form.cleaned_data for form in forms_of_parts]
    said = [(one.get("title", ""), one.get("text", "")) for one in given]
    return [Part(title, text) for title, text in said if title or text]


def initial_of(path: LearningPath) -> tuple[dict[str, Any], list[Any]]:
    """What a stored path says, for both forms."""
    said: dict[str, Any] = {
        "name": path.name,
        "summary": path.summary,
        "days_between": path.days_between,
    }
    return said, list(path.parts.order_by("number").values("title", "text"))
