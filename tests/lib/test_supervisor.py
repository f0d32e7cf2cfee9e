"""A supervisor of its own process, with shells as programs: signals and kills are real."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

SCRIPT = """
import json, signal, sys
from pathlib import Path
from typing import Any
from cxportal.lib.supervisor import GaveUp, Patience, Program, Supervisor
programs, patience, failing = json.loads(sys.argv[2])
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever runs the tests under nohup ignores it
logs = Path(sys.argv[1])
def every_second():
    if failing:
        raise GaveUp(failing)
supervisor = Supervisor(
    [Program(name, ["sh", "-c", script]) for name, script in programs.items()],
    logs, say=lambda line: print(line, flush=True), patience=Patience(**patience),
)
try:
    supervisor.run(every_second)
except GaveUp as reason:
    sys.exit(f"gave up: {reason}")
"""
Supervise = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Supervise]:
    """Start a supervisor of the programs named; end it after the test."""
    started = []

    def start(
        programs: Mapping[str, str], *, failing: str = "", **patience: float
    ) -> subprocess.Popen[str]:
        started.append(
            subprocess.Popen(
                [sys.executable, "-c", SCRIPT, tmp_path, json.dumps([programs, patience, failing])],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
        return started[-1]

    yield start
    for process in started:
        process.terminate()
        process.communicate(timeout=10)


def noting_pid(file: Path) -> str:
    """Return a script whose background child's number stands in the file; both go on for long."""
    return f"sleep 300 & echo $! > '{file}'; wait"


def pid_in(file: Path, *, other_than: int = 0) -> int:
    return until(lambda: file.exists() and (n := int(file.read_text() or 0)) != other_than and n)


def until(found: Callable[[], Any]) -> Any:
    """Wait for something true."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if result := found():
            return result
        time.sleep(0.02)
    raise AssertionError("waited in vain")


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize("wish", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_signal_ends_programs_and_their_children(
    supervise: Supervise, tmp_path: Path, wish: signal.Signals
):
    process = supervise({"web": noting_pid(tmp_path / "pid")})
    pid = pid_in(tmp_path / "pid")

    process.send_signal(wish)

    assert process.wait(10) == 0
    assert is_gone(pid)


def test_program_may_finish_its_work_before_it_ends(supervise: Supervise, tmp_path: Path):
    script = f"trap 'sleep 0.3; echo done; exit 0' TERM; {noting_pid(tmp_path / 'pid')}"
    process = supervise({"worker": script})
    pid_in(tmp_path / "pid")

    process.terminate()

    assert process.wait(10) == 0
    assert (tmp_path / "worker.log").read_text() == "done\n"


def test_program_that_does_not_end_is_killed_in_time(supervise: Supervise, tmp_path: Path):
    process = supervise({"web": f"trap '' TERM; {noting_pid(tmp_path / 'pid')}"}, stop=0.3)
    pid = pid_in(tmp_path / "pid")

    process.terminate()

    assert process.wait(10) == 0
    assert is_gone(pid)


def test_second_signal_kills_at_once(supervise: Supervise, tmp_path: Path):
    process = supervise({"web": f"trap '' TERM; {noting_pid(tmp_path / 'pid')}"}, stop=60)
    pid_in(tmp_path / "pid")

    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)

    assert process.wait(5) == 0


def test_killed_supervisor_leaves_nothing_behind(supervise: Supervise, tmp_path: Path):
    stubborn = f"trap '' TERM; {noting_pid(tmp_path / 'stubborn')}"
    process = supervise({"web": noting_pid(tmp_path / "pid"), "worker": stubborn}, stop=0.5)
    pids = [pid_in(tmp_path / "pid"), pid_in(tmp_path / "stubborn")]
    pids += [parent.pid for pid in pids if (parent := psutil.Process(pid).parent())]

    process.kill()

    until(lambda: all(map(is_gone, pids)))


def test_dead_program_is_started_again_without_its_old_children(
    supervise: Supervise, tmp_path: Path
):
    supervise({"worker": noting_pid(tmp_path / "pid")}, first_pause=0.1)
    before = pid_in(tmp_path / "pid")
    leader = psutil.Process(before).parent()
    assert leader is not None

    leader.kill()

    assert pid_in(tmp_path / "pid", other_than=before) != before
    until(lambda: is_gone(before))


def test_program_that_keeps_dying_ends_all_with_its_last_words(
    supervise: Supervise, tmp_path: Path
):
    programs = {"web": noting_pid(tmp_path / "pid"), "beat": "echo no schedule; exit 3"}
    process = supervise(programs, first_pause=0.05, deaths=3)

    said = process.communicate(timeout=10)[0]

    assert process.returncode == 1
    assert "beat ended with exit code 3; starting it again in 0.05 s." in said
    assert "gave up: beat ended 3 times in a short while, at last with exit code 3." in said
    assert said.endswith("beat.log):\n  no schedule\n")
    assert is_gone(pid_in(tmp_path / "pid"))


def test_only_errors_are_shown_and_each_once(supervise: Supervise, tmp_path: Path):
    script = "echo INFO fine; echo 1 ERROR bad 7; echo 2 ERROR bad 8; " + noting_pid(tmp_path / "p")
    process = supervise({"web": script})
    pid_in(tmp_path / "p")

    process.terminate()

    assert process.communicate(timeout=10)[0] == "web | 1 ERROR bad 7\nEnding web.\n"
    assert (tmp_path / "web.log").read_text() == "INFO fine\n1 ERROR bad 7\n2 ERROR bad 8\n"


def test_failure_of_what_is_done_each_second_ends_all(supervise: Supervise, tmp_path: Path):
    process = supervise({"web": "sleep 300"}, failing="the database is gone")

    assert "gave up: the database is gone" in process.communicate(timeout=10)[0]
    assert process.returncode == 1
    assert os.listdir(tmp_path) == ["web.log"]
