"""What became of an import, for its page and for the download of what was kept aside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from profiles.models import ImportJob, ImportReject
from profiles.rules.cells import harmless_cell
from profiles.rules.names import JobState
from profiles.rules.orders import RejectReason

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
    is_done = job.state == JobState.DONE
    counted = job.counts["rejected"] if is_done else job.rejects.by_reason()
    ordered = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    return [(reason_text(code), number) for code, number in ordered]


def reject_cells(job: ImportJob) -> Iterator[list[str]]:
    """Yield the table of rows kept aside, its header first, with cells that run nothing."""
    yield ["line", "reason", "row"]
    rejects = ImportReject.objects.filter(job=job).order_by("line_number")
    for line, code, raw in rejects.values_list("line_number", "reason", "raw").iterator(5_000):
        yield [str(line), reason_text(code), harmless_cell(raw)]
