"""Takes the wrapping of mail filters and redirectors off a URL."""

import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from string import ascii_lowercase, ascii_uppercase, digits
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

DEEPEST = 5  # a forwarded mail passes several filters, each wraps again

# Redirectors that carry the address in a query parameter: host, path, parameter.
_TABLE = (
    (r"(?:[a-z0-9-]+\.)*safelinks\.protection\.(?:outlook|office365)\.[a-z]+", r"/.*", "url"),
    (r"statics\.teams\.cdn\.(?:office\.net|live\.net)", r"/evergreen-assets/safelinks/.*", "url"),
    (r"(?:www\.)?google\.[a-z.]{2,6}", r"/url", "q"),
    (r"(?:www\.)?google\.[a-z.]{2,6}", r"/url", "url"),
    (r"meet\.google\.com", r"/linkredirect", "dest"),
    (r"slack-redir\.net", r"/link", "url"),
    (r"linkprotect\.cudasvc\.com", r"/url", "a"),
    (r"urldefense\.proofpoint\.com", r"/v1/url", "u"),
)  # fmt: skip
_REDIRECTORS = tuple((re.compile(host), re.compile(path), name) for host, path, name in _TABLE)
_ANY_REDIRECTOR = re.compile("|".join(f"(?:{host})" for host, _, _ in _TABLE))

_PROOFPOINT = re.compile(r"urldefense(?:\.proofpoint)?\.(?:com|us)")
_V3 = re.compile(r"https?://[^/]+/v3/__(.+?)__;([A-Za-z0-9_-]*)!.*", re.IGNORECASE)
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
        candidates = [*_proofpoint(host, url, parts), *_redirected(host, parts)]
    except ValueError:  # brackets that are no IPv6 address, base64 that is none
        return None
    http = (inner for inner in candidates if inner.lower().startswith(("http://", "https://")))
    return next(http, None)


def _redirected(host: str, parts: SplitResult) -> Iterator[str]:
    if not _ANY_REDIRECTOR.fullmatch(host):
        return
    parameters = parse_qs(parts.query)
    for known_host, known_path, name in _REDIRECTORS:
        if known_host.fullmatch(host) and known_path.fullmatch(parts.path):
            yield from parameters.get(name, [])


def _proofpoint(host: str, url: str, parts: SplitResult) -> Iterator[str]:
    """Versions 2 and 3. Source: help.proofpoint.com, URL Defense decoder."""
    if not _PROOFPOINT.fullmatch(host):
        return
    if parts.path == "/v2/url":
        for encoded in parse_qs(parts.query).get("u", []):
            yield unquote(encoded.translate(_V2_ESCAPES))
    wrapped = _V3.fullmatch(url)
    if wrapped is not None:
        yield _version_3(wrapped[1], wrapped[2])


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
