"""Lets go of data that is older than its rule allows; ``--dry-run`` only counts."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from profiles.services import retaining


class Command(BaseCommand):
    help = "Delete or empty what is older than its retention rule."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count, and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        waiting = retaining.due(now=now)
        if not options["dry_run"]:
            retaining.retain(now=now)
        words = "too old" if options["dry_run"] else "let go"
        for one in waiting:
            self.stdout.write(f"{one.kind}: {one.rows:,} {words} (kept {one.keep_days} days)")
