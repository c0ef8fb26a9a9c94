"""A short error tree, named by what the caller does next. The docstring is the default message."""

from collections.abc import Mapping, Sequence

from shared.states import Failure


class CalSyncError(Exception):
    """Something went wrong."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip())


class ConfigurationError(CalSyncError):
    """A setting is missing or malformed."""


class LeaseLost(CalSyncError):
    """Another worker holds this calendar now; nothing was written."""


class Refused(CalSyncError):
    """The database refused a call; the message says why and what to do."""


class AccountTaken(Refused):
    """Another person has connected this account; they must disconnect it first."""


class AccountBusy(Refused):
    """This account is being disconnected; try again in a minute."""


class InvalidRequest(CalSyncError):
    """The request is malformed; nothing was written."""

    def __init__(
        self, message: str | None = None, *, errors: Sequence[Mapping[str, str]] = ()
    ) -> None:
        """`errors` tells each fault: where (`pointer` or `parameter`) and what (`detail`)."""
        super().__init__(message)
        self.errors = tuple(errors)


class PartialConsent(InvalidRequest):
    """Access was granted only in part; connect the account again and leave every box ticked."""

    def __init__(self, message: str | None = None, *, missing: Sequence[str] = ()) -> None:
        """`missing` names the scopes, without the address that they all begin with."""
        super().__init__(message)
        self.missing = tuple(missing)


class NotFound(Refused):
    """There is no such thing among what the caller may see."""


class Busy(CalSyncError):
    """The same request is being served already; ask again in a moment."""


class KeyReused(CalSyncError):
    """The Idempotency-Key was used for another request; send a new one."""


class RateLimited(CalSyncError):
    """Too many requests; wait and ask again."""

    def __init__(self, message: str | None = None, *, retry_after: int = 60) -> None:
        """`retry_after` is in seconds."""
        super().__init__(message)
        self.retry_after = retry_after


class KeysUnavailable(CalSyncError):
    """The keys that sign tokens cannot be read now; ask again in a moment."""


class SignInUnavailable(CalSyncError):
    """Signing in does not work at the moment; try again in a minute."""


class Forbidden(CalSyncError):
    """The caller may not do this; nothing was written."""


class ProviderError(CalSyncError):
    """A provider call failed."""

    failure: Failure = Failure.RETRY

    def __init__(
        self, message: str | None = None, *, code: str = "", retry_after: float | None = None
    ) -> None:
        """`code` is the provider's own reason; `retry_after` is in seconds, None if not told."""
        super().__init__(message)
        self.code = code
        self.retry_after = retry_after


class Retry(ProviderError):
    """The provider is in trouble for a moment; try again later."""

    failure = Failure.RETRY


class Stale(Retry):
    """The event was changed there since it was last read; nothing was written."""


class Vanished(Retry):
    """The event is not there any more; nothing was written."""


class QuotaExceeded(Retry):
    """The provider asks for patience; this says nothing about the health of the calendar."""

    failure = Failure.QUOTA


class Reauthorize(ProviderError):
    """Access was lost; the person must reconnect the account."""

    failure = Failure.REAUTHORIZE


class ResyncFully(ProviderError):
    """The cursor died; everything must be read again."""

    failure = Failure.RESYNC


class GiveUp(ProviderError):
    """Retrying cannot help."""

    failure = Failure.GIVE_UP


class DatabaseUnavailable(CalSyncError):
    """The database cannot be reached; nothing was written."""


class Unauthorized(CalSyncError):
    """The caller did not say who they are, or not credibly; nothing was written."""
