"""Whether the demo was filled to its end, and how to begin anew when it was not.

The marker is a file of the installation, written before the first row and finished after the last.
"""

from __future__ import annotations

import os
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import connection

FILLING, DONE = "filling", "done"
APPS = ("profiles", "loyalty", "feedback", "campaigns")
# What migrations filled, and would not fill again.
KEPT = {
    "profiles.Attribute",
    "profiles.ConsentRule",
    "profiles.IdentifierRule",
    "profiles.RetentionRule",
}


def folder() -> Path:
    """Where the demo keeps its order files and its marker."""
    path: Path = settings.STATE_DIR / "demo"
    path.mkdir(parents=True, exist_ok=True)
    return path


def mark(state: str) -> None:
    """Write the marker so that it also stands after a power cut."""
    draft = folder() / "state.new"
    with draft.open("w") as file:
        file.write(state)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(folder() / "state")


def is_half_filled() -> bool:
    return _marked() == FILLING


def is_filled() -> bool:
    return _marked() == DONE


def _marked() -> str:
    file = folder() / "state"
    return file.read_text() if file.exists() else ""


def start_over() -> None:
    """Empty every table of ours but ``KEPT``: only for an embedded database in which a demo was broken off.

    Accounts stay. TRUNCATE is what the append-only triggers let through: they guard single rows.
    """
    tables = [
        connection.ops.quote_name(model._meta.db_table)
        for app in APPS
        for model in apps.get_app_config(app).get_models(include_auto_created=True)
        if model._meta.label not in KEPT
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY")
    (folder() / "state").unlink(missing_ok=True)
