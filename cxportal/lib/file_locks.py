"""Locks of the operating system on files: gone with their holder, however it ends."""

from __future__ import annotations

import fcntl
from typing import IO, Any


def lock_at_once(file: IO[Any], kind: int = fcntl.LOCK_EX) -> bool:
    """Take the lock unless that needs waiting; tell whether it was taken."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
