"""Runs a handful of named programs as one: all up, or all down.

A dead program is started again, a little later each time, until it has died too often; then all
stop, with its last words as the reason. Nothing stays behind: each program leads a process group of
its own, which is ended as a whole, and a sweeper process ends all groups when this one gets
``kill -9``.
"""

from __future__ import annotations

import ctypes
import logging
import math
import os
import re
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO

#: What a program says is kept in its log; only lines like these are also shown, and each of them
#: (but for its figures) once in a while.
SHOWN = re.compile(r"\b(ERROR|CRITICAL)\b")
SHOWN_AGAIN_SECONDS = 60
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
    """How often a program may die within how long, and how long its end may take; in seconds."""

    deaths: int = 5
    within: float = 60
    first_pause: float = 0.5
    stop: float = 15


class GaveUp(Exception):
    """A program died too often; the message says which, how, and its last words."""


class Supervisor:
    """Keeps the programs running, and writes what each says to ``logs/NAME.log``."""

    def __init__(
        self,
        programs: Sequence[Program],
        logs: Path,
        *,
        say: Callable[[str], None],
        patience: Patience | None = None,
    ) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self._say = say
        self._patience = patience or Patience()
        self._selector = selectors.DefaultSelector()
        self._sweeper = _Sweeper(self._patience.stop)
        self._children = [_Child(program, logs / f"{program.name}.log") for program in programs]
        self._shown: dict[str, float] = {}
        self._signals = 0

    def run(self, every_second: Callable[[], None]) -> None:
        """Keep all running until SIGINT, SIGTERM or SIGHUP asks to end; the second one kills.

        Whatever ``every_second`` raises ends all, too.

        Raises:
            GaveUp: after all have been stopped.
        """
        with _handling(self._count_signal), self._sweeper:
            try:
                due = 0.0
                while not self._signals:
                    self._start_due()
                    self._listen(0.2)
                    self._look_for_dead()
                    if time.monotonic() >= due:
                        every_second()
                        due = time.monotonic() + 1
            finally:
                self._stop_all()

    def _count_signal(self, *_: object) -> None:
        self._signals += 1
        if self._signals > 1:
            for child in self._living():
                _signal_group(child.pid, signal.SIGKILL)

    # --- living -----------------------------------------------------------------------------------

    def _start_due(self) -> None:
        for child in self._children:
            if child.process is None and time.monotonic() >= child.due:
                pipe = child.start(self._sweeper.mind)
                self._selector.register(pipe, selectors.EVENT_READ, child)

    def _listen(self, seconds: float) -> None:
        """Take what the programs say; return at the latest after the time given."""
        for key, _ in self._selector.select(seconds):
            said = os.read(key.fd, 65_536)
            if said:
                self._note(key.data, said)
            else:
                self._selector.unregister(key.fileobj)

    def _note(self, child: _Child, said: bytes) -> None:
        for line in child.lines(said):
            child.log.emit(logging.makeLogRecord({"msg": line}))
            child.last_words.append(line)
            if SHOWN.search(line) and self._is_news(re.sub(r"\d", "", line)):
                self._say(f"{child.program.name} | {line}")

    def _is_news(self, line: str) -> bool:
        """Tell whether the line was not shown lately."""
        now = time.monotonic()
        news = self._shown.get(line, -math.inf) < now - SHOWN_AGAIN_SECONDS
        if news:
            self._shown[line] = now
        return news

    # --- dying ------------------------------------------------------------------------------------

    def _look_for_dead(self) -> None:
        for child in self._living():
            if child.process is not None and child.process.poll() is not None:
                how = _manner(child.process.returncode)
                self._bury(child)
                self._plan_next_life(child, how)

    def _bury(self, child: _Child) -> None:
        """End what is left of the program's group, and take its last words."""
        _signal_group(child.pid, signal.SIGKILL)
        self._sweeper.forget(child.pid)
        pipe = child.leave()
        if pipe in self._selector.get_map():
            self._selector.unregister(pipe)
            os.set_blocking(pipe.fileno(), False)
            self._note(child, pipe.read() or b"")
        pipe.close()

    def _plan_next_life(self, child: _Child, how: str) -> None:
        now, name = time.monotonic(), child.program.name
        child.deaths.append(now)
        recent = sum(death > now - self._patience.within for death in child.deaths)
        if recent >= self._patience.deaths:
            words = "\n".join(f"  {line}" for line in child.last_words)
            raise GaveUp(
                f"{name} ended {recent} times in a short while, at last with {how}. "
                f"Its last words (all: {child.log.baseFilename}):\n{words}"
            )
        pause = self._patience.first_pause * 2 ** (recent - 1)
        child.due = now + pause
        self._say(f"{name} ended with {how}; starting it again in {pause:g} s.")

    def _stop_all(self) -> None:
        """Ask all to end at the same time, and kill what has not ended in time."""
        self._say(f"Ending {', '.join(child.program.name for child in self._living())}.")
        for child in self._living():
            # The leader alone: a worker's pool must not lose its children while it finishes.
            with suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGTERM)
        deadline = time.monotonic() + self._patience.stop
        while self._living():
            self._listen(0.05)
            late = time.monotonic() > deadline
            for child in self._living():
                if late:
                    _signal_group(child.pid, signal.SIGKILL)
                if child.process is not None and child.process.poll() is not None:
                    self._bury(child)
        for child in self._children:
            child.log.close()
        self._selector.close()

    def _living(self) -> list[_Child]:
        return [child for child in self._children if child.process is not None]


