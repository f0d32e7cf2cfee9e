"""What follows from one tap on the page of a message, in words for the customer."""

from __future__ import annotations

from campaigns.rules.codes import OutcomeKind

FOLLOWS = {
    OutcomeKind.HELPFUL: "You found it helpful. That counts when we decide the next time.",
    OutcomeKind.NOT_RELEVANT: "Not relevant: we do not write about {about} again.",
    OutcomeKind.NOT_NOW: "Not now: nothing about {about} until {until}.",
    OutcomeKind.LESS: "Less of this: nothing of this kind for three months.",
    OutcomeKind.PLENTY: "You still have plenty: we leave {about} alone for two weeks, and learn from it.",
    OutcomeKind.STOP: "Stopped: no more messages of this kind. It holds from now on, also for what was planned.",
    OutcomeKind.PERSON: "You asked for a person. Somebody reads this and gets back to you.",
}
