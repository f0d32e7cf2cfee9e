"""``./run``: starts the whole product from a directory, and ends it as a whole.

Everything an installation keeps on this machine stands in its state directory (``--data``):
secrets, logs, the broker's folder, uploads, and the embedded database or, for root, a link to it.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NoReturn

import psutil
from environ import Env

from cxportal.lib.command_line import day
from cxportal.lib.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresError, default_url
from cxportal.lib.file_locks import lock_at_once
from cxportal.lib.supervisor import GaveUp, Program, Supervisor, die_with_parent
from profiles.rules.orders import Field

PROJECT = Path(__file__).resolve().parents[1]
LOOPBACK = "127.0.0.1"
#: Below this a database may stop in the middle of its work.
NEEDED_BYTES = 200_000_000
#: How long what a killed start left behind may take to end (the supervisor's sweeper).
LEFT_SECONDS = 20
SLOW_SECONDS = 60
MIGRATE = ["migrate", "--noinput", "--verbosity=0"]
MANAGE = """
import json, sys
from django.core.management import execute_from_command_line
for command in json.loads(sys.argv[1]):
    execute_from_command_line(["manage.py", *command])
"""


class LaunchError(Exception):
    """The product cannot start; the message says why, and the way out."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks; return the exit code: 1 for a refusal, 2 for wrong usage."""
    options = _parse(arguments)
    signal.signal(signal.SIGTERM, _leave)
    try:
        return _rehearse(options) if options.once else _serve(options)
    except (LaunchError, EmbeddedPostgresError, GaveUp) as error:
        print(f"./run: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./run",
        description="Start the product: database, web, worker and clock. Ctrl-C ends all.",
    )
    parser.add_argument(
        "--port", type=int, default=8000, help="the port on 127.0.0.1 (%(default)s)"
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        default=PROJECT / ".local",
        help="where this installation keeps its data (.local); another DIR is another installation",
    )
    filling = parser.add_mutually_exclusive_group()
    filling.add_argument(
        "--empty", action="store_true", help="no demo, only the first administrator"
    )
    filling.add_argument(
        "--demo", action="store_true", help="the demo, also in a database named by DATABASE_URL"
    )
    parser.add_argument(
        "--once", type=Path, metavar="FILE", help="rehearse on an order file, print, and exit"
    )
    parser.add_argument(
        "--as-of",
        type=day,
        metavar="DATE",
        help="the rehearsal's first morning, as 2026-03-31 (30 days before the file's last order)",
    )
    parser.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="FIELD=HEADER",
        help="which column of the file is what, where its name does not tell: --map customer_id=Kunde"
        f" --map ordered_at=Tag --map product_id=Ware; the fields are {', '.join(Field)}",
    )
    options = parser.parse_args(arguments)
    options.data = options.data.expanduser().resolve()
    for name in ("as_of", "map"):
        if getattr(options, name) and not options.once:
            parser.error(f"--{name.replace('_', '-')} belongs to --once FILE")
    if options.once:
        options.once = options.once.expanduser().resolve()
        if not options.once.is_file():
            parser.exit(2, f"./run: there is no file {options.once}\n")
    if not 0 < options.port < 65_536:
        parser.exit(2, f"./run: {options.port} is no port\n")
    return options


# --- the two ways through -------------------------------------------------------------------------


def _serve(options: argparse.Namespace) -> int:
    """Run the product until it is told to end."""
    state: Path = options.data
    _make_ready(state)
    with _alone(state):
        _refuse_busy_port(options.port)
        os.environ.setdefault("SITE_URL", f"http://{LOOPBACK}:{options.port}")
        with _database(state) as keep_database:
            filling = [f"--{name}" for name in ("demo", "empty") if getattr(options, name)]
            if keep_database:
                filling.append("--embedded")
            if _manage(MIGRATE, ["first_run", *filling]):
                raise LaunchError("The database could not be prepared; the reason stands above.")
            _say("Starting web, worker and clock.")
            supervisor = Supervisor(_programs(state, options.port), state / "logs", say=_say)
            supervisor.run(_watch(options.port, state, keep_database))
    _say("All has ended.")
    return 0


def _rehearse(options: argparse.Namespace) -> int:
    """Run the main job once, on somebody's past."""
    _make_ready(options.data)
    with _database(options.data):
        since = [f"--as-of={options.as_of}"] if options.as_of else []
        columns = [f"--map={pair}" for pair in options.map]
        return _manage(MIGRATE, ["rehearse", str(options.once), *since, *columns])


def _make_ready(state: Path) -> None:
    """Make the state directory and say to all that follow where it is."""
    os.chdir(PROJECT)
    if (PROJECT / ".env").exists():
        Env.read_env(PROJECT / ".env")
    os.environ.update(CXPORTAL_STATE=str(state), DJANGO_SETTINGS_MODULE="cxportal.settings")
    try:
        state.mkdir(parents=True, exist_ok=True)
        _refuse_full_disk(state)
        _make_secrets(state / "secrets.env")
    except OSError as error:
        raise LaunchError(
            f"{error.filename or state}: {error.strerror}. Choose another place with --data DIR."
        ) from error


