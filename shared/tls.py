"""Whom we trust in TLS."""

import ssl
from functools import cache

import httpx


@cache
def authorities() -> ssl.SSLContext:
    """The certificate authorities of httpx. Read once: that takes as long as ten requests."""
    return httpx.create_ssl_context()
