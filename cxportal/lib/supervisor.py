"""Runs a handful of named programs as one: all up, or all down.

A dead program is started again, a little later each time, until it has died too often; then all
stop, with its last words as the reason. Nothing stays behind: each program leads a process group of
its own, which is ended as a whole, and a sweeper process ends all groups when this one gets
``kill -9``.
"""

from __future__ import annotations

import ctypes
import logging
import os
import re
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from logging.handlers import RotatingFileHandler
from pathlib import Path

#: What a program says is kept in its log; only lines like these are also shown.
SHOWN = re.compile(r"\b(ERROR|CRITICAL|Traceback)\b")
LOG_BYTES = 10_000_000
LAST_WORDS = 20
PR_SET_PDEATHSIG = 1


def die_with_parent(how: signal.Signals) -> None:
    """Ask Linux to send this process the signal when its parent is gone; elsewhere do nothing.

    To be called in the child, as ``preexec_fn``: a change of user takes the request back.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, how)


@dataclass(frozen=True)
class Program:
    """A program to keep running; ``env`` comes on top of ours."""

    name: str
    command: Sequence[str | Path]
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Patience:
    """How often a program may die within a time, and how long an end may take; in seconds."""

    deaths: int = 5
    within: float = 60
    first_pause: float = 0.5
    stop: float = 15


class GaveUp(Exception):
    """A program died too often; the message says which, how, and where its log is."""
