"""Which providers are configured."""

from collections.abc import Mapping

from shared import states
from shared.config import Settings
from shared.providers import base
from shared.providers.google import Google


def providers(settings: Settings) -> Mapping[states.Provider, base.Provider]:
    """One adapter for each provider that the settings name; they are shared between threads."""
    configured: dict[states.Provider, base.Provider] = {}
    if settings.google is not None:
        configured[states.Provider.GOOGLE] = Google(settings.google)
    return configured
