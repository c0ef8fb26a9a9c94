"""One emulator for all tests here, emptied before each; a webhook; signed-in people."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from tests.emulator_microsoft.helpers import ANN, BEN, ZONE, Graph
from tests.support.graph_receiver import GraphReceiver
from tests.support.microsoft_emulator import MicrosoftEmulator

SignIn = Callable[[str], Graph]


@pytest.fixture(scope="session")
def emulator() -> Iterator[MicrosoftEmulator]:
    with MicrosoftEmulator("--tls-port", "0") as running:
        yield running


@pytest.fixture
def microsoft(emulator: MicrosoftEmulator) -> MicrosoftEmulator:
    """A world with two people, each with an empty default calendar."""
    emulator.reset()
    emulator.add_person(ANN, "Ann Adler", ZONE)
    emulator.add_person(BEN, "Ben Brooks", "Pacific Standard Time")
    return emulator


@pytest.fixture
def sign_in(microsoft: MicrosoftEmulator) -> Iterator[SignIn]:
    """Signed-in people by e-mail address."""
    with ExitStack() as stack:
        yield lambda email: stack.enter_context(closing(Graph(microsoft, email)))


@pytest.fixture
def ann(sign_in: SignIn) -> Graph:
    return sign_in(ANN)


@pytest.fixture
def ben(sign_in: SignIn) -> Graph:
    return sign_in(BEN)


@pytest.fixture
def receiver() -> Iterator[GraphReceiver]:
    with GraphReceiver() as listening:
        yield listening
