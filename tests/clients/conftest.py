"""A live server that a shop has a key of."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.profiles.events import write_key


@pytest.fixture
def server(live_server, transactional_db) -> str:
    """The address of the server."""
    write_key(datetime.now(UTC))
    return live_server.url
