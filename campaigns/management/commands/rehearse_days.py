"""The child process of a rehearsal: its database is the only one that it knows."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from campaigns.services import rehearsal_days
from cxportal.lib.errors import DomainError


class Command(BaseCommand):
    """Prints one JSON object a line: progress, then the report or the error."""

    help = "Internal: runs one rehearsal in the database of its own that DATABASE_URL names."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("spec")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.REHEARSING:
            raise CommandError(
                "This command is started by a rehearsal; use: manage.py rehearse FILE"
            )
        spec = json.loads(options["spec"])
        _say({"progress": {"step": "Making a database of its own", "done": 0, "of": 0}})
        call_command("migrate", verbosity=0, interactive=False)
        with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
            try:
                report = rehearsal_days.rehearse(
                    path=Path(spec["path"]),
                    mapping=spec["mapping"],
                    time_zone=spec["time_zone"],
                    as_of=date.fromisoformat(spec["as_of"]) if spec["as_of"] else None,
                    folder=Path(folder),
                    progress=lambda news: _say({"progress": dict(news)}),
                )
            except DomainError as error:
                _say({"error": error.message})
                return
        _say({"report": report})


def _say(news: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(news, default=str) + "\n")
    sys.stdout.flush()
