"""How much of a customer's attention may be asked for, from what became of what was sent: pure.

Of each message one thing is said once its week has passed, or as soon as it was answered:

- welcome: the customer called it helpful, followed its link, or bought within the week what it was about (where it
  was about no product: anything);
- unwelcome: not relevant, less of this, too personal, or stop;
- read: any other answer (not now, still have plenty, a person);
- ignored: nothing of these. Whether a mail was opened is not asked: pictures are fetched by the mailboxes' own
  servers (Apple's Mail Privacy Protection does it for every message), so that an open proves nothing, and who
  reads is not watched. Links are opened by scanners too, within seconds of arrival; see ``is_by_hand``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from campaigns.rules.codes import OutcomeKind

# After so many days of nothing a message counts as ignored, and for so many it is remembered at all.
NOTICE_DAYS = 7
MEMORY_DAYS = 180
# An allowance is never spread over more than so many weeks; who is not to be written to has none.
MOST_WEEKS = 4

WELCOME = frozenset({OutcomeKind.HELPFUL, OutcomeKind.BUY_AGAIN})
UNWELCOME = frozenset(
    {OutcomeKind.NOT_RELEVANT, OutcomeKind.LESS, OutcomeKind.TOO_PERSONAL, OutcomeKind.STOP}
)

# Gateways open the links of a message as it arrives, mostly within a minute, before anybody could have read it.
SCANNED_WITHIN = timedelta(minutes=1)


@dataclass(frozen=True)
class Received:
    """What became of the messages to one customer in the days that are remembered.

    ``judged``: how many are settled; ``ignored``: how many in a row since the customer last did something of
    their own; ``unwelcome`` counts answers at every door.
    """

    judged: int = 0
    welcome: int = 0
    unwelcome: int = 0
    ignored: int = 0


@dataclass(frozen=True)
class Patience:
    """After how many ignored messages in a row less is written, and after how many nothing."""

    fewer_after: int = 3
    silent_after: int = 6


def allowance_of(house: int, own: int | None) -> int:
    """Say how many messages there may be in a week; a customer's own limit can only be stricter.

    >>> allowance_of(2, None), allowance_of(2, 1), allowance_of(2, 5)
    (2, 1, 2)
    """
    return house if own is None else min(house, own)


@dataclass(frozen=True)
class Spread:
    """Over how many weeks the allowance of one week is spread: 1 as it is, 0 where nothing is written.

    ``ignored``: the messages in a row that it is for, 0 where it is for others that were unwelcome.
    """

    weeks: int = 1
    ignored: int = 0

    @property
    def is_quieter(self) -> bool:
        return self.weeks != 1


def spread(received: Received, patience: Patience) -> Spread:
    """Say how much less is written than might be.

    Each message ignored from ``fewer_after`` on, and each answer that one was unwelcome which no welcome one makes
    up for, adds a week; so it can only be stricter than the allowance.

    >>> [spread(Received(ignored=n), Patience()).weeks for n in range(8)]
    [1, 1, 1, 2, 3, 4, 0, 0]
    >>> spread(Received(unwelcome=2, welcome=1, ignored=2), Patience())
    Spread(weeks=2, ignored=0)
    """
    if received.ignored >= patience.silent_after:
        return Spread(0, received.ignored)
    late = max(0, received.ignored - patience.fewer_after + 1)
    unwelcome = max(0, received.unwelcome - received.welcome)
    return Spread(min(MOST_WEEKS, 1 + late + unwelcome), received.ignored if late else 0)


def is_by_hand(*, method: str, purpose: str, since_sent: timedelta) -> bool:
    """Tell whether a link was followed by somebody, and not by a scanner or a browser that fetches ahead.

    ``purpose`` is the header Sec-Purpose or Purpose ("prefetch"; Fetch standard, section 3.1.8).

    >>> is_by_hand(method="GET", purpose="", since_sent=timedelta(minutes=2))
    True
    >>> is_by_hand(method="GET", purpose="", since_sent=timedelta(seconds=5))
    False
    >>> is_by_hand(method="GET", purpose="prefetch;prerender", since_sent=timedelta(hours=2))
    False
    """
    return method == "GET" and "prefetch" not in purpose and since_sent > SCANNED_WITHIN


def in_words(spread: Spread, allowance: int, *, to_customer: bool) -> str:
    """Say that less is written than might be, and why; "" where nothing is held back.

    >>> in_words(Spread(2, 3), 2, to_customer=True)
    'We write less at the moment, at most 2 messages in 2 weeks: nothing came of our last 3 messages.'
    >>> in_words(Spread(0, 6), 2, to_customer=False)
    'We do not write to them at the moment: nothing came of the last 6 messages.'
    >>> in_words(Spread(2), 1, to_customer=False)
    'We write less to them at the moment, at most 1 message in 2 weeks: not all messages were welcome.'
    """
    if not spread.is_quieter or allowance == 0:
        return ""
    to_them, whose, ours = ("", "our", "our ") if to_customer else (" to them", "the", "")
    most = "1 message" if allowance == 1 else f"{allowance} messages"
    begin = f"We write less{to_them} at the moment, at most {most} in {spread.weeks} weeks"
    if spread.weeks == 0:
        begin = f"We do not write{to_them} at the moment"
    if spread.ignored:
        last = "message" if spread.ignored == 1 else f"{spread.ignored} messages"
        return f"{begin}: nothing came of {whose} last {last}."
    return f"{begin}: not all {ours}messages were welcome."
