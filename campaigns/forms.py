"""The shape of what managers give: words of a message, and an order file to rehearse on."""

from __future__ import annotations

import zoneinfo
from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from campaigns.rules.wording import WordingError, checked
from profiles.rules.orders import DATE_ORDER, REQUIRED, DateOrder, Field


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


class RehearsalFileForm(forms.Form):
    """An order file."""

    file = forms.FileField(label="Order file", help_text="CSV, also packed as .gz.")

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if file.size and file.size > settings.ORDER_FILE_MAX_BYTES:
            most = settings.ORDER_FILE_MAX_BYTES // 1024**2
            raise ValidationError(f"The file is larger than {most} MB. Divide it by years.")
        return file


FIELD_LABEL = {
    Field.CUSTOMER: "Customer",
    Field.ORDER: "Order",
    Field.TIME: "Time of the order",
    Field.PRODUCT: "Product number",
    Field.NAME: "Product name",
    Field.CATEGORY: "Category",
    Field.QUANTITY: "Quantity",
    Field.PRICE: "Unit price",
    Field.PLACE: "Store or channel",
    Field.URL: "Address of the product",
    Field.EMAIL: "E-mail",
    Field.PHONE: "Phone",
    Field.PERSON: "Name of the customer",
}
DATE_ORDERS = [
    (DateOrder.UNKNOWN.value, "as the file shows"),
    (DateOrder.DAY_FIRST.value, "day first: 31/12/2025"),
    (DateOrder.MONTH_FIRST.value, "month first: 12/31/2025"),
]


class RehearsalForm(forms.Form):
    """Which column is what, in which zone the times are, and from which day on."""

    as_of = forms.DateField(
        label="Rehearse from",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Empty: 30 days before the last order of the file.",
    )
    time_zone = forms.CharField(
        max_length=60,
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off"}),
        help_text="Holds for times that state no zone.",
    )
    date_order = forms.ChoiceField(choices=DATE_ORDERS, required=False, label="Dates with slashes")
    use_required_attribute = False

    def __init__(self, *args: Any, headers: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        columns = [("", "not in the file"), *((header, header) for header in headers)]
        for field, label in FIELD_LABEL.items():
            self.fields[field.value] = forms.ChoiceField(
                choices=columns, label=label, required=field in REQUIRED
            )

    def clean_time_zone(self) -> str:
        zone: str = self.cleaned_data["time_zone"]
        if zone not in zoneinfo.available_timezones():
            raise ValidationError(f"There is no time zone “{zone}”. Choose one such as UTC.")
        return zone

    def columns(self) -> list[forms.BoundField]:
        """Return the fields that say which column is what."""
        return [self[field.value] for field in FIELD_LABEL]

    def mapping(self) -> dict[str, str]:
        """Return what was chosen, as the import reads it."""
        names = [*(field.value for field in FIELD_LABEL), DATE_ORDER]
        return {name: value for name in names if (value := self.cleaned_data.get(name))}
