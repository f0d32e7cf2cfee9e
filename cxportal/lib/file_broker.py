"""The embedded broker: a folder of messages, none of which is ever seen half written.

Kombu's own transport opens a file under its final name, then writes into it. A worker that looks at that moment
takes an empty message, and stops for it with all that it is working on. Here a message is written beside, and
gets its name when it is whole.
"""

from __future__ import annotations

import logging
from pathlib import Path
from queue import Empty
from time import monotonic
from typing import Any
from uuid import uuid4

from kombu.exceptions import ChannelError
from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps

logger = logging.getLogger(__name__)


class Channel(filesystem.Channel):
    """A channel of whole messages."""

    # Its two parents call the message by different names; it comes by position.
    def _put(  # type: ignore[override]
        self, queue: str, payload: dict[str, Any], **kwargs: Any
    ) -> None:
        folder = Path(self.data_folder_out)
        name = f"{round(monotonic() * 1000)}_{uuid4()}.{queue}.msg"
        # What begins with a dot belongs to no queue.
        unfinished = folder / f".{name}"
        try:
            unfinished.write_text(dumps(payload), encoding="utf-8")
            unfinished.replace(folder / name)
        except OSError as error:
            raise ChannelError(f"Cannot add a message to {folder}") from error

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        """Take the next message; one that cannot be read is a bell that did not ring."""
        try:
            return super()._get(queue)
        except ValueError as error:
            logger.warning("a message of %s could not be read and is left out", queue)
            raise Empty from error


class Transport(filesystem.Transport):
    """What ``filesystem://`` means here."""

    Channel = Channel


def use() -> None:
    """Let every ``filesystem://`` of this process be this one."""
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:Transport"
