"""An event on its way from the queue into the timeline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from profiles.rules.events import Event


@dataclass
class Row:
    """A claimed event: what it says, and whose it turned out to be (0: not known yet)."""

    id: int
    source_id: int
    source_code: str
    message_id: str
    payload: dict[str, Any]
    received_at: datetime
    event: Event
    profile_id: int = 0
    customer_id: int = 0
