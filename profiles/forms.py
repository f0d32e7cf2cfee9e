"""The shape of an order file that somebody uploads, and of the answers about its columns."""

from __future__ import annotations

import zoneinfo
from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from profiles.rules.orders import DATE_ORDER, REQUIRED, DateOrder, Field

ENDINGS = (".csv", ".txt", ".tsv", ".gz")
FIELD_LABEL = {
    Field.CUSTOMER: "Customer",
    Field.TIME: "Time of the order",
    Field.PRODUCT: "Product number",
    Field.ORDER: "Order",
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
FIELD_HELP = {
    Field.ORDER: "Without it, what a customer buys at one time is one order.",
    Field.QUANTITY: "Without it, one of each.",
    Field.URL: "Where “buy again” leads.",
    Field.EMAIL: "To recognise the customer. No consent comes of it.",
}
DATE_ORDERS = [
    (DateOrder.UNKNOWN.value, "as the file shows"),
    (DateOrder.DAY_FIRST.value, "day first: 31/12/2025"),
    (DateOrder.MONTH_FIRST.value, "month first: 12/31/2025"),
]


class OrderFileForm(forms.Form):
    """An order file."""

    file = forms.FileField(
        label="Order file",
        help_text="CSV, also packed as .gz.",
        widget=forms.FileInput(attrs={"accept": ",".join(ENDINGS)}),
        error_messages={
            "required": "Choose a file first.",
            "empty": "The file is empty. Export it again and check that it holds orders.",
        },
    )

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if not (file.name or "").lower().endswith(ENDINGS):
            raise ValidationError("Only CSV files can be read, also packed as .gz. Save it as CSV.")
        if file.size and file.size > settings.ORDER_FILE_MAX_BYTES:
            most = settings.ORDER_FILE_MAX_BYTES // 1024**2
            raise ValidationError(f"The file is larger than {most} MB. Divide it by years.")
        return file


class ColumnsForm(forms.Form):
    """Which column is what, and in which zone the times are."""

    source = forms.CharField(
        max_length=60,
        label="Where the orders come from",
        help_text="Such as “till” or “web shop”. Orders are told apart by this name and their number:"
        " give later files of the same system the same name.",
    )
    time_zone = forms.CharField(
        max_length=60,
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off"}),
        help_text="Holds for times that state no zone.",
    )
    date_order = forms.ChoiceField(
        choices=DATE_ORDERS, required=False, label="Dates with slashes or dashes"
    )
    use_required_attribute = False

    def __init__(self, *args: Any, headers: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        columns = [("", "not in the file"), *((header, header) for header in headers)]
        for field, label in FIELD_LABEL.items():
            self.fields[field.value] = forms.ChoiceField(
                choices=columns,
                label=label,
                required=field in REQUIRED,
                help_text=FIELD_HELP.get(field, ""),
                error_messages={
                    "required": "Say which column it is: nothing can be learned without."
                },
            )

    def clean_time_zone(self) -> str:
        zone: str = self.cleaned_data["time_zone"]
        if zone not in zoneinfo.available_timezones():
            raise ValidationError(f"There is no time zone “{zone}”. Choose one such as UTC.")
        return zone

    def clean(self) -> dict[str, Any]:
        """Refuse a column that is chosen for two things, at the second of them."""
        used: dict[str, str] = {}
        for field, label in FIELD_LABEL.items():
            header = self.cleaned_data.get(field.value)
            if header and header in used:
                text = f"“{header}” is chosen for “{used[header]}” already. Choose it once."
                self.add_error(field.value, text)
            elif header:
                used[header] = label
        return self.cleaned_data

    def columns(self) -> list[forms.BoundField]:
        """Return the fields that say which column is what."""
        return [self[field.value] for field in FIELD_LABEL]

    def mapping(self) -> dict[str, str]:
        """Return what was chosen, as the import reads it."""
        names = [*(field.value for field in FIELD_LABEL), DATE_ORDER]
        return {name: value for name in names if (value := self.cleaned_data.get(name))}
