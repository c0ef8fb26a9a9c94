"""What an attempt to get a person's consent consists of, whichever provider is asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Consent:
    """One attempt: open `url`; `state` names it; `scopes` are asked for.

    `secret` is what turns the answer into a grant (the PKCE verifier and kin), as JSON: it is to
    be sealed, and needed once.
    """

    url: str
    state: str
    scopes: tuple[str, ...]
    secret: Mapping[str, Any] = field(repr=False)
