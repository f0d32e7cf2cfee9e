"""The option of commands that says which column of an order file is what."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence

from django.core.management.base import CommandError

from cxportal.lib.errors import DomainError
from profiles.rules.orders import DATE_ORDER, Field

FIELDS = (*Field, DATE_ORDER)


def add_map_option(parser: ArgumentParser) -> None:
    """Add ``--map FIELD=HEADER``, which may be given for each field."""
    parser.add_argument(
        "--map",
        type=_pair,
        action="append",
        default=[],
        metavar="FIELD=HEADER",
        help="which column is what, where its name does not tell: --map customer_id=Kunde; without a"
        f" header: none. The fields are {', '.join(FIELDS)} (dmy or mdy).",
    )


def mapped(proposed: dict[str, str], said: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return the proposed mapping with what was said instead; a column said for one field is no other's."""
    taken = {header for _, header in said}
    kept = {field: header for field, header in proposed.items() if header not in taken}
    return {field: header for field, header in (kept | dict(said)).items() if header}


def refusal(error: DomainError) -> CommandError:
    """Say an error to somebody at a shell, with the option that helps."""
    hints = {
        "column_missing": "Say it with --map, for example: ",
        "dates_ambiguous": "Say it with --map date_order=dmy (day first) or --map date_order=mdy.",
    }
    hint = hints.get(error.code, "")
    if error.code == "column_missing":
        hint += " ".join(f'--map {field}="…"' for field in error.data["names"])
    return CommandError(f"{error.message} {hint}".strip())


def _pair(text: str) -> tuple[str, str]:
    field, equals, header = text.partition("=")
    if not equals or field not in FIELDS:
        raise ArgumentTypeError(f"write it as field=header; the fields are {', '.join(FIELDS)}")
    return field, header
