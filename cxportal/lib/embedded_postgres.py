"""A PostgreSQL server of our own, without root, Docker or an installation.

The server lives as long as somebody uses it: each user holds a shared lock, and a small guardian
process, the server's parent, waits for the exclusive one and then stops it. So two processes can
share a server, and none stays behind when its users get ``kill -9``.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, NoReturn

import psutil
import psycopg
from psycopg import sql

from cxportal.lib.file_locks import lock_at_once
from cxportal.lib.postgres_programs import (
    ROOT_HOME,
    SYSTEM_USER,
    EmbeddedPostgresError,
    PostgresPrograms,
)
from cxportal.lib.supervisor import die_with_parent

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError", "default_url"]

#: The operating systems allow a socket's path 103 bytes (macOS) or 107 (Linux), file name included.
SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_BYTES = 100
START_SECONDS = 300  # after a crash the server reads its log again, which can take minutes
STOP_SECONDS = 30
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "256MB",
    "max_connections": "100",
    "jit": "off",
}


def default_url(state_dir: Path) -> str:
    """Say where the product's own database is, without starting or touching anything."""
    return EmbeddedPostgres(state_dir).url(SYSTEM_USER)


class EmbeddedPostgres:
    """The server that belongs to a state directory, run by the programs in ``programs``."""

    def __init__(self, state_dir: Path, programs: Path | None = None) -> None:
        self.state_dir = state_dir.resolve()
        self._programs = PostgresPrograms(programs)
        self._as_root = os.geteuid() == 0
        short = hashlib.sha256(os.fsencode(self.state_dir)).hexdigest()[:12]
        self.home = ROOT_HOME / short if self._as_root else self.state_dir / "postgres"
        self.data = self.home / "data"
        self.log = self.home / "server.log"
        self.socket_dir = self.home / "socket"
        if not _fit_for_socket(self.socket_dir):
            self.socket_dir = Path(f"/tmp/cxportal-{os.geteuid()}-{short}")
        self._use: IO[bytes] | None = None
        self._guardian: subprocess.Popen[bytes] | None = None

    def url(self, database: str) -> str:
        """Return the address; the socket's directory is plain ASCII, so nothing needs quoting."""
        return f"postgresql://{SYSTEM_USER}@/{database}?host={self.socket_dir}"

    def start(self) -> bool:
        """Make the server answer and hold it; whether it runs, is new, or was left by a crash.

        Returns:
            whether it had to be started.
        Raises:
            EmbeddedPostgresError: with the reason and a way out.
        """
        if self._use is not None and self._answers():
            return False
        try:
            with _explained(self.home):
                self._make_home()
                self._hold()
                with (self.home / "start.lock").open("ab") as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX)
                    return self._start_stopped(lock)
        except EmbeddedPostgresError:
            self.stop()
            raise

    def stop(self) -> None:
        """Let go of the server; with the last of its users gone it stops, before this returns."""
        if self._use is None:
            return
        lock, self._use = self._use, None
        with lock:
            fcntl.flock(lock, fcntl.LOCK_UN)
            if lock_at_once(lock, fcntl.LOCK_EX):
                self._shut_down()
            elif lock_at_once(lock, fcntl.LOCK_SH):  # others go on using it
                self._forget_guardian()
            else:  # the guardian was quicker: wait until it is done
                fcntl.flock(lock, fcntl.LOCK_SH)
        if self._guardian is not None:
            self._guardian.wait()

    def _hold(self) -> None:
        """Count as a user of the server; waits while it is being stopped."""
        if self._use is None:
            self._use = (self.home / "users.lock").open("ab")
            fcntl.flock(self._use, fcntl.LOCK_SH)

    def _forget_guardian(self) -> None:
        """Leave the guardian to itself, though it is our child."""
        if self._guardian is not None:
            self._guardian.returncode = 0
            self._guardian = None

    def create_database(self, name: str) -> None:
        """Create the database unless it exists."""
        with self._connect() as connection, suppress(psycopg.errors.DuplicateDatabase):
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    # --- where things are -------------------------------------------------------------------------

    def _make_home(self) -> None:
        """Make the directories. As root, what an earlier state directory left is set aside.

        Root's data stands outside of the state directory, which holds a link to it: whoever removed
        the state directory to begin anew must not find the old data again.
        """
        self.state_dir.mkdir(parents=True, exist_ok=True)
        if self._as_root:
            link = self.state_dir / "postgres"
            if self.home.exists() and not link.is_symlink():  # in this order: the link comes first
                self._shut_down()
                left = self.home.with_suffix(".left")
                shutil.rmtree(left, ignore_errors=True)
                self.home.rename(left)
            with suppress(FileExistsError):
                link.symlink_to(self.home)
            ROOT_HOME.mkdir(parents=True, exist_ok=True)
            ROOT_HOME.chmod(0o755)
        self._make_private(self.home)
        self._make_private(self.socket_dir)

    def _make_private(self, directory: Path) -> None:
        """Make a directory only the server's user enters: who reaches the socket is trusted."""
        directory.mkdir(mode=0o700, exist_ok=True)
        owner = self._programs.owner
        if owner is not None:
            os.chown(directory, owner.pw_uid, owner.pw_gid, follow_symlinks=False)
        elif directory.is_symlink() or directory.stat().st_uid != os.geteuid():
            raise EmbeddedPostgresError(f"{directory} belongs to another user. Remove it.")
        directory.chmod(0o700)

    # --- starting ---------------------------------------------------------------------------------

    def _start_stopped(self, lock: IO[bytes]) -> bool:
        """Start the server, which does not answer, unless another process just did."""
        self._await_half_way()
        if self._answers():
            return False
        self._initialise(lock)
        self._clear_what_a_crash_left()
        self._spawn_guardian()
        self._await_answer()
        return True

    def _initialise(self, lock: IO[bytes]) -> None:
        """Make the data directory under another name first, so that it is whole or not there.

        ``initdb`` gets the lock as well: when we are killed, the next start waits for its end.
        """
        if (self.data / "PG_VERSION").exists():
            self._refuse_other_version()
            self.data.chmod(0o700)  # a restored copy may be more open than PostgreSQL bears
            return
        unfinished = self.home / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        options = [f"--pgdata={unfinished}", *self._initdb_options()]
        made = self._programs.run("initdb", *options, keep=lock)
        if made.returncode:
            self._explain(made.stdout)
        unfinished.rename(self.data)

    def _initdb_options(self) -> list[str]:
        """Return what a new cluster is made with: no locale of the machine gets in.

        Sorting is by code point. The character classes must know UTF-8, or pg_trgm drops every ü.
        """
        options = [f"--username={SYSTEM_USER}", "--auth=trust", "--encoding=UTF8"]
        utf8 = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
        if self._programs.major < 18:
            return [*options, f"--locale={utf8}"]
        options += ["--locale=C", f"--lc-ctype={utf8}", "--locale-provider=builtin"]
        return [*options, "--builtin-locale=PG_UNICODE_FAST"]

    def _refuse_other_version(self) -> None:
        stored, ours = int((self.data / "PG_VERSION").read_text()), self._programs.major
        if stored != ours:
            raise EmbeddedPostgresError(
                f"The database in {self.data} was made by PostgreSQL {stored}, and the programs "
                f"are version {ours}. Choose --data DIR for a new one, or take the data "
                "along: pg_dump with the version before, psql with this one."
            )

    def _clear_what_a_crash_left(self) -> None:
        """Remove lock files once none of our processes is left to hold them.

        PostgreSQL believes a lock file whose number now belongs to another process of the same
        user, and gives up on a truncated one.
        """
        for process in self._processes():  # backends whose postmaster was killed
            with suppress(psutil.NoSuchProcess):
                process.kill()
                process.wait(STOP_SECONDS)
        for file in (self.data / "postmaster.pid", *self.socket_dir.glob(f"{SOCKET_NAME}*")):
            file.unlink(missing_ok=True)

    def _spawn_guardian(self) -> None:
        if self._guardian is not None:
            self._guardian.wait()
        with suppress(FileNotFoundError):
            self.log.rename(self.log.with_suffix(".log.1"))
        with self.log.open("wb") as log:
            self._guardian = subprocess.Popen(
                [sys.executable, "-m", __name__, self.state_dir, self._programs.directory],
                cwd=Path(__file__).parents[2],
                start_new_session=True,  # out of reach of the terminal's Ctrl-C
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def _await_answer(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._guardian is not None and self._guardian.poll() is not None:
                self._explain(self.log.read_text(errors="replace"))
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(f"PostgreSQL does not answer; its log is {self.log}.")
            time.sleep(0.03)

    def _await_half_way(self) -> None:
        """Wait while a living server comes up or goes down."""
        deadline = time.monotonic() + START_SECONDS
        while self._postmaster() and not self._answers() and time.monotonic() < deadline:
            time.sleep(0.1)

    # --- the running server -----------------------------------------------------------------------

    def guard(self) -> None:
        """Run the server as a child until its last user is gone; the guardian's whole life."""
        postmaster = subprocess.Popen(
            [self._programs.directory / "postgres", "-D", self.data, *self._settings()],
            stdin=subprocess.DEVNULL,
            preexec_fn=lambda: die_with_parent(signal.SIGINT),
            **self._programs.surroundings(),
        )

        def leave_with_server(*_: object) -> None:
            if postmaster.poll() is not None:
                sys.exit("The server ended by itself.")

        signal.signal(signal.SIGCHLD, leave_with_server)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # its users decide, and they get it as well
        leave_with_server()
        with (self.home / "users.lock").open("ab") as users:
            fcntl.flock(users, fcntl.LOCK_EX)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self._shut_down()
            postmaster.wait()

    def _settings(self) -> Iterator[str]:
        yield from ("-c", f"unix_socket_directories={self.socket_dir}")
        for name, value in SETTINGS.items():
            yield from ("-c", f"{name}={value}")

    def _shut_down(self) -> None:
        """Stop the server, at the latest after a minute; committed work is safe either way."""
        for demand in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            postmaster = self._postmaster()
            if postmaster is None:
                return
            with suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
                postmaster.send_signal(demand)
                postmaster.wait(STOP_SECONDS)

    def _postmaster(self) -> psutil.Process | None:
        """Return the living server, if the lock file names one and it truly is ours."""
        try:
            number = int((self.data / "postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return None
        return next((process for process in self._processes() if process.pid == number), None)

    def _processes(self) -> list[psutil.Process]:
        """Return all processes of this server: each stands in the data directory, and no other."""
        return [p for p in psutil.process_iter(["cwd"]) if p.info["cwd"] == str(self.data)]

    def _answers(self) -> bool:
        try:
            self._connect().close()
        except psycopg.OperationalError as error:
            return "too many clients" in str(error)
        return True

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(self.url("postgres"), autocommit=True, connect_timeout=5)

    def _explain(self, said: str) -> NoReturn:
        """Raise what the programs said in their last words."""
        if "No space left on device" in said:
            raise EmbeddedPostgresError(_full_disk(self.home))
        lines = [line for line in said.splitlines() if re.search("FATAL|PANIC|error:", line)]
        reason = " ".join((lines or said.splitlines() or ["it ended without a word"])[-2:])
        raise EmbeddedPostgresError(
            f"PostgreSQL does not start: {reason} (log: {self.log}). The data is left as it is."
        )


def _fit_for_socket(directory: Path) -> bool:
    """Tell whether a socket may stand there: short, and plain in an address and in a setting."""
    path = str(directory / SOCKET_NAME)
    return len(path) <= SOCKET_BYTES and re.fullmatch("[A-Za-z0-9/._-]+", path) is not None


def _full_disk(place: Path) -> str:
    return f"The disk is full ({place}). Free some space, or choose another place with --data DIR."


@contextmanager
def _explained(home: Path) -> Iterator[None]:
    """Turn what the operating system refuses into words."""
    try:
        yield
    except OSError as error:
        place = error.filename or home
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise EmbeddedPostgresError(_full_disk(home)) from error
        if isinstance(error, PermissionError):
            raise EmbeddedPostgresError(
                f"{place} cannot be written by this user. Change its owner, or choose another "
                "place with --data DIR."
            ) from error
        raise EmbeddedPostgresError(f"{place}: {error.strerror}.") from error


if __name__ == "__main__":
    EmbeddedPostgres(Path(sys.argv[1]), Path(sys.argv[2])).guard()
