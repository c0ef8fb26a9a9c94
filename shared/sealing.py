"""Seals credentials before they reach the database (MultiFernet: the newest key seals)."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from shared.errors import ConfigurationError

NO_KEY = (
    "No key of TOKEN_ENCRYPTION_KEYS opens the stored credentials; "
    "add the key they were sealed with to the end of the list"
)


class Sealer:
    """Seals and opens credentials. `keys` are Fernet keys, newest first (TOKEN_ENCRYPTION_KEYS)."""

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise ConfigurationError(
                "TOKEN_ENCRYPTION_KEYS is missing: make one with `calsync doctor --new-key`"
            )
        try:
            fernets = [Fernet(key) for key in keys]
        except ValueError:
            raise ConfigurationError(
                "TOKEN_ENCRYPTION_KEYS must be url-safe base64 keys of 32 bytes, comma-separated"
            ) from None
        self._newest, self._fernet = fernets[0], MultiFernet(fernets)

    def seal(self, credentials: Mapping[str, Any]) -> str:
        """Gives the sealed text of a JSON object."""
        return self._fernet.encrypt(json.dumps(dict(credentials)).encode()).decode()

    def open(self, sealed: str) -> dict[str, Any]:
        """Gives the JSON object back. Raises `ConfigurationError` when no key fits."""
        try:
            opened: dict[str, Any] = json.loads(self._fernet.decrypt(sealed.encode()))
        except InvalidToken:
            raise ConfigurationError(NO_KEY) from None
        return opened

    def resealed(self, sealed: str) -> str | None:
        """Gives the same sealed with the newest key, None where it is already.

        Raises `ConfigurationError` when no key fits.
        """
        try:
            self._newest.decrypt(sealed.encode())
        except InvalidToken:
            try:
                return self._fernet.rotate(sealed.encode()).decode()
            except InvalidToken:
                raise ConfigurationError(NO_KEY) from None
        return None
