"""Signed links: opaque, hard to forge, and good for one purpose only.

Every purpose has a salt of its own, so that a token for stopping opens no page. A token carries a
random public id and nothing else; a link is no log-in, it may do what its purpose says.
Source: RFC 8058 section 3.1 (opaque, hard-to-forge component); OWASP ASVS 5.0, 11.5.1.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from django.conf import settings
from django.core import signing
from django.urls import reverse

from cxportal.lib.errors import DomainError


class LinkPurpose(StrEnum):
    MY_PAGE = "my-page"
    WHY = "why"
    STOP = "stop"
    BUY = "buy"
    SURVEY = "survey"
    CONFIRM = "confirm"
    EXPORT = "export"
    ERASE = "erase"


# Links for stopping never expire, and the reasons of a message should outlive it.
LIFETIME: dict[LinkPurpose, timedelta | None] = {
    LinkPurpose.MY_PAGE: timedelta(days=30),
    LinkPurpose.WHY: timedelta(days=400),
    LinkPurpose.STOP: None,
    LinkPurpose.BUY: None,
    LinkPurpose.SURVEY: timedelta(days=60),
    LinkPurpose.CONFIRM: timedelta(days=30),
    LinkPurpose.EXPORT: timedelta(days=7),
    LinkPurpose.ERASE: timedelta(days=1),
}


class LinkInvalid(DomainError):
    """The token was not made here, or not for this purpose."""

    code = "link_invalid"


class LinkGone(DomainError):
    """The token is ours and whole, but what it was for was erased."""

    code = "link_gone"


class LinkExpired(DomainError):
    """The token is ours but too old; ``data["subject"]`` still names what it was for."""

    code = "link_expired"


def token_for(purpose: LinkPurpose, subject: str) -> str:
    """Sign ``subject`` (a public id) for one purpose."""
    return signing.TimestampSigner(salt=f"link.{purpose}").sign_object(subject)


def subject_of(purpose: LinkPurpose, token: str) -> str:
    """Read a token back.

    Raises:
        LinkInvalid: forged, damaged, or for another purpose.
        LinkExpired: past its lifetime.
    """
    signer = signing.TimestampSigner(salt=f"link.{purpose}")
    try:
        return str(signer.unsign_object(token, max_age=LIFETIME[purpose]))
    except signing.SignatureExpired as error:
        subject = str(signer.unsign_object(token))
        raise LinkExpired("This link has expired.", data={"subject": subject}) from error
    except Exception as error:
        # Damaged tokens fail in many ways (base64, zlib, JSON): all of them are "not our link".
        raise LinkInvalid("This link is not complete. Open it again from the message.") from error


def absolute(view: str, *args: str) -> str:
    """Address of a page as it stands in a message."""
    return settings.SITE_URL + reverse(view, args=args)


def link(purpose: LinkPurpose, view: str, subject: str) -> str:
    """Absolute signed address of ``view`` for ``subject``."""
    return absolute(view, token_for(purpose, subject))
