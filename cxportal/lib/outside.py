"""Fetches a file from another system, and from nowhere that the address should not lead to.

A member of staff writes the address, our server goes there: so it must not lead into our own network. Every
name is resolved here, every address that it has is judged, and the connection is made to the very address that
was judged (a second look-up could answer differently); the same for each redirect. See OWASP, "Server-Side
Request Forgery Prevention Cheat Sheet".
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

import urllib3
from django.conf import settings
from urllib3.exceptions import HTTPError, IncompleteRead, SSLError
from urllib3.response import BaseHTTPResponse

from cxportal.lib.errors import DomainError

_REDIRECTS_AT_MOST = 5
_TIMEOUT = urllib3.Timeout(connect=10, read=30)
#: A server that sends drop by drop is given up after so long.
LONGEST_SECONDS = 30 * 60
_PIECE = 64 * 1024
_PORTS = {"https": 443, "http": 80}
# Azure's own service answers at an address that looks like anybody's.
_SERVICES = {ipaddress.ip_address("168.63.129.16")}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class OutsideError(DomainError):
    """The file could not be fetched; the message says why and what to do, and holds no part of the address."""

    code = "outside"


class AddressRefused(OutsideError):
    """We do not go there."""

    code = "address_refused"


class NoAnswer(OutsideError):
    code = "no_answer"


class AnswerRefused(OutsideError):
    """It answered, and not with a file."""

    code = "answer_refused"


class FileTooLarge(OutsideError):
    code = "file_too_large"


@dataclass(frozen=True)
class Known:
    """What the server said of the file that was fetched last; with it an unchanged one is not sent again."""

    etag: str = ""
    modified: str = ""

    def headers(self) -> dict[str, str]:
        """As a conditional request (RFC 9110, section 13)."""
        both = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: value for name, value in both.items() if value}


@dataclass(frozen=True)
class Fetched:
    """What was written into the file."""

    size: int
    sha256: str
    known: Known


def checked_address(address: str) -> SplitResult:
    """Take an address apart, and refuse what is no https address of a file.

    Raises:
        AddressRefused
    """
    if any(letter <= " " or letter == "\x7f" for letter in address):
        raise AddressRefused("An address holds no spaces.")
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
        host.encode("idna")
    except ValueError as error:
        raise AddressRefused("This is no address of a file: https://host/path.") from error
    if parts.scheme not in _PORTS or not host or port == 0:
        raise AddressRefused("This is no address of a file: https://host/path.")
    if parts.username is not None or parts.password is not None:
        raise AddressRefused(
            "Leave name and password out of the address: whoever sees it would see them. They belong into the"
            " setting IMPORT_PASSWORDS."
        )
    if parts.scheme == "http" and not _is_own(parts):
        raise AddressRefused(
            "The address must begin with https://, or anybody on the way could read the file. A host of your own"
            " network can be allowed by the setting IMPORT_OWN_HOSTS."
        )
    return parts


def shown(address: str) -> str:
    """Write an address for people: what stands behind the question mark may be a key.

    >>> shown("https://crm.example.com/export.csv?key=abc")
    'https://crm.example.com/export.csv?…'
    """
    path, mark, _ = address.partition("?")
    return path.partition("#")[0] + (f"{mark}…" if mark else "")


def file_name(address: str) -> str:
    """Name the file that an address leads to, or its host.

    >>> file_name("https://crm.example.com/a/New%20customers.csv?key=abc")
    'New customers.csv'
    """
    parts = urlsplit(address)
    return unquote(parts.path).rstrip("/").rpartition("/")[2] or (parts.hostname or "")


def has_password(address: str) -> bool:
    """Tell whether the environment holds a log-in for the host of an address."""
    return bool(_log_in(urlsplit(address)))


def fetch(
    address: str,
    *,
    into: IO[bytes],
    most_bytes: int,
    known: Known | None = None,
    keep: Callable[[], object] = lambda: None,
) -> Fetched | None:
    """Write what an address leads to into a file; None where it is as ``known``.

    ``keep`` is called between pieces. Takes ``LONGEST_SECONDS`` at most, and up to half a minute more for a
    server that falls silent. Proxies of the environment are not used: what they reach we could not judge.

    Raises:
        OutsideError: one of its children.
    """
    until = time.monotonic() + LONGEST_SECONDS
    conditions = (known or Known()).headers()
    for _ in range(_REDIRECTS_AT_MOST + 1):
        keep()
        parts = checked_address(address)
        with _Answer(parts, conditions) as answer:
            if target := answer.redirect():
                address = urljoin(address, target)
                continue
            if answer.status == 304 and conditions:
                return None
            answer.check(most_bytes)
            return _written(answer, into, most_bytes, until, keep)
    raise AnswerRefused("The address leads on and on to others. Write down the one where it ends.")


def _written(
    answer: _Answer, into: IO[bytes], most_bytes: int, until: float, keep: Callable[[], object]
) -> Fetched:
    digest, size = hashlib.sha256(), 0
    while piece := answer.piece():
        size += len(piece)
        if size > most_bytes:
            raise _too_large(most_bytes)
        if time.monotonic() > until:
            raise NoAnswer("The server sends too slowly. Ask whoever runs it.")
        digest.update(piece)
        into.write(piece)
        keep()
    into.flush()
    return Fetched(size, digest.hexdigest(), answer.known())


def _too_large(most_bytes: int) -> FileTooLarge:
    return FileTooLarge(
        f"The file is larger than {most_bytes // 1024**2} MB. Have it written in parts, by day or month."
    )


class _Answer:
    """One request to one address that was judged, and its answer."""

    def __init__(self, parts: SplitResult, conditions: Mapping[str, str]) -> None:
        self._parts = parts
        headers = {
            "Host": _host(parts) + (f":{parts.port}" if parts.port else ""),
            "Accept-Encoding": "identity",
            "User-Agent": "cxportal",
            **conditions,
            **_log_in(parts),
        }
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            self._pool = _pool(parts, _judged(parts))
            self._answer: BaseHTTPResponse = self._pool.urlopen(
                "GET",
                target,
                headers=headers,
                redirect=False,
                retries=False,
                preload_content=False,
                decode_content=False,
            )
        except SSLError as error:
            raise NoAnswer(
                "The certificate of the server cannot be trusted. Have it renewed, or its authority made known"
                " to this machine."
            ) from error
        except (HTTPError, OSError, ValueError) as error:
            raise NoAnswer(
                "The server does not answer. Check the address, and ask whoever runs it."
            ) from error
        self.status = self._answer.status

    def __enter__(self) -> _Answer:
        return self

    def __exit__(self, *_: object) -> None:
        self._answer.close()
        self._pool.close()

    def redirect(self) -> str:
        return (
            self._answer.headers.get("Location", "")
            if self.status in {301, 302, 303, 307, 308}
            else ""
        )

    def known(self) -> Known:
        said = self._answer.headers
        etag, modified = said.get("ETag", ""), said.get("Last-Modified", "")
        return Known(etag if len(etag) <= 500 else "", modified if len(modified) <= 100 else "")

    def check(self, most_bytes: int) -> None:
        """Refuse what is no file, by what the server says of it."""
        if self.status != 200:
            raise AnswerRefused(_status_in_words(self.status))
        if self._answer.headers.get("Content-Type", "").lower().startswith("text/html"):
            raise AnswerRefused(
                "The server sent a page in place of a file, probably for logging in. Check the address, and the"
                " log-in for its host in the setting IMPORT_PASSWORDS."
            )
        length = self._answer.headers.get("Content-Length", "")
        if length.isdecimal() and int(length) > most_bytes:
            raise _too_large(most_bytes)

    def piece(self) -> bytes:
        try:
            return self._answer.read1(_PIECE) or b""
        except IncompleteRead as error:
            raise NoAnswer("The file was cut off on its way. It is asked for again.") from error
        except (HTTPError, OSError) as error:
            raise NoAnswer("The server stopped in the middle. It is asked again.") from error


def _status_in_words(status: int) -> str:
    words = {
        401: "asks for a log-in. Set one for its host in the setting IMPORT_PASSWORDS",
        403: "refuses to hand the file out. Check the log-in for its host in the setting IMPORT_PASSWORDS",
        404: "has no file at this address. Check the address",
        410: "has no file at this address any more. Ask for the new one",
        429: "says that we ask too often. Look less often",
    }
    if status in words:
        return f"The server {words[status]} (status {status})."
    whose = "has a fault of its own" if status >= 500 else "does not hand the file out"
    return f"The server {whose} (status {status}). Ask whoever runs it."


# --- where we go, and with which log-in -------------------------------------------------------------


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".").encode("idna").decode()
    return f"[{host}]" if ":" in host else host


def _named(parts: SplitResult) -> tuple[str, str]:
    """A host as settings name it: with its port, and without."""
    return f"{_host(parts)}:{parts.port or _PORTS[parts.scheme]}", _host(parts)


def _is_own(parts: SplitResult) -> bool:
    return not {name.lower() for name in settings.IMPORT_OWN_HOSTS}.isdisjoint(_named(parts))


def _log_in(parts: SplitResult) -> dict[str, str]:
    """The header of the log-in that the environment holds for this host, and for no other."""
    held = {name.lower(): secret for name, secret in settings.IMPORT_PASSWORDS.items()}
    secret = next((held[name] for name in _named(parts) if name in held), "")
    if not secret:
        return {}
    if secret.startswith("Bearer "):
        return {"Authorization": secret}
    return {"Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"}


def _judged(parts: SplitResult) -> str:
    """Resolve a host and return the address to connect to.

    Raises:
        AddressRefused: any of its addresses leads into our own network, and the host is none of our own.
    """
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NoAnswer("There is no server of this name. Check the address.") from error
    addresses = [str(entry[4][0]) for entry in found]
    if not _is_own(parts) and not all(map(_is_public, addresses)):
        raise AddressRefused(
            "The address leads into an inner network, where we fetch nothing. A host of your own can be allowed by"
            " the setting IMPORT_OWN_HOSTS."
        )
    return addresses[0]


def _is_public(address: str) -> bool:
    """Tell whether an address is one of the open internet, also where another is wrapped in it."""
    one = ipaddress.ip_address(address.partition("%")[0])
    return all(
        each.is_global and not each.is_multicast and each not in _SERVICES
        for each in (one, *_wrapped(one))
    )


def _wrapped(address: IPAddress) -> list[IPAddress]:
    """The IPv4 addresses that an IPv6 address leads on to (RFC 4291, 3056, 4380, 6052)."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    found: list[IPAddress | None] = [
        address.ipv4_mapped,
        address.sixtofour,
        *(address.teredo or ()),
    ]
    if address in _NAT64:
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return [each for each in found if each is not None]


def _pool(parts: SplitResult, address: str) -> urllib3.HTTPConnectionPool:
    """A connection to the address that was judged, which must prove to be the host that was meant."""
    port = parts.port or _PORTS[parts.scheme]
    if parts.scheme == "http":
        return urllib3.HTTPConnectionPool(address, port, timeout=_TIMEOUT)
    host = _host(parts).strip("[]")
    return urllib3.HTTPSConnectionPool(
        address,
        port,
        timeout=_TIMEOUT,
        ssl_context=ssl.create_default_context(),
        server_hostname=host,
        assert_hostname=host,
    )
