"""Clients of npm, installed once into ``.local/clients``.

Where Node.js, npm or its registry are missing, the tests say what is left out.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

HERE = Path(__file__).parent
HOME = Path(settings.BASE_DIR) / ".local" / "clients"


def installed() -> Path:
    """Install the clients, and return the folder with them."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("no Node.js here: the clients of npm are left out")
    wanted = (HERE / "package.json").read_text(encoding="utf-8")
    stamp = HOME / "installed.json"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        HOME.mkdir(parents=True, exist_ok=True)
        (HOME / "package.json").write_text(wanted, encoding="utf-8")
        command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(command, cwd=HOME, capture_output=True, timeout=300, check=False)
        if done.returncode:
            pytest.skip("npm cannot install here: the clients of npm are left out")
        stamp.write_text(wanted, encoding="utf-8")
    return HOME / "node_modules"
