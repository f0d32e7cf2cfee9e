"""``./run`` from its first line to its last, with its real programs."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from cxportal.launcher import PROJECT
from cxportal.lib.embedded_postgres import EmbeddedPostgres

pytestmark = pytest.mark.slow_start
#: What the tests' surroundings or a developer's .env set, and a first start finds by itself.
UNSET = {"DATABASE_URL": "", "CELERY_BROKER_URL": "filesystem://", "EMAIL_URL": "sandbox://"}
REMOVED = ("CXPORTAL_STATE", "SECRET_KEY", "SITE_URL")
Launch = Callable[[], subprocess.Popen[str]]


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    state = tmp_path / "second shop"
    yield state
    shutil.rmtree(EmbeddedPostgres(state).home, ignore_errors=True)


@pytest.fixture
def launch(state: Path) -> Iterator[Launch]:
    """Start the product without its demo, on a port that is free; end it after the test."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if name not in REMOVED}
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        command = [sys.executable, "-P", "-m", "cxportal.launcher", "--empty"]
        process = subprocess.Popen(
            [*command, "--data", state, f"--port={port}"],
            env={**environment, **UNSET, "PYTHONPATH": str(PROJECT)},
            cwd=state.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def read_until(process: subprocess.Popen[str], words: str) -> str:
    """Return what the process says, up to the line with the words."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if words in line:
            return said
    raise AssertionError(f"never said {words!r}, but:\n{said}")


def family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """Return all processes below the one given, by their beginning."""
    return psutil.Process(process.pid).children(recursive=True)


def worker_of(process: subprocess.Popen[str]) -> psutil.Process | None:
    """Return the leader of the worker's processes, if it lives."""
    children = psutil.Process(process.pid).children()
    return next((child for child in children if "worker" in child.cmdline()), None)


def until(found: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if result := found():
            return result
        time.sleep(0.1)
    raise AssertionError("waited in vain")


def test_product_mends_itself_outlives_a_kill_and_ends_without_a_trace(launch: Launch):
    first = launch()
    said = read_until(first, "Ready: http://127.0.0.1:")
    assert "Starting the database." in said

    worker = worker_of(first)
    assert worker is not None
    worker.kill()
    read_until(first, "worker ended with SIGKILL; starting it again")
    until(lambda: worker_of(first))

    everyone = family(first)
    first.kill()
    second = launch()
    read_until(second, "Ready:")
    assert psutil.wait_procs(everyone, timeout=10)[1] == []

    everyone = family(second)
    second.send_signal(signal.SIGINT)
    read_until(second, "All has ended.")
    assert second.wait(10) == 0
    assert psutil.wait_procs(everyone, timeout=10)[1] == []
