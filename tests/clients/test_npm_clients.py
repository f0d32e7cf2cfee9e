"""The clients of npm for servers, unmodified, under Node.js."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.clients import npm
from tests.clients.arrivals import check_arrived
from tests.profiles.events import WRITE_KEY

pytestmark = [pytest.mark.npm, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("client", ["segment", "rudder", "rudder-plain"])
def test_the_server_clients_reach_us(server, client):
    done = subprocess.run(
        ["node", str(npm.HERE / "send.cjs"), client, server, WRITE_KEY],
        env=os.environ | {"NODE_PATH": str(npm.installed())},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    check_arrived("node-1")
