"""One emulator for all tests here, emptied before each; a webhook receiver; signed-in clients."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from tests.emulator_google.discovery import service
from tests.emulator_google.helpers import ANN, BEN
from tests.support.google_emulator import GoogleEmulator
from tests.support.webhook_receiver import WebhookReceiver

SignIn = Callable[[str], Any]


@pytest.fixture(scope="session")
def emulator() -> Iterator[GoogleEmulator]:
    with GoogleEmulator() as running:
        yield running


@pytest.fixture
def google(emulator: GoogleEmulator) -> GoogleEmulator:
    """An empty world with two people."""
    emulator.reset()
    emulator.add_person(ANN, "Ann", "Europe/Berlin")
    emulator.add_person(BEN, "Ben", "America/New_York")
    return emulator


@pytest.fixture
def sign_in(google: GoogleEmulator) -> Iterator[SignIn]:
    """Signed-in clients by e-mail address, closed at the end."""
    with ExitStack() as stack:
        yield lambda email: stack.enter_context(closing(service(google, email)))


@pytest.fixture
def ann(sign_in: SignIn) -> Any:
    return sign_in(ANN)


@pytest.fixture
def ben(sign_in: SignIn) -> Any:
    return sign_in(BEN)


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as listening:
        yield listening
