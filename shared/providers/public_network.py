"""Servers that people name are asked from inside our network: they must be outside of it."""

import socket
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from shared.errors import InvalidRequest


def require_public(url: str) -> None:
    """Raises `InvalidRequest` unless every address of the URL's host is one of the public internet.

    Else anybody who may connect an account could have us knock at machines that only we can reach
    (OWASP, Server-Side Request Forgery Prevention). An operator who wants that sets
    CALDAV_NETWORKS=any.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 443
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, ValueError):
        raise InvalidRequest(f"There is no server called {host}.") from None
    if not all(_is_public(str(address[0])) for *_, address in found):
        raise InvalidRequest(f"{host} is not on the public internet: it is not asked from here.")


def _is_public(address: str) -> bool:
    read = ip_address(address.partition("%")[0])
    inner = read.ipv4_mapped if isinstance(read, IPv6Address) else None
    return (inner or read).is_global
