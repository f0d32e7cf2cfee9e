"""The child process of a rehearsal: its database is the only one that it knows."""

from __future__ import annotations

import json
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from campaigns.services import rehearsal_days
from campaigns.services.order_days import Reading
from campaigns.services.rehearsal_days import Progress
from cxportal.lib.errors import DomainError

# Well within the lease of the process that listens.
REPEAT_SECONDS = 20.0


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
        with telling() as told, tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
            told({"step": "Making a database of its own", "done": 0, "of": 0})
            call_command("migrate", verbosity=0, interactive=False)
            try:
                report = rehearsal_days.rehearse(
                    reading=Reading(
                        Path(spec["path"]), spec["mapping"], spec["time_zone"], timezone.now()
                    ),
                    as_of=date.fromisoformat(spec["as_of"]) if spec["as_of"] else None,
                    folder=Path(folder),
                    progress=told,
                )
            except DomainError as error:
                _say({"error": error.message})
                return
        _say({"report": report})


@contextmanager
def telling(every_seconds: float = REPEAT_SECONDS) -> Iterator[Progress]:
    """Hand out the function that tells progress; what was told last is repeated while nothing is new.

    A long step, such as learning from a large file, would else let the parent's lease run out.
    """
    latest: dict[str, Any] = {}
    is_over = threading.Event()

    def tell(news: Mapping[str, Any]) -> None:
        latest.update(news)
        _say({"progress": latest})

    def repeat() -> None:
        while not is_over.wait(every_seconds):
            _say({"progress": latest})

    repeating = threading.Thread(target=repeat, daemon=True)
    try:
        tell({"step": "Starting", "done": 0, "of": 0})
        repeating.start()
        yield tell
    finally:
        is_over.set()
        repeating.join()


def _say(news: Mapping[str, Any]) -> None:
    # One write for the whole line: two threads speak here.
    sys.stdout.write(json.dumps(news, default=str) + "\n")
    sys.stdout.flush()
