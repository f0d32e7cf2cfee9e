"""``./test``: the tests, the checks, and the tests on the services of a real installation.

Brings along what it can (a database of its own, and as root on Debian the missing packages); says
what it leaves out where it cannot.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import django
import psycopg
from django.template.loader import get_template
from psycopg import sql

from cxportal.lib.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresError
from cxportal.lib.file_locks import lock_at_once

PROJECT = Path(__file__).resolve().parents[1]
STATE = PROJECT / ".local" / "test"
TEMPLATES = PROJECT / "templates"
API_DOCUMENT = PROJECT / "docs" / "openapi.yaml"
POSTGRES_15 = Path("/usr/lib/postgresql/15/bin")
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_ON_MACOS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)


# What speaks to the database or the broker. The demo, the pages' looks and the embedded server's own tests say
# nothing new on another server; nor do those marked "anywhere", such as a statement asked with one value more.
ON_SERVICES = [
    f"tests/{folder}"
    for folder in "profiles loyalty feedback campaigns stories concurrency services deploy".split()
]


# Each process holds a database and, for a while, a browser.
MOST_PROCESSES = 4


class MissingError(Exception):
    """Something cannot be had on this machine; the message says what, and how to get it."""


def main(arguments: Sequence[str]) -> int:
    """Do what the command line asks; return the exit code."""
    os.chdir(PROJECT)
    STATE.mkdir(parents=True, exist_ok=True)
    os.environ.update(
        DJANGO_SETTINGS_MODULE="cxportal.settings",
        CXPORTAL_STATE=str(STATE),
        SECRET_KEY=secrets.token_urlsafe(48),
        PYTHONPATH=str(PROJECT),
    )
    try:
        if arguments and arguments[0] == "--checks":
            return _check()
        if arguments and arguments[0] == "--services":
            return _test_on_services(arguments[1:])
        return _test(arguments)
    except (MissingError, EmbeddedPostgresError) as error:
        print(f"./test: {error}", file=sys.stderr)
        return 1


# --- tests ----------------------------------------------------------------------------------------


def _test(arguments: Sequence[str]) -> int:
    """Run the tests on an embedded database of their own."""
    left_out = ["services"]
    if not _has_chromium():
        left_out.append("browser")
    with _embedded_database():
        marks = " and ".join(f"not {mark}" for mark in left_out)
        return _pytest("-m", marks, *(arguments or _in_processes()))


def _test_on_services(arguments: Sequence[str]) -> int:
    """Run the tests on PostgreSQL 15, Redis and RabbitMQ, as a real installation has them."""
    with ExitStack() as stack:
        name = stack.enter_context(_free_name())
        with _timed("services"):
            for service in (_postgres_15(name), _redis(), _rabbitmq()):
                stack.enter_context(service)
        return _pytest(
            "-m", "not browser and not anywhere", *(arguments or [*_in_processes(), *ON_SERVICES])
        )


def _in_processes() -> list[str]:
    """The whole has work for several processes, each with a database of its own.

    A part of it is sooner done by one. Tests of a group share something, and stay in one process.
    """
    return ["-n", str(min(os.cpu_count() or 1, MOST_PROCESSES)), "--dist", "loadgroup"]


def _pytest(*arguments: str) -> int:
    with _timed("tests"):
        return subprocess.run(
            [sys.executable, "-P", "-m", "pytest", *arguments], check=False
        ).returncode


@contextmanager
def _embedded_database() -> Iterator[None]:
    """Hold a server and, of its databases, one that no other run is using."""
    server = EmbeddedPostgres(STATE)
    with _timed("embedded database"):
        server.start()
    try:
        _forget_power_cuts(server.url("postgres"))
        with _free_name() as name:
            os.environ["DATABASE_URL"] = server.url(name)
            server.create_database(name)
            yield
    finally:
        server.stop()


def _forget_power_cuts(address: str) -> None:
    """Wait for no disk: nothing that tests write is kept (PostgreSQL manual, "Non-Durable Settings")."""
    with psycopg.connect(address, autocommit=True) as server:
        for setting in ("fsync", "full_page_writes"):
            server.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
        server.execute("SELECT pg_reload_conf()")


@contextmanager
def _free_name() -> Iterator[str]:
    """Hold the first name that no other ``./test`` holds: two runs may stand side by side."""
    for number in range(1, 100):
        with (STATE / f"run-{number}.lock").open("w") as lock:
            if lock_at_once(lock):
                yield f"run_{number}"
                return


def _has_chromium() -> bool:
    """Find the browser or install it, and say where it is; else say what is left out."""
    found = _find_chromium()
    if found is None and _can_install():
        _install("chromium")
        found = _find_chromium()
    if found is None:
        print(
            "No Chromium here, so the tests marked 'browser' are left out. Debian, Ubuntu: "
            "sudo apt install chromium - macOS: brew install --cask chromium"
        )
        return False
    os.environ["CHROMIUM"] = found
    return True


def _find_chromium() -> str | None:
    chosen = os.environ.get("CHROMIUM")
    places = [chosen, *map(shutil.which, CHROMIUM_NAMES), *CHROMIUM_ON_MACOS]
    return next((place for place in places if place and Path(place).exists()), None)


# --- services -------------------------------------------------------------------------------------


@contextmanager
def _postgres_15(name: str) -> Iterator[None]:
    """Use the server on loopback where it lets us in, else one of our own from its programs."""
    try:
        os.environ["DATABASE_URL"] = _database_on_loopback(name)
    except psycopg.OperationalError as error:
        print(f"PostgreSQL 15 on 127.0.0.1:5432 is not for us ({error}): starting our own.")
    else:
        yield
        return
    if not POSTGRES_15.exists():
        _need("postgresql-15")
    server = EmbeddedPostgres(STATE / "postgres-15", POSTGRES_15)
    server.start()
    try:
        os.environ["DATABASE_URL"] = server.url(name)
        server.create_database(name)
        yield
    finally:
        server.stop()


def _database_on_loopback(name: str) -> str:
    """Make role and database, as an administrator of a real server would: no superuser."""
    role, database = sql.Identifier("cxportal_test"), sql.Identifier(f"cxportal_{name}")
    address = "postgresql://postgres@127.0.0.1:5432/postgres"
    with psycopg.connect(address, autocommit=True, connect_timeout=5) as server:
        if server.info.server_version // 10_000 != 15:
            raise psycopg.OperationalError("another version")
        with suppress(psycopg.errors.DuplicateObject):
            server.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(role))
        server.execute(sql.SQL("ALTER ROLE {} SET synchronous_commit = off").format(role))
        with suppress(psycopg.errors.DuplicateDatabase):
            server.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, role))
    address = f"postgresql://cxportal_test@127.0.0.1:5432/cxportal_{name}"
    psycopg.connect(address, connect_timeout=5).close()
    return address


@contextmanager
def _redis() -> Iterator[None]:
    os.environ["TEST_REDIS_URL"] = "redis://127.0.0.1:6379/9"
    command = ["redis-server", "--bind", "127.0.0.1", "--save", "", "--dir", str(STATE)]
    with _listening(6379, "redis-server", command):
        yield


@contextmanager
def _rabbitmq() -> Iterator[None]:
    os.environ["TEST_RABBITMQ_URL"] = "amqp://guest:guest@127.0.0.1:5672//"
    os.environ["RABBITMQ_NODE_IP_ADDRESS"] = "127.0.0.1"
    with _listening(5672, "rabbitmq-server", ["rabbitmq-server"]):
        yield


@contextmanager
def _listening(port: int, package: str, command: Sequence[str]) -> Iterator[None]:
    """Use what listens on the port, else run the command for as long as it is needed."""
    if _open(port):
        yield
        return
    if shutil.which(command[0]) is None:
        _need(package)
    with (STATE / f"{package}.log").open("wb") as log:
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 90
        while not _open(port):
            if server.poll() is not None or time.monotonic() > deadline:
                raise MissingError(f"{package} does not start; its log is {log.name}")
            time.sleep(0.2)
        yield
    finally:
        server.terminate()
        server.wait(60)


def _open(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _can_install() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def _need(package: str) -> None:
    if not _can_install() or not _install(package):
        raise MissingError(f"{package} is missing. Debian, Ubuntu: sudo apt install {package}")


def _install(package: str) -> bool:
    """Install a package of Debian; tell whether it worked."""
    with _timed(f"installing {package}"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        commands = (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", package])
        return all(
            subprocess.run(
                ["apt-get", *command],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                check=False,
            ).returncode
            == 0
            for command in commands
        )


# --- checks ---------------------------------------------------------------------------------------


def _check() -> int:
    """Run every check, also after one has failed; say at the end which did."""
    # What `check --deploy` judges is an installation behind TLS.
    os.environ.update(SITE_URL="https://cx.example.com", ALLOWED_HOSTS="cx.example.com")
    with _embedded_database():
        passed = {name: _passes(name, check) for name, check in _checks().items()}
    failed = [name for name, fine in passed.items() if not fine]
    print(f"Failed: {', '.join(failed)}." if failed else "All checks pass.")
    return bool(failed)


def _checks() -> dict[str, Sequence[str] | Callable[[], str]]:
    """Return the checks: commands, or functions that return what is wrong."""
    module = [sys.executable, "-P", "-m"]
    manage = [sys.executable, "manage.py"]
    templates = sorted(str(path) for path in TEMPLATES.rglob("*.html"))
    return {
        "format": [*module, "ruff", "format", "--check", "."],
        "lint": [*module, "ruff", "check", "."],
        "types": [*module, "mypy"],
        "import contracts": [str(Path(sys.executable).with_name("lint-imports"))],
        "migrations": [*manage, "makemigrations", "--check", "--dry-run"],
        "deployment": [*manage, "check", "--deploy", "--fail-level=WARNING"],
        "template format": [*module, "djhtml", "--check", *templates],
        "template syntax": _compile_templates,
        "description of the API": _describe_api,
    }


def _passes(name: str, check: Sequence[str] | Callable[[], str]) -> bool:
    """Run a check; print what it says only when it fails."""
    with _timed(name):
        if callable(check):
            said = check()
            fine = not said
        else:
            done = subprocess.run(
                check, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
            )
            said, fine = done.stdout, done.returncode == 0
        if not fine:
            print(f"--- {name} ---\n{said}")
    return fine


def _compile_templates() -> str:
    """Compile every template; return what is wrong, one line for each."""
    django.setup()
    wrong = []
    for path in sorted(TEMPLATES.rglob("*.*")):
        if path.suffix in (".html", ".txt"):
            name = str(path.relative_to(TEMPLATES))
            try:
                get_template(name)
            except Exception as error:  # whatever it is, it is what we look for
                wrong.append(f"{name}: {error}")
    return "\n".join(wrong)


def _describe_api() -> str:
    """Compare docs/openapi.yaml with what the operations say of themselves."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "openapi.yaml"
        command = f"spectacular --validate --fail-on-warn --file {made}"
        describe = [sys.executable, "manage.py", *command.split()]
        done = subprocess.run(describe, capture_output=True, text=True, check=False)
        if done.returncode:
            return done.stderr
        if made.read_text() == API_DOCUMENT.read_text():
            return ""
    return "docs/openapi.yaml is not up to date: manage.py " + command.replace(
        str(made), "docs/openapi.yaml"
    )


@contextmanager
def _timed(name: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    print(f"[{time.monotonic() - began:6.1f} s] {name}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
