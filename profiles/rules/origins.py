"""From which pages a shop's customers may agree to something."""

from __future__ import annotations

from urllib.parse import urlsplit


def normal_origin(text: str) -> str:
    """Write an origin as browsers send it, or return "" when it is none.

    Source: RFC 6454, section 6.2 (lower case, no path, no default port).

    >>> normal_origin(" HTTPS://Shop.Example.com:443/checkout "), normal_origin("shop.example.com")
    ('https://shop.example.com', '')
    """
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if parts.scheme not in _DEFAULT_PORT or not host or "*" in host or parts.username:
        return ""
    try:
        host = host.encode("idna").decode() if not host.isascii() else host
    except UnicodeError:
        return ""
    host = f"[{host}]" if ":" in host else host
    shown = f":{port}" if port and port != _DEFAULT_PORT[parts.scheme] else ""
    return f"{parts.scheme}://{host}{shown}"


_DEFAULT_PORT = {"https": 443, "http": 80}
