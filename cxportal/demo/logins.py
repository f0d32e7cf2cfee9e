"""The demo's accounts: one for each role, with random passwords kept in a file."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from django.contrib.auth.models import User

from cxportal.pages.access import Role, create_staff

# Who they are in the demo: the counter greets its staff by name.
NAMES = {
    Role.ADMINISTRATOR: ("Ada", "Lindner"),
    Role.MANAGER: ("Marta", "Keller"),
    Role.SUPERVISOR: ("Sunil", "Prasad"),
    Role.ANALYST: ("Anouk", "Berg"),
    Role.COUNTER: ("Mira", "Toth"),
}


@dataclass(frozen=True, slots=True)
class Login:
    """``password`` is empty where nobody here knows it any more."""

    role: Role
    username: str
    password: str


def new_password() -> str:
    return secrets.token_urlsafe(12)


def ensure_logins(file: Path) -> list[Login]:
    """Create what is missing of file and accounts, and return the log-ins.

    The file is written first: whatever interrupts this, every account's password is known.
    """
    kept = kept_passwords(file)
    missing = [role for role in Role if not User.objects.filter(username=role.value).exists()]
    fresh = {role.value: new_password() for role in missing if role.value not in kept}
    if fresh:
        _write(file, kept | fresh)
    kept |= fresh
    for role in missing:
        first, last = NAMES[role]
        create_staff(role.value, role, kept[role.value], first_name=first, last_name=last)
    return [Login(role, role.value, kept.get(role.value, "")) for role in Role]


def kept_passwords(file: Path) -> dict[str, str]:
    """Read names and passwords back: one of each on a line."""
    if not file.exists():
        return {}
    words = [line.split() for line in file.read_text().splitlines() if not line.startswith("#")]
    return {pair[0]: pair[1] for pair in words if len(pair) == 2}


def _write(file: Path, passwords: dict[str, str]) -> None:
    """Replace the file, readable by its owner only from its first byte on."""
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as out:
        out.write("# Log-ins of the demo. Change a password: manage.py changepassword NAME\n")
        out.writelines(f"{name} {password}\n" for name, password in passwords.items())
    draft.rename(file)
