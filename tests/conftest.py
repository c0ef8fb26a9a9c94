"""Fixtures of every test: databases, each fresh, on one server for the whole session."""

import gc
import signal
import tempfile
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import structlog

from tests.support import postgres
from tests.support.caldav_servers import DavServer, Radicale
from tests.support.google_emulator import GoogleEmulator
from tests.support.lazy_rules import make_applications_quickly
from tests.support.lying_proxy import LyingProxy
from tests.support.microsoft_emulator import MicrosoftEmulator
from tests.support.planted import leaked
from tests.support.rig import Rig
from tests.support.tls import trust_little

_SESSION = pytest.StashKey[postgres.Session]()
_CLEANUP = pytest.StashKey[ExitStack]()


def pytest_configure(config: pytest.Config) -> None:
    """Opens the session in the controlling process; xdist workers are told where it is."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A background job of a shell ignores it, and so would every program that a test starts.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    worker: dict[str, Any] | None = getattr(config, "workerinput", None)
    cleanup = config.stash[_CLEANUP] = ExitStack()
    config.stash[_SESSION] = (
        cleanup.enter_context(postgres.session())
        if worker is None
        else postgres.Session(Path(worker["session_folder"]))
    )
    trust_little(config.stash[_SESSION].folder)
    make_applications_quickly()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["session_folder"] = str(node.config.stash[_SESSION].folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[_CLEANUP].close()


def pytest_collection_finish() -> None:
    """What was imported stays: the collector need not look through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    """Fails a test whose logs tell a planted secret; `Program` looks at those of processes."""
    report = yield
    told = "\n".join(text for _, text in report.sections) if report.when == "teardown" else ""
    if found := leaked(told):
        report.outcome = "failed"
        report.longrepr = f"the logs tell {', '.join(found)}"
    return report


@pytest.fixture(autouse=True)
def _hears_logs_again() -> Iterator[None]:
    """A command that a test ran in this process quieted its logs."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def postgres_server_url(pytestconfig: pytest.Config) -> str:
    """The maintenance database of the session's server, as superuser."""
    return postgres.server_url(pytestconfig.stash[_SESSION])


@pytest.fixture(scope="session")
def database_name(pytestconfig: pytest.Config) -> str:
    """A name for a database that fixtures of a wider scope than one test create themselves."""
    return postgres.unique_name(pytestconfig.stash[_SESSION])


@pytest.fixture(scope="session")
def _template(postgres_server_url: str, pytestconfig: pytest.Config) -> str:
    return postgres.ensure_template(postgres_server_url, pytestconfig.stash[_SESSION])


@pytest.fixture
def database_url(
    postgres_server_url: str, _template: str, pytestconfig: pytest.Config
) -> Iterator[str]:
    """A migrated database of this test's own."""
    name = postgres.unique_name(pytestconfig.stash[_SESSION])
    with postgres.database(postgres_server_url, name, _template) as url:
        yield url


@pytest.fixture
def empty_database_url(postgres_server_url: str, pytestconfig: pytest.Config) -> Iterator[str]:
    """A database of this test's own with nothing in it."""
    name = postgres.unique_name(pytestconfig.stash[_SESSION])
    with postgres.database(postgres_server_url, name) as url:
        yield url


@pytest.fixture(scope="session")
def google_process() -> Iterator[GoogleEmulator]:
    """The Google emulator, one process for the session."""
    with GoogleEmulator() as emulator:
        yield emulator


@pytest.fixture(scope="session")
def microsoft_process() -> Iterator[MicrosoftEmulator]:
    """The Microsoft emulator; whoever uses it empties it first."""
    with MicrosoftEmulator() as emulator:
        yield emulator


@pytest.fixture(scope="session")
def radicale_process() -> Iterator[tuple[DavServer, LyingProxy]]:
    """Radicale behind a proxy; whoever uses it leaves neither calendars nor lies."""
    with Radicale() as server, LyingProxy(server.url) as proxy:
        yield server, proxy


@pytest.fixture
def google(google_process: GoogleEmulator) -> GoogleEmulator:
    """The Google emulator with an empty world."""
    google_process.reset()
    return google_process


@pytest.fixture
def rig(database_url: str, google: GoogleEmulator) -> Iterator[Rig]:
    """An installation with Ann in it, not yet connected."""
    google.add_person("ann@example.test", "Ann")
    with Rig(database_url, google) as installation:
        yield installation


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Like `tmp_path`, whose parents every starting pytest closes again to all but its user.

    For embedded servers: run by root, they belong to an unprivileged user.
    """
    with tempfile.TemporaryDirectory(prefix="calsync-test-") as folder:
        yield Path(folder)
