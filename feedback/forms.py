"""The shape of what customers and staff write."""

from __future__ import annotations

from django import forms

from feedback.rules import SCORES

LONGEST = 4000


class AnswerForm(forms.Form):
    """An answer: a number, words, or both."""

    score = forms.TypedChoiceField(
        choices=[(score, score) for score in SCORES], coerce=int, empty_value=None, required=False
    )
    text = forms.CharField(
        label="What is the reason?",
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=LONGEST,
        required=False,
    )


class NoteForm(forms.Form):
    """Something to be kept in the history of a case."""

    text = forms.CharField(
        label="Note", widget=forms.Textarea(attrs={"rows": 3}), max_length=LONGEST
    )


class SolveForm(forms.Form):
    """How a case ended."""

    resolution = forms.CharField(
        label="What was done?",
        help_text="Once no case of a customer is open, they may be sold to again.",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=LONGEST,
    )
