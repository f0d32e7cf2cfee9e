"""What became of an import, for its page and for the download of what was kept aside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Sum

from profiles.models import ImportedRow, ImportJob, ImportReject, SavedMapping, Source
from profiles.rules.cells import REASON_HEADER, cells_of, harmless_cell
from profiles.rules.names import ImportKind, JobState, SourceKind
from profiles.rules.orders import DATE_ORDER, RejectReason

# Files of a source come often; one that has not come among so many has to be named again.
_LOOKED_BACK = 200

REASON_TEXT = {
    RejectReason.WRONG_COLUMNS: "more or fewer columns than the header",
    RejectReason.BROKEN_QUOTES: "a quotation mark that is never closed",
    RejectReason.TOO_LONG: "a value that is too long",
    RejectReason.NUL: "a character that no text has (NUL)",
    RejectReason.NO_CUSTOMER: "no customer",
    RejectReason.NO_ORDER: "no order number",
    RejectReason.NO_PRODUCT: "no product",
    RejectReason.BAD_TIME: "a date that does not exist or cannot be read",
    RejectReason.IN_FUTURE: "a date in the future",
    RejectReason.BAD_QUANTITY: "a quantity that is no number",
    RejectReason.ZERO_QUANTITY: "a quantity of zero",
    RejectReason.BAD_PRICE: "a price that is no number",
    RejectReason.OTHER_CUSTOMER: "an order number that belongs to another customer",
    RejectReason.ERASED: "of somebody who asked to be erased; their text is not kept",
    RejectReason.NOBODY: "nothing by which somebody could be recognised",
    RejectReason.BAD_EMAIL: "an e-mail address that cannot be one",
    RejectReason.BAD_PHONE: "a phone number that cannot be one",
    RejectReason.BAD_VALUE: "a value that cannot be read",
    RejectReason.NO_TIME: "no time",
    RejectReason.NO_TEXT: "no text",
    RejectReason.BAD_DIRECTION: "a direction that is neither in nor out",
    RejectReason.BAD_DURATION: "a length that cannot be read",
    RejectReason.BAD_RATING: "a rating that is not between 0 and 10",
    RejectReason.BAD_PURPOSE: "a purpose that we do not ask for",
    RejectReason.BAD_CHANNEL: "a way by which we do not write",
    RejectReason.BAD_STATE: "neither yes nor no",
    RejectReason.NO_WORDING: "a yes without the text that was shown, which proves nothing",
    RejectReason.UNKNOWN_WORDING: "a version of the text that does not stand here",
    RejectReason.NOT_CONFIRMED: "a yes that was not confirmed, where that is asked (double opt-in)",
    RejectReason.OTHER_CONTENT: "a number that came before with another content",
}
KIND_LABEL = {
    ImportKind.ORDERS: "Orders",
    ImportKind.CUSTOMERS: "Customers",
    ImportKind.CALLS: "Calls",
    ImportKind.MENTIONS: "Mentions in public",
    ImportKind.CONSENTS: "Consents",
}


@dataclass(frozen=True)
class Figure:
    """One number of an import, in words."""

    label: str
    value: int
    note: str = ""


def reason_text(code: str) -> str:
    """Say a reason in words; a code of another version stays as it is."""
    return REASON_TEXT[RejectReason(code)] if code in set(RejectReason) else code


def kind_label(job: ImportJob) -> str:
    """Name the kind of a file."""
    return KIND_LABEL[ImportKind(job.kind)]


def figures(job: ImportJob) -> list[Figure]:
    """Return what a finished import brought, or a dry run would bring."""
    return _order_figures(job) if job.kind == ImportKind.ORDERS else _people_figures(job)


def _people_figures(job: ImportJob) -> list[Figure]:
    count = job.counts.get
    brought = {
        ImportKind.CUSTOMERS: ("Facts", count("facts_new", 0)),
        ImportKind.CALLS: ("Calls", count("touchpoints_new", 0)),
        ImportKind.MENTIONS: ("Mentions", count("touchpoints_new", 0)),
        ImportKind.CONSENTS: ("Statements", count("consents_new", 0)),
    }
    known = count("rows_known", 0)
    return [
        Figure("Rows read", job.rows_read, f"{known:,} said nothing new" if known else ""),
        Figure(*brought[ImportKind(job.kind)], "new"),
        Figure("Customers", count("customers_new", 0), "new"),
        Figure("Joined", count("customers_joined", 0), "known before as two"),
        Figure("Addresses and numbers", count("identifiers_new", 0), "new"),
        Figure("Kept aside", job.rows_rejected),
    ]


_MADE = {
    "profiles.Customer": "Customers",
    "profiles.Identifier": "Addresses and numbers",
    "profiles.FactValue": "Facts",
    "profiles.Touchpoint": "Calls and mentions",
    "profiles.ConsentEntry": "Statements of consent",
    "profiles.ProfileEdge": "Joins of customers",
    "profiles.Purchase": "Orders",
    "profiles.PurchaseLine": "Lines of orders known before",
}


def made(job: ImportJob) -> list[tuple[str, int]]:
    """How many rows of each kind an import made, as far as they can be taken back."""
    rows = ImportedRow.objects.filter(job=job, model__in=_MADE).values_list("model")
    counted = dict(rows.annotate(rows=Sum(F("last_id") - F("first_id") + 1)).order_by())
    return [(label, counted[model]) for model, label in _MADE.items() if model in counted]


def undone(job: ImportJob) -> list[tuple[str, int, int]]:
    """What went when an import was taken back, and what stayed, by kind."""
    gone, stayed = job.counts.get("taken_back", {}), job.counts.get("stayed", {})
    return [
        (label, gone.get(model, 0), stayed.get(model, 0))
        for model, label in _MADE.items()
        if model in gone or model in stayed
    ]


def sample(job: ImportJob) -> list[dict[str, Any]]:
    """A few rows of a dry run with what they would change, masked."""
    return list(job.counts.get("sample", ()))


def _order_figures(job: ImportJob) -> list[Figure]:
    count = job.counts.get
    known, completed = count("lines_known", 0), count("purchases_completed", 0)
    return [
        Figure("Rows read", job.rows_read),
        Figure(
            "Orders",
            count("purchases_new", 0),
            f"and {completed:,} that had lacked lines" if completed else "new",
        ),
        Figure(
            "Lines",
            count("lines_new", 0),
            f"new; {known:,} were stored before" if known else "new",
        ),
        Figure("Customers", count("customers_new", 0), "new"),
        Figure("Products", count("products_new", 0), "new"),
        Figure("Kept aside", job.rows_rejected),
    ]


def reasons(job: ImportJob) -> list[tuple[str, int]]:
    """Return how many rows were kept aside for which reason, the most frequent first."""
    counted = (
        job.counts["rejected"]
        if "rejected" in job.counts
        else ImportReject.objects.filter(job=job).by_reason()
    )
    ordered = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    return [(reason_text(code), number) for code, number in ordered]


@dataclass(frozen=True)
class Remembered:
    """How the last file with the same columns was read; "" for a source that has to be named."""

    source: str
    mapping: Mapping[str, str]
    time_zone: str


def remembered(
    kind: ImportKind, guess: Mapping[str, str], headers: Sequence[str], file_name: str, zone: str
) -> Remembered:
    """Return how the newest file of this kind with the same columns was read, else our ``guess``.

    A new source is called as the file, unless another source is: orders of two systems under one name
    would be taken for each other where they have the same number. Then somebody has to say it.
    """
    columns, known = set(guess.values()), set(headers) - {REASON_HEADER}
    for job in (
        ImportJob.objects.filter(kind=kind)
        .exclude(state__in=[JobState.FAILED, JobState.PARKED])
        .newest_first()[:_LOOKED_BACK]
    ):
        used = {header for field, header in job.mapping.items() if field != DATE_ORDER}
        if set(job.headers) - {REASON_HEADER} == known or columns <= used <= known:
            saved = SavedMapping.objects.get(source=job.source, kind=kind)
            return Remembered(job.source.name, saved.mapping, saved.time_zone)
    name = file_name.partition(".")[0][:60]
    sources = Source.objects.filter(kind=SourceKind.FILE, name__iexact=name)
    return Remembered("" if sources.exists() else name, guess, zone)


def stored_rejects(job: ImportJob) -> int:
    """Return how many of the rows kept aside are stored, where it is not all of them, and else 0."""
    stored = job.rejects.count()
    return stored if stored < job.rows_rejected else 0


def reject_cells(job: ImportJob) -> Iterator[list[str]]:
    """Yield the rows kept aside in the columns of their file, the reason last, with cells that run nothing.

    So they can be mended and loaded again. Where not all of them are stored, a last row says so.
    """
    headers = job.headers
    yield [*map(harmless_cell, headers), REASON_HEADER]
    rejects = ImportReject.objects.filter(job=job).order_by("line_number")
    for line, code, raw in rejects.values_list("line_number", "reason", "raw").iterator(5_000):
        cut = cells_of(raw, job.delimiter, len(headers))
        yield [*map(harmless_cell, cut), f"line {line}: {reason_text(code)}"]
    if stored := stored_rejects(job):
        said = f"only {stored:,} of {job.rows_rejected:,} rows kept aside are in this file"
        yield [*[""] * len(headers), said]
