"""Bodies of requests as real clients send them: what headers say of them is not believed."""

from __future__ import annotations

import zlib

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.http.request import UnreadablePostError

# RudderStack's clients send up to 4 MB; their last event and the envelope come on top.
LARGEST = 4 * 1024**2 + 256 * 1024
_GZIP = b"\x1f\x8b"
_STEP = 64 * 1024


class Unacceptable(Exception):
    """A request that cannot be taken: with the status, code and message of its answer."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message


def read_text(request: HttpRequest) -> str:
    """Return the body as text, inflated where it is gzip.

    Raises:
        Unacceptable: it is too large, broken, or no UTF-8.
    """
    if request.headers.get("Transfer-Encoding") and not request.headers.get("Content-Length"):
        raise Unacceptable(411, "length_required", "Send the length of the body.")
    if int(request.headers.get("Content-Length") or 0) > LARGEST:
        raise _too_large()
    try:
        body = request.body
    except RequestDataTooBig as error:
        raise _too_large() from error
    except UnreadablePostError as error:
        raise Unacceptable(400, "body_broken", "The body ended early.") from error
    if body.startswith(_GZIP):
        body = inflated(body)
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unacceptable(400, "not_utf8", "Send the body in UTF-8.") from error


def inflated(body: bytes) -> bytes:
    """Inflate gzip, and stop where it grows too large.

    Raises:
        Unacceptable: it is too large, or broken.
    """
    parts: list[bytes] = []
    size = 0
    rest = body
    try:
        while rest:  # gzip may have several members, one after the other
            inflate = zlib.decompressobj(wbits=31)
            while rest and not inflate.eof:
                part = inflate.decompress(rest, _STEP)
                size += len(part)
                if size > LARGEST:
                    raise _too_large()
                parts.append(part)
                rest = inflate.unconsumed_tail
            if not inflate.eof:
                raise Unacceptable(400, "body_broken", "The compressed body ended early.")
            rest = inflate.unused_data.lstrip(b"\0")
    except zlib.error as error:
        raise Unacceptable(400, "body_broken", "The compressed body is broken.") from error
    return b"".join(parts)


def _too_large() -> Unacceptable:
    return Unacceptable(413, "too_large", "Send at most 4 MB at once, inflated.")
