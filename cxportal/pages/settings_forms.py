"""The shape of the settings: what each field means, and what holds where something is unknown."""

from __future__ import annotations

import unicodedata
import zoneinfo
from typing import Any

import phonenumbers
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from campaigns.models import SendingPolicy
from profiles.models import Company, Place
from profiles.rules.names import PlaceKind

ZONES = sorted(zoneinfo.available_timezones())
REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
PLACE_KINDS = [(PlaceKind.STORE, "Store"), (PlaceKind.WEB, "Web shop")]


class OneLineField(forms.CharField):
    """Words that stand in headers and on one line, such as who a message is from."""

    def validate(self, value: str) -> None:
        super().validate(value)
        if any(unicodedata.category(sign) == "Cc" for sign in value):
            raise ValidationError(
                "Write it on one line, without line breaks or control characters."
            )


class ZoneField(forms.CharField):
    """A time zone by its name in the IANA database, offered from a list."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(
            attrs={"list": "zones", "autocomplete": "off", "spellcheck": "false"}
        )
        super().__init__(max_length=60, widget=widget, **kwargs)

    def validate(self, value: str) -> None:
        super().validate(value)
        if value and value not in ZONES:
            raise ValidationError(
                f"There is no time zone “{value}”. Choose one such as Europe/Vienna."
            )


class SettingsForm(forms.Form):
    """A form that can be shown to those who may only read."""

    use_required_attribute = False

    def __init__(self, *args: Any, read_only: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if read_only:
            for field in self.fields.values():
                field.disabled = True


class CompanyForm(SettingsForm):
    name = OneLineField(max_length=120, help_text="As customers read it.")
    time_zone = ZoneField(
        help_text="Days and mornings of the house are counted in it. It holds for every customer "
        "whose own zone and home store are unknown, and for order files whose times state no zone."
    )
    language = forms.ChoiceField(
        choices=settings.LANGUAGES,
        help_text="Customers who told us no language are written to in this one.",
    )
    currency = forms.CharField(
        max_length=3,
        validators=[RegexValidator(r"^[A-Z]{3}$", "Three capital letters, such as EUR.")],
        help_text="ISO 4217. All amounts are in it; order files state none.",
    )
    phone_region = forms.ChoiceField(
        label="Default phone country",
        choices=[(region, region) for region in REGIONS],
        help_text="A phone number without a country code is taken to be from here.",
    )

    @classmethod
    def of(cls, company: Company, **kwargs: Any) -> CompanyForm:
        return cls(initial={name: getattr(company, name) for name in cls.base_fields}, **kwargs)


class PlaceForm(SettingsForm):
    place_id = forms.IntegerField(required=False, widget=forms.HiddenInput)
    # Whatever order files call a store is its code: "Main Street" is as good as "main-street".
    code = OneLineField(max_length=80, label="Code in order files")
    name = OneLineField(max_length=120)
    # What the row of a new store shows before anybody touches it, so that it counts as untouched.
    kind = forms.ChoiceField(choices=PLACE_KINDS, initial=PlaceKind.STORE.value)
    time_zone = ZoneField(required=False, label="Time zone, if not the company’s")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.initial.get("place_id"):
            self.fields["code"].disabled = True


PlaceFormSet = forms.formset_factory(PlaceForm, extra=1)


def place_rows(places: list[Place]) -> list[dict[str, Any]]:
    """Fill the rows of the stores."""
    names = ("code", "name", "kind", "time_zone")
    return [
        {"place_id": place.pk} | {name: getattr(place, name) for name in names} for place in places
    ]


class ClockInput(forms.TimeInput):
    """A time of day, without seconds."""

    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


class PolicyForm(SettingsForm):
    sender_name = OneLineField(max_length=120, help_text="Who a message is from.")
    sender_email = forms.EmailField(
        help_text="The address messages come from; answers arrive there."
    )
    postal_address = OneLineField(
        max_length=200,
        required=False,
        help_text="Stands at the foot of each message, after the company’s name, where a law asks for "
        "it. Give street and town without the name.",
    )
    quiet_from = forms.TimeField(widget=ClockInput)
    quiet_until = forms.TimeField(label="until", widget=ClockInput)
    max_per_week = forms.IntegerField(
        label="Messages a week, at most",
        min_value=0,
        max_value=7,
        help_text="For each customer, over all campaigns. Their own limit can only be stricter.",
    )
    fewer_after = forms.IntegerField(
        label="Write less after so many messages ignored",
        min_value=1,
        max_value=20,
        help_text="In a row, nothing having come of each for a week: no answer, no link followed, nothing bought. "
        "The customer’s allowance is then spread over more weeks.",
    )
    silent_after = forms.IntegerField(
        label="Stop writing after so many",
        min_value=2,
        max_value=40,
        help_text="Until the customer does something of their own.",
    )
    counts_links = forms.BooleanField(
        label="Notice when a link in a message is followed",
        required=False,
        help_text="Links to products then lead over this site. Customers find it in their data. Whether a mail is "
        "opened is never watched.",
    )
    control_percent = forms.FloatField(
        label="Control group, percent",
        min_value=0,
        max_value=50,
        help_text="So many customers are not reminded, on purpose, so that it can be told whether "
        "reminding helps.",
    )
    shortest_rhythm_days = forms.IntegerField(
        label="Shortest rhythm worth a reminder, days",
        min_value=1,
        max_value=365,
        help_text="What is bought more often needs no reminder.",
    )

    @classmethod
    def of(cls, policy: SendingPolicy, **kwargs: Any) -> PolicyForm:
        stored = set(cls.base_fields) - {"control_percent"}
        initial = {name: getattr(policy, name) for name in stored}
        initial["control_percent"] = f"{100 * policy.control_share:g}"
        return cls(initial=initial, **kwargs)

    def clean(self) -> dict[str, Any]:
        """Refuse hours that begin as they end: nobody could say whether that is never or always."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        hours = given.get("quiet_from"), given.get("quiet_until")
        if None not in hours and hours[0] == hours[1]:
            self.add_error("quiet_until", "Quiet hours must end at another time than they begin.")
        fewer, silent = given.get("fewer_after"), given.get("silent_after")
        if fewer is not None and silent is not None and silent <= fewer:
            self.add_error("silent_after", "Stop after more messages than you write less after.")
        return given

    def values(self) -> dict[str, Any]:
        """Return the fields of the policy."""
        values = dict(self.cleaned_data)
        values["control_share"] = values.pop("control_percent") / 100
        return values
