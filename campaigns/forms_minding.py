"""The shape of the question who would mind least: whom it is about, what is asked, and what speaks for it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from profiles.forms_guards import LineForm

MOST_NAMED, MOST_SHOWN, MOST_BYTES = 2_000, 20, 200_000
WEIGHTS = [
    ("2", "speaks strongly for it"),
    ("1", "speaks for it"),
    ("-1", "speaks against it"),
    ("-2", "speaks strongly against it"),
]
_BETWEEN = re.compile(r"[\s,;]+")


class MindingForm(forms.Form):
    """Whom it is about, pasted or from a file, and how many to name."""

    offer = forms.CharField(
        max_length=200,
        label="What you ask of them",
        help_text="As in: a later flight, for a night at a hotel.",
    )
    customers = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        label="Who it is about",
        help_text="Customer numbers, e-mail addresses, or phone numbers as +436641234567; one on each line.",
    )
    file = forms.FileField(
        required=False, label="Or a file", help_text="CSV; the first column names them."
    )
    most = forms.IntegerField(
        min_value=1, max_value=MOST_SHOWN, initial=5, label="How many to name"
    )
    use_required_attribute = False

    def clean(self) -> dict[str, object]:
        """Gather who is named, each once."""
        asked = self.cleaned_data
        lines = asked.get("customers", "").splitlines()
        if asked.get("file"):
            lines += [row.split(",")[0] for row in _rows(asked["file"])]
        named = [name for line in lines for name in _BETWEEN.split(line.strip(' "')) if name]
        asked["named"] = list(dict.fromkeys(named))
        if not asked["named"]:
            raise ValidationError("Say who it is about: paste their numbers, or choose a file.")
        if len(asked["named"]) > MOST_NAMED:
            raise ValidationError(f"Ask about {MOST_NAMED:,} customers at most.")
        return asked


def _rows(file: UploadedFile) -> Sequence[str]:
    try:
        return file.read(MOST_BYTES).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ValidationError("The file cannot be read. Save it as CSV in UTF-8.") from error


def weighted(lines: Sequence[LineForm]) -> Sequence[LineForm]:
    """Let each line say how much it speaks for asking somebody, or against."""
    for line in lines:
        line.fields["weight"] = forms.ChoiceField(choices=WEIGHTS, label="If so, it")
    return lines
