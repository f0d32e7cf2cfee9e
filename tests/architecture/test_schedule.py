"""Each entry of the schedule is a task that exists, and its ticks do not pile up."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from cxportal.celery import app


@pytest.fixture(scope="module")
def tasks():
    app.loader.import_default_modules()
    return set(app.tasks)


@pytest.mark.parametrize("name", sorted(app.conf.beat_schedule))
def test_the_entry_is_a_known_task(name, tasks):
    assert app.conf.beat_schedule[name]["task"] in tasks


@pytest.mark.parametrize("name", sorted(app.conf.beat_schedule))
def test_a_tick_expires_before_the_next(name):
    entry = app.conf.beat_schedule[name]
    assert 0 < entry["options"]["expires"] <= entry["schedule"]


def test_every_task_of_ours_carries_its_app_in_its_name(tasks):
    ours = {name for name in tasks if not name.startswith("celery.")}
    assert {name.split(".")[0] for name in ours} <= {"profiles", "loyalty", "feedback", "campaigns"}


def test_a_web_process_rings_at_our_own_broker():
    """Asked in a process of its own: here the app is imported above."""
    asked = (
        "from cxportal.wsgi import application; from profiles.tasks import run_imports;"
        " print(run_imports.app.main, run_imports.app.conf.broker_url)"
    )
    environment = os.environ | {"CELERY_BROKER_URL": "redis://127.0.0.1:1/5"}
    done = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.split() == ["cxportal", "redis://127.0.0.1:1/5"]
