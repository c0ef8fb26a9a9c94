"""Takes the wrapping of mail filters and redirectors off a URL."""

import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from string import ascii_lowercase, ascii_uppercase, digits
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

DEEPEST = 5  # a forwarded mail passes several filters, each wraps again

# Redirectors that carry the address in a query parameter: host, path, parameter.
_REDIRECTORS = (
    (re.compile(r"(?:[a-z0-9-]+\.)*safelinks\.protection\.(?:outlook|office365)\.(?:com|us|cn)"),
     re.compile(r"/.*"), "url"),
    (re.compile(r"statics\.teams\.cdn\.(?:office\.net|live\.net|microsoft\.com)"),
     re.compile(r"/evergreen-assets/safelinks/.*"), "url"),
    (re.compile(r"(?:www\.)?google\.[a-z.]{2,6}"), re.compile(r"/url"), "q"),
    (re.compile(r"(?:www\.)?google\.[a-z.]{2,6}"), re.compile(r"/url"), "url"),
    (re.compile(r"slack-redir\.net"), re.compile(r"/link"), "url"),
    (re.compile(r"linkprotect\.cudasvc\.com"), re.compile(r"/url"), "a"),
    (re.compile(r"urldefense\.proofpoint\.com"), re.compile(r"/v1/url"), "u"),
)  # fmt: skip

_PROOFPOINT = re.compile(r"urldefense(?:\.proofpoint)?\.(?:com|us)")
_V3 = re.compile(r"/v3/__(.+?)__;([A-Za-z0-9_-]*)!")
_V3_TOKEN = re.compile(r"\*(?:\*(.))?")
_V3_ONE_SLASH = re.compile(r"([a-z0-9+.-]+:/)([^/].*)", re.IGNORECASE | re.DOTALL)
_V3_RUNS = {
    letter: length
    for length, letter in enumerate(ascii_uppercase + ascii_lowercase + digits + "-_", start=2)
}
_V2_ESCAPES = str.maketrans("-_", "%/")


def unwrap_url(url: str) -> str:
    """The address inside Outlook safelinks, Proofpoint (v1, v2, v3) and common redirectors.

    Anything else, and a wrapping that cannot be read, comes back as it is.
    """
    for _ in range(DEEPEST):
        inner = _inner(url)
        if not inner:
            return url
        url = inner
    return url


def _inner(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if _PROOFPOINT.fullmatch(host):
            return _proofpoint(url, parts)
    except ValueError:  # brackets that are no IPv6 address, base64 that is none
        return None
    return _redirected(host, parts)


def _redirected(host: str, parts: SplitResult) -> str | None:
    for known_host, known_path, parameter in _REDIRECTORS:
        if known_host.fullmatch(host) and known_path.fullmatch(parts.path):
            inner = _parameter(parts, parameter)
            if inner:
                return inner
    return None


def _parameter(parts: SplitResult, name: str) -> str | None:
    inner = parse_qs(parts.query).get(name, [""])[0]
    return inner if inner.lower().startswith(("http://", "https://")) else None


def _proofpoint(url: str, parts: SplitResult) -> str | None:
    """Source: help.proofpoint.com, URL Defense decoder."""
    if parts.path == "/v1/url":
        return _parameter(parts, "u")
    if parts.path == "/v2/url":
        encoded = parse_qs(parts.query).get("u", [""])[0]
        return unquote(encoded.translate(_V2_ESCAPES))
    match = _V3.search(url)
    return _version_3(match[1], match[2]) if match else None


def _version_3(address: str, encoded: str) -> str:
    """`*` stands for the next replaced character, `**` and a letter for a run of them."""
    replaced = iter(urlsafe_b64decode(encoded + "==").decode())
    one_slash = _V3_ONE_SLASH.fullmatch(address)
    whole = f"{one_slash[1]}/{one_slash[2]}" if one_slash else address
    return _V3_TOKEN.sub(_filler(replaced), unquote(whole))


def _filler(replaced: Iterator[str]) -> Callable[[re.Match[str]], str]:
    def fill(token: re.Match[str]) -> str:
        length = 1 if token[1] is None else _V3_RUNS.get(token[1], 0)
        return "".join(character for _, character in zip(range(length), replaced, strict=False))

    return fill