def _make_secrets(file: Path) -> None:
    """Make the key at the first start; whoever loses it loses all sessions and signed links.

    The second one recognises who was erased, and never changes.
    """
    if file.exists():
        return
    draft = file.with_suffix(f".{os.getpid()}")
    with open(os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as out:
        out.write(f"SECRET_KEY={secrets.token_urlsafe(48)}\n")
        out.write(f"ERASURE_KEY={secrets.token_urlsafe(48)}\n")
    with suppress(FileExistsError):  # unlike a renaming, a link never replaces what another made
        os.link(draft, file)
    draft.unlink()


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    """Hold the state directory; wait while a killed start's remains are swept."""
    with (state / "run.lock").open("a+") as lock:
        deadline = time.monotonic() + LEFT_SECONDS
        while not lock_at_once(lock):
            lock.seek(0)
            holder = lock.read().strip()
            if _lives(holder) or time.monotonic() > deadline:
                raise LaunchError(
                    f"{state} is in use by another ./run (process {holder}). End that one, or "
                    "start a second beside it: ./run --data DIR --port N"
                )
            time.sleep(0.1)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _lives(number: str) -> bool:
    """Tell whether the process is there, and not only its exit code."""
    try:
        return psutil.Process(int(number)).status() != psutil.STATUS_ZOMBIE
    except (ValueError, psutil.NoSuchProcess):
        return False


def _refuse_busy_port(port: int) -> None:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except PermissionError as error:
            raise LaunchError(f"Port {port} is for root only; ./run --port 8000") from error
        except OSError as error:
            free = port + 1 if port < 65_535 else 8000
            raise LaunchError(f"Port {port} is in use; ./run --port {free}") from error


def _refuse_full_disk(place: Path) -> None:
    free = shutil.disk_usage(place).free
    if free < NEEDED_BYTES:
        raise LaunchError(
            f"The disk is full: {free // 1_000_000} MB are left for {place}. Free some space, or "
            "choose another place with --data DIR."
        )


# --- the database ---------------------------------------------------------------------------------


@contextmanager
def _database(state: Path) -> Iterator[Callable[[], bool] | None]:
    """Hold the embedded server; yield what keeps it running. None: DATABASE_URL names another."""
    if os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_URL_FILE"):
        yield None
        return
    server = EmbeddedPostgres(state)
    _say("Starting the database.")
    try:
        server.start()
        server.create_database("cxportal")
        os.environ["DATABASE_URL"] = default_url(state)
        yield server.start
    finally:
        server.stop()


def _manage(*commands: Sequence[str]) -> int:
    """Run commands of manage.py, in one process: most of their time is the start of Django."""
    _say("Bringing the database up to date.")
    return subprocess.run(
        [sys.executable, "-c", MANAGE, json.dumps(commands)],
        check=False,
        preexec_fn=lambda: die_with_parent(signal.SIGTERM),
    ).returncode


# --- the programs ---------------------------------------------------------------------------------


def _programs(state: Path, port: int) -> list[Program]:
    """Return what runs. No access log: the addresses hold signed links."""
    gunicorn = [
        sys.executable,
        "-m",
        "gunicorn",
        "cxportal.wsgi",
        "--preload",
        "--no-control-socket",
    ]
    threads = ["--workers=2", "--worker-class=gthread", "--threads=4", "--graceful-timeout=10"]
    celery = [sys.executable, "-m", "celery", "-A", "cxportal"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--concurrency=2"]
    return [
        Program("web", [*gunicorn, *threads, f"--bind={LOOPBACK}:{port}"]),
        Program("worker", [*celery, "worker", "--loglevel=INFO", *quiet]),
        Program(
            "beat", [*celery, "beat", "--loglevel=INFO", "--schedule", state / "beat-schedule"]
        ),
    ]


def _watch(port: int, state: Path, keep_database: Callable[[], bool] | None) -> Callable[[], None]:
    """Return what the supervisor does each second: say when the web answers, keep the database."""
    began = time.monotonic()
    waiting = True

    def every_second() -> None:
        nonlocal waiting
        if keep_database is not None and keep_database():
            _say("The database had ended; it runs again.")
        if waiting and _healthy(port):
            waiting = False
            _say(f"\nReady: {os.environ['SITE_URL']}  (Ctrl-C ends all; logs: {state / 'logs'})")
        elif waiting and time.monotonic() - began > SLOW_SECONDS:
            waiting = False
            _say(f"The web does not answer yet; its log is {state / 'logs' / 'web.log'}")

    return every_second


def _healthy(port: int) -> bool:
    with closing(http.client.HTTPConnection(LOOPBACK, port, timeout=2)) as connection:
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False


def _say(line: str) -> None:
    with suppress(OSError):  # a closed terminal must not keep us from ending well
        print(line, flush=True)


def _leave(*_: object) -> NoReturn:
    sys.exit(128 + signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