class _Child:
    """A program's present life and what is remembered of the former ones."""

    def __init__(self, program: Program, log: Path) -> None:
        self.program = program
        self.log = _Log(log, maxBytes=LOG_BYTES, backupCount=1, errors="replace")
        self.process: subprocess.Popen[bytes] | None = None
        self.pid = 0
        self.due = 0.0
        self.deaths: deque[float] = deque(maxlen=100)
        self.last_words: deque[str] = deque(maxlen=LAST_WORDS)
        self._rest = b""

    def start(self, mind: Callable[[int], None]) -> IO[bytes]:
        """Start the program as the leader of a group and a session of its own.

        The child itself tells the sweeper of its group, so that no moment is left in which the
        program runs and only we know of it.
        """

        def before_it_runs() -> None:
            die_with_parent(signal.SIGTERM)
            mind(os.getpid())

        self.process = subprocess.Popen(
            self.program.command,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **self.program.env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=before_it_runs,
        )
        self.pid = self.process.pid
        self.last_words.clear()
        self._rest = b""
        return self._pipe()

    def leave(self) -> IO[bytes]:
        """Forget the process, which has ended; return the pipe with what it said last."""
        pipe = self._pipe()
        self.process = None
        return pipe

    def lines(self, said: bytes) -> list[str]:
        """Return the whole lines; the beginning of the next one waits for its end."""
        *whole, self._rest = (self._rest + said).split(b"\n")
        return [line.decode(errors="replace") for line in whole]

    def _pipe(self) -> IO[bytes]:
        if self.process is None or self.process.stdout is None:
            raise RuntimeError(f"{self.program.name} does not run.")
        return self.process.stdout


class _Log(RotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:
        """Go on without the log: a full disk must not stop what still works."""


class _Sweeper:
    """A forked process which ends the groups it was told of once its parent is gone.

    It keeps the parent's open files, and with them its locks: so the database waits until the
    sweeping is done, and so does the next start.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._pid = 0
        self._pipe = -1

    def __enter__(self) -> None:
        reader, self._pipe = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            try:
                os.setsid()
                for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                    signal.signal(number, signal.SIG_IGN)
                os.close(self._pipe)
                self._sweep(_groups_left(reader))
            finally:
                os._exit(0)
        os.close(reader)

    def __exit__(self, *_: object) -> None:
        os.close(self._pipe)
        os.waitpid(self._pid, 0)

    def mind(self, group: int) -> None:
        """End this group when the parent is gone."""
        self._tell(f"+{group}\n")

    def forget(self, group: int) -> None:
        """Leave this number alone from now on: it may soon be somebody else's."""
        self._tell(f"-{group}\n")

    def _tell(self, line: str) -> None:
        with suppress(BrokenPipeError):  # killed: Linux still ends the leaders (die_with_parent)
            os.write(self._pipe, line.encode())

    def _sweep(self, groups: set[int]) -> None:
        for group in groups:
            with suppress(ProcessLookupError):
                os.kill(group, signal.SIGTERM)
        deadline = time.monotonic() + self._patience
        while any(_signal_group(group, 0) for group in groups) and time.monotonic() < deadline:
            time.sleep(0.05)
        for group in groups:
            _signal_group(group, signal.SIGKILL)


def _groups_left(reader: int) -> set[int]:
    """Read what is told until the parent is gone; return the groups not yet forgotten."""
    groups: set[int] = set()
    with os.fdopen(reader) as lines:
        for line in lines:
            change = groups.add if line[0] == "+" else groups.discard
            change(int(line[1:]))
    return groups


def _signal_group(group: int, number: int) -> bool:
    """Send the signal to the group; tell whether there was anyone to get it."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # macOS answers so when only a zombie is left
        return False
    return True


def _manner(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name


@contextmanager
def _handling(handler: Callable[..., None]) -> Iterator[None]:
    """Handle the wishes to end; ``nohup`` keeps its meaning."""
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)
