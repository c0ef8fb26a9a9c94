"""Options of `python -m emulator caldav-people`, and its run."""

import argparse
import os
import sys
import threading
from datetime import UTC, datetime

import httpx

from emulator.common.server import say_ready, stopped_by_signals

from .collection import Collection
from .diary import furnishing
from .lively import Lively

PASSWORD = "CALDAV_DEMO_PASSWORD"
FOLDER, NAME = "home", "Home"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = f"The password is read from {PASSWORD}."
    parser.add_argument("--url", required=True, help="of the server, e.g. http://127.0.0.1:54341/")
    parser.add_argument("--user", default="ann@example.test", help="default: %(default)s")
    parser.add_argument("--lively", type=float, metavar="SECONDS", help="edit something that often")
    parser.add_argument("--lively-seed", type=int, default=0, metavar="NUMBER")


def run(args: argparse.Namespace) -> int:
    """Make and fill the calendar if it is not there, then edit it until stopped.

    1 with a named error if the server refuses that; a failing edit is let be.
    """
    stop = stopped_by_signals()
    password = os.environ.get(PASSWORD, "")
    with Collection(args.url, args.user, password, FOLDER) as collection:
        try:
            furnish(collection, datetime.now(UTC))
        except httpx.HTTPError as error:
            sys.stderr.write(f"emulator caldav-people: {type(error).__name__}: {error}\n")
            return 1
        say_ready(collection.url)
        _live(Lively(collection, args.lively_seed), args.lively, stop)
    return 0


def furnish(collection: Collection, now: datetime) -> bool:
    """Make and fill the calendar; False if it was there."""
    if not collection.make(NAME):
        return False
    for name, text in furnishing(now):
        collection.put(name, text)
    return True


def _live(people: Lively, pause_s: float | None, stop: threading.Event) -> None:
    while not stop.wait(pause_s):
        try:
            people.edit_once(datetime.now(UTC))
        except httpx.HTTPError as error:
            # The server may be starting again.
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
            sys.stderr.flush()
