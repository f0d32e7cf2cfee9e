"""An empty database for a benchmark, beside the one of DATABASE_URL, dropped afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

from django.conf import settings
from django.core.management import call_command
from django.db import connection


@contextmanager
def scratch_database() -> Iterator[str]:
    """Work in a new database meanwhile; yields its address for other processes."""
    name, usual = f"cxportal_benchmark_{uuid4().hex[:8]}", connection.settings_dict["NAME"]
    _maintain(f"CREATE DATABASE {name}")
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        call_command("migrate", verbosity=0, skip_checks=True)
        yield urlunsplit(urlsplit(settings.DATABASE_URL)._replace(path=f"/{name}"))
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual
        _maintain(f"DROP DATABASE {name} WITH (FORCE)")


def _maintain(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
