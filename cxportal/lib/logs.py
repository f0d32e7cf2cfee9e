"""Lines of the log: signed links are keys to what somebody was sent, and never stand in them."""

from __future__ import annotations

import logging
import re

from django.core.exceptions import PermissionDenied

# A signed token, as ``cxportal.lib.links`` makes it: what it is for, when, and the signature.
_SIGNED = re.compile(r"[\w.-]+(?::|%3[Aa])[\w-]{4,12}(?::|%3[Aa])[\w-]{16,}")
# What stands behind the addresses that take one, also where it is damaged; and the keys of other systems.
_BEHIND = re.compile(
    r"(?P<door>/(?:my|why|stop|buy|answer|join|confirm|export|erase|fresh/[\w-]+|v1/projects)/)"
    r"[^/\s\"'<>?#,)]+"
)
HIDDEN = "(link)"


def without_links(text: str) -> str:
    """Mask the tokens of signed links.

    >>> without_links("Gone: /why/ImE1Yg:1vLx2y:gXv0pQ2s9d8f7g6h5j4k/")
    'Gone: /why/(link)/'
    >>> without_links("Not Found: /my/half-a-tok")
    'Not Found: /my/(link)'
    >>> without_links("2026-03-10 06:05:00 INFO plan of 2026-03-10: 12 spoken")
    '2026-03-10 06:05:00 INFO plan of 2026-03-10: 12 spoken'
    """
    return _SIGNED.sub(HIDDEN, _BEHIND.sub(rf"\g<door>{HIDDEN}", text))


class LineFormatter(logging.Formatter):
    """Writes a record, its exception included, without the tokens of signed links.

    A refusal is an answer and no failure of ours: it is one line, without a traceback.
    """

    def format(self, record: logging.LogRecord) -> str:
        kind = record.exc_info[0] if record.exc_info else None
        if kind and issubclass(kind, PermissionDenied):
            record = logging.makeLogRecord(record.__dict__ | {"exc_info": None, "exc_text": None})
        return without_links(super().format(record))
