"""The server is real in these tests; each fault was met in the field."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import psycopg
import pytest

from cxportal.lib.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresError, default_url


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a directory as unpleasant as a user's may be; its cluster is made once."""
    state = tmp_path_factory.mktemp("pg") / "Büro Wien (neu), $HOME" / ("lang" * 30)
    yield state
    for directory in (EmbeddedPostgres(state).home, EmbeddedPostgres(state).socket_dir):
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def server(state: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(state)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def programs() -> Iterator[Path]:
    """Return a directory for programs that the server's user reaches, unlike ``tmp_path``."""
    with TemporaryDirectory(dir="/tmp") as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


def write_program(file: Path, script: str) -> None:
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def query(server: EmbeddedPostgres, statement: str) -> object:
    with psycopg.connect(server.url("postgres")) as connection:
        row = connection.execute(statement).fetchone()  # type: ignore[arg-type]
    assert row is not None
    return row[0]


def postmaster_of(server: EmbeddedPostgres) -> int:
    return int((server.data / "postmaster.pid").read_text().split()[0])


def answers(server: EmbeddedPostgres) -> bool:
    try:
        psycopg.connect(server.url("postgres")).close()
    except psycopg.OperationalError:
        return False
    return True


def test_address_is_known_before_anything_exists(tmp_path: Path):
    address = default_url(tmp_path / "state")

    assert address.startswith("postgresql://cxportal@/cxportal?host=/")
    assert list(tmp_path.iterdir()) == []


def test_second_start_finds_the_server_running(server: EmbeddedPostgres):
    before = postmaster_of(server)
    second = EmbeddedPostgres(server.state_dir)

    assert server.start() is False
    assert second.start() is False
    assert postmaster_of(server) == before
    second.stop()


def test_database_is_created_once_and_kept(server: EmbeddedPostgres):
    server.create_database("shop")
    server.create_database("shop")

    assert query(server, "SELECT count(*) FROM pg_database WHERE datname = 'shop'") == 1


def test_commits_are_durable_and_umlauts_are_letters(server: EmbeddedPostgres):
    assert query(server, "SHOW fsync") == "on"
    assert query(server, "SELECT lower('ÜBER') || upper('ß')") == "überSS"
    with psycopg.connect(server.url("postgres")) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
        row = connection.execute("SELECT show_trgm('ü')").fetchone()
        connection.rollback()
    assert row is not None
    assert len(row[0]) == 2


def test_no_network_port_is_open(server: EmbeddedPostgres):
    assert psutil.Process(postmaster_of(server)).net_connections("inet") == []


def test_killed_server_comes_back_with_what_was_committed(server: EmbeddedPostgres):
    with psycopg.connect(server.url("postgres")) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 41 + 1 AS answer")
    os.kill(postmaster_of(server), signal.SIGKILL)

    assert server.start() is True
    assert query(server, "SELECT answer FROM kept") == 42


@pytest.mark.parametrize(
    "left",
    [
        pytest.param(f"{os.getpid()}\n/data\n", id="of another program"),
        pytest.param("", id="empty"),
        pytest.param("not a number\n", id="nonsense"),
    ],
)
def test_stale_lock_files_are_not_believed(server: EmbeddedPostgres, left: str):
    server.stop()
    for file in (server.data / "postmaster.pid", server.socket_dir / ".s.PGSQL.5432.lock"):
        file.write_text(left)

    assert server.start() is True


def test_server_stays_while_a_second_user_holds_it(server: EmbeddedPostgres):
    second = EmbeddedPostgres(server.state_dir)
    second.start()

    server.stop()
    assert answers(second)
    second.stop()
    assert not answers(second)


def test_nothing_stays_when_the_last_user_is_killed(state: Path):
    script = (
        "import sys, time; from pathlib import Path;"
        "from cxportal.lib.embedded_postgres import EmbeddedPostgres;"
        "EmbeddedPostgres(Path(sys.argv[1])).start() and print('up', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, state], stdout=subprocess.PIPE, text=True
    ) as user:
        assert user.stdout is not None
        assert user.stdout.readline() == "up\n"
        number = postmaster_of(EmbeddedPostgres(state))
        user.kill()

    deadline = time.monotonic() + 10
    while psutil.pid_exists(number) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not psutil.pid_exists(number)


def test_killed_guardian_takes_the_server_along_and_the_next_start_brings_both(
    server: EmbeddedPostgres,
):
    if sys.platform != "linux":
        pytest.skip("asks Linux for it")
    postmaster = psutil.Process(postmaster_of(server))
    guardian = postmaster.parent()
    assert guardian is not None
    guardian.kill()
    postmaster.wait(10)

    assert server.start() is True


def test_data_of_another_version_is_refused_and_left_alone(server: EmbeddedPostgres):
    server.stop()
    version = server.data / "PG_VERSION"
    real = version.read_text()
    version.write_text("14\n")
    try:
        with pytest.raises(EmbeddedPostgresError, match=r"made by PostgreSQL 14, .* version 18"):
            server.start()
    finally:
        version.write_text(real)
    assert server.start() is True


def test_missing_programs_are_named(tmp_path: Path):
    server = EmbeddedPostgres(tmp_path / "state", programs=tmp_path)
    try:
        with pytest.raises(EmbeddedPostgresError, match="initdb is missing"):
            server.start()
    finally:
        shutil.rmtree(server.home)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("FATAL: could not write: No space left on device", "The disk is full"),
        ("FATAL: something unheard of", "does not start: FATAL: something unheard of"),
    ],
)
def test_failure_at_start_is_told_in_words(tmp_path: Path, programs: Path, said: str, told: str):
    write_program(programs / "initdb", f"echo '{said}'; exit 1")
    write_program(programs / "postgres", "echo 'postgres (PostgreSQL) 18.6'")
    server = EmbeddedPostgres(tmp_path / "state", programs)
    try:
        with pytest.raises(EmbeddedPostgresError, match=told):
            server.start()
    finally:
        shutil.rmtree(server.home)
