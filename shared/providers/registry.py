"""Which providers are configured."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from threading import Lock

from shared.config import GoogleSettings, MicrosoftSettings, Settings
from shared.providers.base import Provider as Adapter
from shared.states import Provider

Makers = Mapping[Provider, Callable[[], Adapter]]


class Adapters(Mapping[Provider, Adapter]):
    """One adapter for each configured provider, shared between threads.

    Made, and its libraries imported, when it is first asked for: they take half of the start of a
    program, and most programs speak to no provider.
    """

    def __init__(self, makers: Makers) -> None:
        self._makers = makers
        self._made: dict[Provider, Adapter] = {}
        self._making = Lock()

    def __getitem__(self, provider: Provider) -> Adapter:
        make = self._makers[provider]
        with self._making:
            if provider not in self._made:
                self._made[provider] = make()
            return self._made[provider]

    def __contains__(self, provider: object) -> bool:
        return provider in self._makers

    def __iter__(self) -> Iterator[Provider]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


def providers(settings: Settings) -> Adapters:
    """The adapters of the providers that the settings name."""
    makers: dict[Provider, Callable[[], Adapter]] = {Provider.CALDAV: _caldav}
    if settings.google is not None:
        makers[Provider.GOOGLE] = partial(_google, settings.google)
    if settings.microsoft is not None:
        makers[Provider.MICROSOFT] = partial(_microsoft, settings.microsoft)
    return Adapters(makers)


def _caldav() -> Adapter:
    from shared.providers.caldav import Caldav  # noqa: PLC0415 - see `Adapters`

    return Caldav()


def _google(settings: GoogleSettings) -> Adapter:
    from shared.providers.google import Google  # noqa: PLC0415 - see `Adapters`

    return Google(settings)


def _microsoft(settings: MicrosoftSettings) -> Adapter:
    from shared.providers.microsoft import Microsoft  # noqa: PLC0415 - see `Adapters`

    return Microsoft(settings)
