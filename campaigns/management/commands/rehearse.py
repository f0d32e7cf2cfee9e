"""The main job from a shell: rehearse on an order file, and print what came of it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from campaigns.queries.rehearsal_table import table
from campaigns.services import rehearsing
from cxportal.lib.command_line import day
from cxportal.lib.errors import DomainError
from profiles.management.columns import add_map_option, mapped, refusal
from profiles.services import importing


class Command(BaseCommand):
    """Rehearse on somebody's own past and print the report as a table."""

    help = (
        "Rehearses on an order file (CSV, also .gz): what would we have said, and was it in time?"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--as-of", type=day, help="such as 2026-03-31; default: 30 days before the last order"
        )
        add_map_option(parser)
        parser.add_argument("--time-zone", default="UTC", help="for times that state none")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"].resolve()
        try:
            mapping = mapped(importing.propose_mapping(path).mapping, options["map"])
            file = rehearsing.OrderFile(path, path.name, mapping, options["time_zone"])
            now = timezone.now()
            rehearsal = rehearsing.request_rehearsal(
                file=file, as_of=options["as_of"], by=None, now=now
            )
            known = bool(rehearsal.report)
            done = rehearsing.run_one(rehearsal=rehearsal, now=now, progress=self._show)
        except DomainError as error:
            raise refusal(error) from error
        self._clear()
        if known:
            self.stdout.write(
                "This file was rehearsed from this day before: its report again."
                " Nothing was stored or sent anew.\n\n"
            )
        self.stdout.write(table(done))

    def _show(self, news: Mapping[str, Any]) -> None:
        if sys.stderr.isatty():
            part = f" {100 * news['done'] // news['of']} %" if news["of"] else ""
            self.stderr.write(f"\r\033[K{news['step']}{part}", ending="")
        elif news["step"] != getattr(self, "_told", ""):
            self._told = news["step"]
            self.stderr.write(news["step"])

    def _clear(self) -> None:
        if sys.stderr.isatty():
            self.stderr.write("\r\033[K", ending="")
