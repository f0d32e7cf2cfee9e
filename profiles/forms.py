"""The shape of a file that somebody uploads, and of the answers about its columns."""

from __future__ import annotations

import zoneinfo
from collections.abc import Collection, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from profiles.queries.imports import KIND_LABEL
from profiles.rules.names import ImportKind
from profiles.rules.orders import DATE_ORDER, REQUIRED, DateOrder, Field
from profiles.services.people_files import shape_of

ENDINGS = (".csv", ".txt", ".tsv", ".gz")
WORKBOOKS = (".xlsx", ".xlsm")
FILE_ERRORS = {
    "required": "Choose a file first.",
    "empty": "The file is empty. Export it again and check that it holds rows.",
}
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
    """A file of orders."""

    endings: tuple[str, ...] = ENDINGS
    refusal = "Only CSV files can be read, also packed as .gz. Save it as CSV."
    file = forms.FileField(
        label="File",
        help_text="CSV, also packed as .gz.",
        widget=forms.FileInput(attrs={"accept": ",".join(ENDINGS)}),
        error_messages=FILE_ERRORS,
    )

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if not (file.name or "").lower().endswith(self.endings):
            raise ValidationError(self.refusal)
        if file.size and file.size > settings.ORDER_FILE_MAX_BYTES:
            most = settings.ORDER_FILE_MAX_BYTES // 1024**2
            raise ValidationError(f"The file is larger than {most} MB. Divide it by years.")
        return file


class ImportFileForm(OrderFileForm):
    """A file, and what it holds."""

    endings = (*ENDINGS, *WORKBOOKS)
    refusal = "Only CSV files can be read, also packed as .gz, and Excel workbooks (.xlsx)."
    file = forms.FileField(
        label="File",
        help_text="CSV, also packed as .gz, or an Excel workbook (.xlsx): its first sheet with rows.",
        widget=forms.FileInput(attrs={"accept": ",".join(endings)}),
        error_messages=FILE_ERRORS,
    )

    kind = forms.ChoiceField(
        required=False,
        choices=[(kind.value, label) for kind, label in KIND_LABEL.items()],
        initial=ImportKind.ORDERS.value,
        label="What the file holds",
    )

    def clean_kind(self) -> str:
        return self.cleaned_data["kind"] or ImportKind.ORDERS.value


class ColumnsForm(forms.Form):
    """Which column is what, and in which zone the times are."""

    source = forms.CharField(
        max_length=60,
        label="Where the file comes from",
        help_text="Such as “till” or “web shop”. Orders and customers are told apart by this name and"
        " their number: give later files of the same system the same name.",
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

    def __init__(
        self,
        *args: Any,
        headers: Sequence[str],
        kind: ImportKind = ImportKind.ORDERS,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._labels, help_text, required = _columns(kind)
        columns = [("", "not in the file"), *((header, header) for header in headers)]
        for code, label in self._labels.items():
            self.fields[code] = forms.ChoiceField(
                choices=columns,
                label=label,
                required=code in required,
                help_text=help_text.get(code, ""),
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
        for code, label in self._labels.items():
            header = self.cleaned_data.get(code)
            if header and header in used:
                text = f"“{header}” is chosen for “{used[header]}” already. Choose it once."
                self.add_error(code, text)
            elif header:
                used[header] = label
        return self.cleaned_data

    def columns(self) -> list[forms.BoundField]:
        """Return the fields that say which column is what."""
        return [self[code] for code in self._labels]

    def mapping(self) -> dict[str, str]:
        """Return what was chosen, as the import reads it."""
        names = [*self._labels, DATE_ORDER]
        return {name: value for name in names if (value := self.cleaned_data.get(name))}


def _columns(kind: ImportKind) -> tuple[dict[str, str], dict[str, str], Collection[str]]:
    """The labels and help texts of a kind's columns by their codes, and which are required."""
    if kind == ImportKind.ORDERS:
        labels = {field.value: label for field, label in FIELD_LABEL.items()}
        return labels, {field.value: text for field, text in FIELD_HELP.items()}, REQUIRED
    shape = shape_of(kind)
    labels = {column.code: column.label for column in shape.columns}
    return labels, {column.code: column.help for column in shape.columns}, shape.required
