"""The shape of a schedule of imports."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from profiles.models import ImportSchedule
from profiles.queries.imports import KIND_LABEL
from profiles.rules.looking import Rhythm, Whence
from profiles.rules.names import ImportKind
from profiles.services.import_schedules import Wanted

RHYTHMS = [
    (Rhythm.MINUTES.value, "Every so many minutes"),
    (Rhythm.HOURLY.value, "At each full hour"),
    (Rhythm.DAILY.value, "Daily, at a time"),
]


class ScheduleForm(forms.Form):
    """What a schedule of either kind has."""

    whence: Whence
    name = forms.CharField(max_length=80, help_text="Such as “Till, every night”.")
    kind = forms.ChoiceField(
        choices=[(kind.value, label) for kind, label in KIND_LABEL.items()],
        label="What the files hold",
    )
    source = forms.CharField(
        max_length=60,
        label="Where the files come from",
        help_text="Such as “till” or “web shop”. Where files of this source were uploaded before, use the same"
        " name: their columns are known then.",
        widget=forms.TextInput(attrs={"list": "sources", "autocomplete": "off"}),
    )
    rhythm = forms.ChoiceField(choices=RHYTHMS, label="How often", initial=Rhythm.HOURLY.value)
    every_minutes = forms.IntegerField(
        min_value=5, max_value=1440, required=False, initial=60, label="Minutes between looks"
    )
    daily_at = forms.TimeField(
        required=False,
        initial="02:30",
        label="Time of the daily look",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    is_active = forms.BooleanField(
        required=False,
        initial=True,
        label="Switched on",
        help_text="Off, it looks only when somebody asks for it.",
    )
    use_required_attribute = False

    def clean(self) -> dict[str, Any]:
        """Ask for what the chosen rhythm needs."""
        asked = self.cleaned_data
        needed: dict[Any, tuple[str, str]] = {
            Rhythm.MINUTES: ("every_minutes", "Say after how many minutes: from 5 to 1440."),
            Rhythm.DAILY: ("daily_at", "Say at what time."),
        }
        name, words = needed.get(asked.get("rhythm"), ("", ""))
        # Midnight is a time.
        if name and name not in self.errors and asked.get(name) is None:
            self.add_error(name, words)
        return asked

    def wanted(self) -> Wanted:
        """Return what was asked for."""
        asked = self.cleaned_data
        given = {
            name: asked[name] for name in ("every_minutes", "daily_at") if asked[name] is not None
        }
        return Wanted(
            name=asked["name"],
            kind=ImportKind(asked["kind"]),
            source=asked["source"],
            whence=self.whence,
            rhythm=Rhythm(asked["rhythm"]),
            folder=asked.get("folder", ""),
            pattern=asked.get("pattern", ""),
            address=asked.get("address", ""),
            is_active=asked["is_active"],
            **given,
        )


class FolderScheduleForm(ScheduleForm):
    """A schedule that looks into a folder."""

    whence = Whence.FOLDER
    folder = forms.CharField(
        max_length=500,
        required=False,
        help_text="Below the import folder, such as till/nightly; empty for the import folder itself.",
        widget=forms.TextInput(attrs={"list": "folders", "autocomplete": "off"}),
    )
    pattern = forms.CharField(
        max_length=100,
        initial="*.csv",
        label="Names of the files",
        help_text="With * for any letters: orders-*.csv. Small and capital letters are the same.",
    )
    field_order = ("name", "kind", "source", "folder", "pattern")

    def clean_pattern(self) -> str:
        pattern: str = self.cleaned_data["pattern"]
        if "/" in pattern or "\\" in pattern:
            raise ValidationError("Write the folder into its own field, and here names alone.")
        return pattern


class AddressScheduleForm(ScheduleForm):
    """A schedule that fetches a file from an address."""

    whence = Whence.ADDRESS
    address = forms.CharField(
        max_length=2000,
        label="Address of the file",
        help_text="https://… A log-in for its host stands in the setting IMPORT_PASSWORDS, never in the address.",
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
    )
    field_order = ("name", "kind", "source", "address")


FORMS: dict[str, type[ScheduleForm]] = {
    Whence.FOLDER: FolderScheduleForm,
    Whence.ADDRESS: AddressScheduleForm,
}


def as_written(schedule: ImportSchedule) -> dict[str, Any]:
    """What the form of a schedule shows at first."""
    shown = {name: getattr(schedule, name) for name in ScheduleForm.base_fields if name != "source"}
    folder = "" if schedule.folder == "." else schedule.folder
    return shown | {
        "source": schedule.source.name,
        "folder": folder,
        "pattern": schedule.pattern,
        "address": schedule.address,
    }
