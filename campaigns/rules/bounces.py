"""What a mail server's refusal says of an address: that there is no such mailbox, or something else."""

from __future__ import annotations

import re
import smtplib

# RFC 3463, section 2: class, subject and detail; 5.1.x is about the address, 5.2.1 a mailbox that takes nothing.
_ENHANCED = re.compile(rb"\b5\.(\d{1,3})\.(\d{1,3})\b")
# RFC 5321, section 4.2.3: no such mailbox here, user not local, name of a mailbox not allowed.
_NO_MAILBOX = frozenset({550, 551, 553})


def refusals(error: Exception) -> list[tuple[int, bytes]]:
    """What a server said to each recipient that it refused; empty where it refused something else."""
    if not isinstance(error, smtplib.SMTPRecipientsRefused):
        return []
    return [
        (code, said if isinstance(said, bytes) else str(said).encode())
        for code, said in error.recipients.values()
    ]


def is_no_mailbox(code: int, said: bytes) -> bool:
    """Tell whether a refusal means that nobody is reached at this address, now or later.

    A server that says more than the bare code is believed: 550 is given for spam and greylists, too.

    >>> is_no_mailbox(550, b"no such user"), is_no_mailbox(550, b"5.7.1 blocked for spam")
    (True, False)
    >>> is_no_mailbox(450, b"mailbox busy"), is_no_mailbox(552, b"5.2.2 over quota")
    (False, False)
    >>> is_no_mailbox(554, b"5.1.1 unknown user"), is_no_mailbox(554, b"5.2.1 mailbox disabled")
    (True, True)
    """
    if not 500 <= code < 600:
        return False
    told = _ENHANCED.search(said)
    if told is None:
        return code in _NO_MAILBOX
    subject, detail = int(told[1]), int(told[2])
    return subject == 1 or (subject, detail) == (2, 1)
