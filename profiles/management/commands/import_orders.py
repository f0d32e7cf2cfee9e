"""Import an order file from a shell."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from cxportal.lib.errors import DomainError
from profiles.management.columns import add_map_option, mapped, refusal
from profiles.models import ImportJob
from profiles.queries import imports
from profiles.queries.company import company
from profiles.rules.names import JobState
from profiles.services import importing


class Command(BaseCommand):
    """Import a file and print what became of it."""

    help = "Imports orders from a CSV file (also .gz). What is stored already is not stored again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--source", help="the system they come from; default: the file's name")
        parser.add_argument("--time-zone", help="for times that state none; default: the company's")
        add_map_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"].resolve()
        try:
            mapping = mapped(importing.propose_mapping(path).mapping, options["map"])
            job = importing.start_import(
                path=path,
                file_name=path.name,
                source=importing.source_named(
                    name=options["source"] or path.name.partition(".")[0]
                ),
                mapping=mapping,
                time_zone=options["time_zone"] or company().time_zone,
                by=None,
                now=timezone.now(),
            )
            job = importing.run_import(job_id=job.pk, now=timezone.now(), progress=self._show)
        except DomainError as error:
            raise refusal(error) from error
        self._clear()
        if job.state == JobState.FAILED:
            raise CommandError(job.error)
        for figure in imports.figures(job):
            self.stdout.write(f"{figure.label:<12} {figure.value:>12,} {figure.note}".rstrip())
        for reason, number in imports.reasons(job):
            self.stdout.write(f"  {number:>23,} {reason}")

    def _show(self, job: ImportJob) -> None:
        if sys.stderr.isatty() and job.total_bytes:
            self.stderr.write(f"\r{100 * job.done_bytes // job.total_bytes:>3} %", ending="")

    def _clear(self) -> None:
        if sys.stderr.isatty():
            self.stderr.write("\r     \r", ending="")
