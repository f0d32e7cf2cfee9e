"""The shape of what managers give: words of a message, and an order file to rehearse on."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError

from campaigns.rules.wording import WordingError, checked
from profiles.forms import ColumnsForm


class TemplateForm(forms.Form):
    """The three parts of a message, in Liquid."""

    subject = forms.CharField(max_length=200, help_text="One line.")
    text = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "true"}),
        label="Plain text",
        help_text="For those who read without pictures. Why, a person and how to stop are added.",
    )
    html = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "true"}),
        label="HTML",
        help_text="Paragraphs, bold, links and lists. The frame around it is added.",
    )
    use_required_attribute = False

    def clean_subject(self) -> str:
        return _readable(self.cleaned_data["subject"], html=False)

    def clean_text(self) -> str:
        return _readable(self.cleaned_data["text"], html=False)

    def clean_html(self) -> str:
        return _readable(self.cleaned_data["html"], html=True)


def _readable(source: str, *, html: bool) -> str:
    try:
        checked(source, html=html)
    except WordingError as error:
        raise ValidationError(str(error)) from error
    return source


class RehearsalForm(ColumnsForm):
    """Which column is what, in which zone the times are, and from which day on."""

    source = None  # type: ignore[assignment]  # nothing of a rehearsal is kept but its report
    as_of = forms.DateField(
        label="Rehearse from",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Empty: 30 days before the last order of the file.",
    )
