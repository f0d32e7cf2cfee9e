"""What ``./run`` refuses, and what it says then. Its whole life is tested in ``test_run.py``."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cxportal import launcher


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Undo what a start does to its own process; a start that gets too far has no database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(launcher, "PROJECT", tmp_path)
    for name in ("CXPORTAL_STATE", "SITE_URL", "DJANGO_SETTINGS_MODULE"):
        monkeypatch.setenv(name, os.environ.get(name, "to be overwritten"))
    monkeypatch.setenv("DATABASE_URL", "postgresql://nowhere.invalid/none")
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_busy_port_is_named_with_a_way_out(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, busy_port: int
):
    assert launcher.main(["--port", str(busy_port), "--data", str(tmp_path / "state")]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"./run: Port {busy_port} is in use; ./run --port ")
    assert said.count("\n") == 1


def test_second_start_on_the_same_directory_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    with (tmp_path / "run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write(str(os.getpid()))
        lock.flush()

        assert launcher.main(["--data", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert f"in use by another ./run (process {os.getpid()})" in said
    assert "./run --data DIR --port N" in said


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def test_full_disk_is_said_before_anything_is_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(
        shutil, "disk_usage", lambda _: Usage(10**9, 10**9 - 12_000_000, 12_000_000)
    )

    assert launcher.main(["--data", str(tmp_path / "state")]) == 1
    assert "The disk is full: 12 MB are left" in capsys.readouterr().err
    assert list((tmp_path / "state").iterdir()) == []


def test_directory_that_cannot_be_made_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    (tmp_path / "file").touch()

    assert launcher.main(["--data", str(tmp_path / "file" / "state")]) == 1
    assert "Choose another place with --data DIR." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--once", "no-such.csv"], "there is no file"),
        (["--as-of", "2026-03-01"], "--as-of belongs to --once"),
        (["--map", "customer_id=Kunde"], "--map belongs to --once"),
        (["--once", "orders.csv", "--as-of", "yesterday"], "“yesterday” is no day"),
        (["--once", "orders.csv", "--as-of", "2026-13-01"], "write it as 2026-03-31"),
        (["--port", "70000"], "70000 is no port"),
        (["--demo", "--empty"], "not allowed with"),
    ],
)
def test_wrong_usage_is_refused_in_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str], told: str
):
    (tmp_path / "orders.csv").touch()

    with pytest.raises(SystemExit) as refusal:
        launcher.main(arguments)

    assert refusal.value.code == 2
    assert told in capsys.readouterr().err.splitlines()[-1]


def test_keys_are_made_once_and_for_their_owner_alone(tmp_path: Path):
    file = tmp_path / "secrets.env"
    launcher._make_secrets(file)
    made = file.read_text()

    launcher._make_secrets(file)

    assert file.read_text() == made
    assert [line.partition("=")[0] for line in made.splitlines()] == [
        "SECRET_KEY",
        "ERASURE_KEY",
    ]
    assert all(len(line) > 60 for line in made.splitlines())
    assert file.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["secrets.env"]


def test_rehearsal_gets_the_file_as_the_caller_meant_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "orders.csv").touch()
    asked: list[Any] = []
    monkeypatch.setattr(launcher, "_manage", lambda *commands: asked.extend(commands) or 7)

    columns = ["--map", "customer_id=Kunde", "--map", "ordered_at=Tag"]
    once = ["--once", "orders.csv", "--as-of", "2026-03-01", *columns]
    code = launcher.main(["--data", "state", *once])

    assert code == 7
    assert asked == [
        ["migrate", "--noinput", "--verbosity=0"],
        [
            "rehearse",
            str(tmp_path / "orders.csv"),
            "--as-of=2026-03-01",
            "--map=customer_id=Kunde",
            "--map=ordered_at=Tag",
        ],
    ]
