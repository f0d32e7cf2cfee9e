"""What follows from one tap on the page of a message, in words for the customer."""

from __future__ import annotations

from collections.abc import Sequence

from campaigns.rules.codes import OutcomeKind

FOLLOWS = {
    OutcomeKind.HELPFUL: "You found it helpful. That counts when we decide the next time.",
    OutcomeKind.NOT_RELEVANT: "Not relevant: we do not write about {about} again.",
    OutcomeKind.NOT_NOW: "Not now: nothing about {about} until {until}.",
    OutcomeKind.LESS: "Less of this: nothing of this kind for three months.",
    OutcomeKind.PLENTY: "You still have plenty: we leave {about} alone for two weeks, and learn from it.",
    OutcomeKind.STOP: "Stopped: no more messages of this kind. It holds from now on, also for what was planned.",
    OutcomeKind.TOO_PERSONAL: "Too personal: we do not bring up anything of this kind again.",
    OutcomeKind.PERSON: "You asked for a person. Somebody reads this and gets back to you.",
}

# A stop is taken back by agreeing again, to words that are shown; somebody works on a request for a person;
# and what was bought was bought.
CAN_TAKE_BACK = frozenset(
    {
        OutcomeKind.HELPFUL,
        OutcomeKind.NOT_RELEVANT,
        OutcomeKind.NOT_NOW,
        OutcomeKind.LESS,
        OutcomeKind.PLENTY,
        OutcomeKind.SAID,
        OutcomeKind.TOO_PERSONAL,
    }
)

# Of these one stands: the last that was said, and "not relevant" before all, since it is for good.
_OF_ONE_THING = (
    OutcomeKind.HELPFUL,
    OutcomeKind.NOT_NOW,
    OutcomeKind.PLENTY,
    OutcomeKind.NOT_RELEVANT,
)


def standing(kinds: Sequence[OutcomeKind]) -> list[OutcomeKind]:
    """Return which answers to one message stand, from all in the order in which they were said.

    >>> [str(kind) for kind in standing([OutcomeKind.NOT_NOW, OutcomeKind.STOP, OutcomeKind.PLENTY])]
    ['stop', 'still_have_plenty']
    >>> [str(kind) for kind in standing([OutcomeKind.NOT_RELEVANT, OutcomeKind.NOT_NOW])]
    ['not_relevant']
    """
    of_one = [kind for kind in kinds if kind in _OF_ONE_THING]
    last = OutcomeKind.NOT_RELEVANT if OutcomeKind.NOT_RELEVANT in of_one else None
    stands = last or (of_one[-1] if of_one else None)
    return [kind for kind in kinds if kind not in _OF_ONE_THING or kind == stands]
