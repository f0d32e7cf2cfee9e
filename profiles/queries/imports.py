"""What became of an import, for its page and for the download of what was kept aside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from profiles.models import ImportJob, ImportReject, Source
from profiles.rules.cells import harmless_cell
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
    RejectReason.ERASED: "of somebody who asked to be erased; their text is not kept",
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


def figures(job: ImportJob) -> list[Figure]:
    """Return what a finished import brought."""
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
    counted = job.counts["rejected"] if "rejected" in job.counts else job.rejects.by_reason()
    ordered = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    return [(reason_text(code), number) for code, number in ordered]


def proposed_source(mapping: Mapping[str, str], headers: Sequence[str], file_name: str) -> str:
    """Name the source of an order file: the one whose last file had the same columns.

    A new one is called as the file, unless another source is: orders of two systems under one name
    would be taken for each other where they have the same number. Then somebody has to say it.
    """
    columns, known = set(mapping.values()), set(headers)
    sources = Source.objects.filter(kind=SourceKind.FILE)
    newest = ImportJob.objects.filter(kind=ImportKind.ORDERS, source__in=sources).newest_first()
    for job in newest.exclude(state=JobState.FAILED)[:_LOOKED_BACK]:
        used = {header for field, header in job.mapping.items() if field != DATE_ORDER}
        if columns <= used <= known:
            return job.source.name
    name = file_name.partition(".")[0][:60]
    return "" if sources.filter(name__iexact=name).exists() else name


def stored_rejects(job: ImportJob) -> int:
    """Return how many of the rows kept aside are stored, where it is not all of them, and else 0."""
    stored = job.rejects.count()
    return stored if stored < job.rows_rejected else 0


def reject_cells(job: ImportJob) -> Iterator[list[str]]:
    """Yield the table of rows kept aside, its header first, with cells that run nothing.

    Where not all of them are stored, a last row says so.
    """
    yield ["line", "reason", "row"]
    rejects = ImportReject.objects.filter(job=job).order_by("line_number")
    for line, code, raw in rejects.values_list("line_number", "reason", "raw").iterator(5_000):
        yield [str(line), reason_text(code), harmless_cell(raw)]
    if stored := stored_rejects(job):
        yield ["", f"only {stored:,} of {job.rows_rejected:,} rows kept aside are in this file", ""]
