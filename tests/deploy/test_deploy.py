"""The deployment's files fit the project: what can be held together without a container."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
DEPLOY = ROOT / "deploy"


def environment(**extra: str) -> dict[str, str]:
    """What compose gives to a container: the example file, and secrets by file."""
    lines = (DEPLOY / "env.example").read_text().splitlines()
    example = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    kept = {name: os.environ[name] for name in ("PATH", "DATABASE_URL")}
    return kept | example | extra


@pytest.fixture
def secret(tmp_path) -> Path:
    path = tmp_path / "secret_key"
    path.write_text("k" * 25 + "0123456789abcdefghijklmnopqrstuvwxyz")
    return path


def manage(*arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    return subprocess.run(
        command, env=environment(**extra), capture_output=True, text=True, timeout=120
    )


def test_the_example_environment_passes_the_deployment_checks(secret, tmp_path):
    done = manage(
        "check", "--deploy", "--fail-level", "WARNING",
        SECRET_KEY_FILE=str(secret), CXPORTAL_STATE=str(tmp_path),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_a_missing_secret_stops_the_start(tmp_path):
    done = manage("check", CXPORTAL_STATE=str(tmp_path))
    assert done.returncode != 0
    assert "SECRET_KEY" in done.stderr


def test_the_image_is_built_from_the_same_requirements_and_does_not_run_as_root():
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    assert "COPY requirements.txt ." in lines
    assert "RUN pip install -r requirements.txt" in lines
    users = [line for line in lines if line.startswith("USER ")]
    assert users == ["USER cxportal"]
    assert lines.index("USER cxportal") < next(
        n for n, line in enumerate(lines) if line.startswith("CMD")
    )


def test_compose_has_the_five_services_and_every_secret_that_it_names():
    compose = (DEPLOY / "compose.yaml").read_text()
    services = re.search(r"^services:\n(.*?)^volumes:", compose, re.S | re.M)
    assert services
    named = re.findall(r"^  (\w+):$", services[1], re.M)
    assert {"web", "worker", "beat", "database", "broker"} <= set(named)
    made = (DEPLOY / "make-secrets").read_text()
    for path in re.findall(r"file: (secrets/[\w.]+)", compose):
        assert f"> {path}" in made


def test_secrets_are_made_once_and_kept(tmp_path):
    script = tmp_path / "make-secrets"
    script.write_text((DEPLOY / "make-secrets").read_text())
    script.chmod(0o755)
    subprocess.run([str(script)], check=True, capture_output=True)
    first = (tmp_path / "secrets" / "secret_key").read_text()
    assert len(first) >= 50
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    again = subprocess.run([str(script)], check=True, capture_output=True, text=True)
    assert "nothing was changed" in again.stdout
    assert (tmp_path / "secrets" / "secret_key").read_text() == first
