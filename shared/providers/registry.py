"""Which providers are configured."""

from collections.abc import Mapping

from shared import states
from shared.config import Settings
from shared.providers import base
from shared.providers.caldav import Caldav
from shared.providers.google import Google
from shared.providers.microsoft import Microsoft


def providers(settings: Settings) -> Mapping[states.Provider, base.Provider]:
    """One adapter for each provider that the settings name; they are shared between threads."""
    configured: dict[states.Provider, base.Provider] = {states.Provider.CALDAV: Caldav()}
    if settings.google is not None:
        configured[states.Provider.GOOGLE] = Google(settings.google)
    if settings.microsoft is not None:
        configured[states.Provider.MICROSOFT] = Microsoft(settings.microsoft)
    return configured
