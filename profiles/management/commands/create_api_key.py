"""Make a key for another system, and print it once."""

from __future__ import annotations

import secrets
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from cxportal.lib.errors import DomainError
from profiles.rules.scopes import Scope
from profiles.services import keys


class Command(BaseCommand):
    """Print the key alone to the standard output: it is stored nowhere."""

    help = "Makes a key by which another system comes in, and prints it once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the system that will use it")
        parser.add_argument(
            "--scopes", nargs="+", required=True, metavar="SCOPE", help=", ".join(Scope)
        )
        parser.add_argument(
            "--source", default="", help="code of the source of its rows; default: the name"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        scopes = [scope for each in options["scopes"] for scope in each.split(",") if scope]
        try:
            made = keys.create_key(
                name=options["name"],
                scopes=scopes,
                source=keys.source_for(code=options["source"], name=options["name"]),
                random=secrets.token_urlsafe(32),
                by=None,
                now=timezone.now(),
            )
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stderr.write(
            f"Key {made.key.pk} of the source “{made.key.source.code}”; it is shown once:"
        )
        self.stdout.write(made.secret)
