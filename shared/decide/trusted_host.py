"""Which hosts may see a person's password beside the one that they named."""

import re
from urllib.parse import urlsplit

_ADDRESS = re.compile(r"[0-9.]+|.*:.*", re.ASCII)
# The second labels under which countries let anyone register: `co.uk`, `com.au`, `or.jp`.
_OPEN_TO_ALL = frozenset(
    {
        "ac", "asn", "co", "com", "edu", "go", "gob", "gouv", "gov", "gv", "id", "idv", "info",
        "ltd", "me", "mil", "name", "ne", "net", "nic", "nom", "or", "org", "plc", "sch", "web",
    }
)  # fmt: skip


def may_follow(asked: str, target: str) -> bool:
    """Whether credentials for the URL `asked` may be sent to the URL `target` it led to.

    To the same host, and to others of the same provider domain, as iCloud spreads accounts over
    `p34-caldav.icloud.com`. Never from https to http, never between addresses of numbers.
    """
    before, after = urlsplit(asked), urlsplit(target)
    if after.scheme not in ("https", before.scheme):
        return False
    here, there = (before.hostname or "").rstrip("."), (after.hostname or "").rstrip(".")
    if not here or not there:
        return False
    return here == there or _domain(here) == _domain(there) != ""


def _domain(host: str) -> str:
    """The part of a host name that one provider owns; empty where there is none."""
    labels = host.split(".")
    if _ADDRESS.fullmatch(host) or len(labels) < 2:
        return ""
    owned = 3 if len(labels[-1]) == 2 and labels[-2] in _OPEN_TO_ALL else 2
    return ".".join(labels[-owned:]) if len(labels) >= owned else ""
