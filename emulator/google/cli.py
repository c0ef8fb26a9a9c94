"""Options of `python -m emulator google`, and its run."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from .app import create_app
from .ics_import import import_folder
from .lively import Lively
from .people import seed_demo
from .persistence import DataFile, UnreadableData
from .server import PortTaken, listen, make, serve_until_stopped
from .tokens import Client
from .world import DEFAULT_CLIENT, World

ICS_PERSON = "archive@calsync.test"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=54330, help="0 picks a free one")
    parser.add_argument("--data", type=Path, metavar="FILE", help="keep everything in this file")
    parser.add_argument("--seed", choices=["demo"], help="add a few people with calendars")
    parser.add_argument(
        "--lively", type=float, metavar="SECONDS", help="people edit something that often"
    )
    parser.add_argument("--lively-seed", type=int, default=0, metavar="NUMBER")
    parser.add_argument(
        "--ics", type=Path, metavar="DIR", help="import every .ics file below, one calendar each"
    )
    parser.add_argument("--ics-person", default=ICS_PERSON, metavar="EMAIL")
    parser.add_argument("--client-id", default=DEFAULT_CLIENT.client_id)
    parser.add_argument("--client-secret", default=DEFAULT_CLIENT.client_secret)
    parser.add_argument(
        "--redirect-uri", action="append", default=[], help="default: any loopback or https URI"
    )


def run(args: argparse.Namespace) -> int:
    """Serve until stopped; 1 with a named error if it cannot start."""
    try:
        listener = listen(args.host, args.port)
        with _world(args) as world:
            server = make(create_app(world), args.host, listener)
            _populate(world, args)
            with _lively(world, args):
                serve_until_stopped(server, args.host)
    except (PortTaken, UnreadableData, NotADirectoryError) as error:
        sys.stderr.write(f"emulator google: {type(error).__name__}: {error}\n")
        return 1
    return 0


@contextmanager
def _world(args: argparse.Namespace) -> Iterator[World]:
    """A world, loaded from the data file if there is one, and saved into it at the end."""
    client = Client(args.client_id, args.client_secret, tuple(args.redirect_uri))
    with ExitStack() as cleanup:
        world = World(clients=(client,))
        if args.data is not None:
            data = DataFile(world, args.data)
            data.load()
            data.start()
            cleanup.callback(data.close)
        cleanup.callback(world.sender.stop)
        yield world


def _populate(world: World, args: argparse.Namespace) -> None:
    if args.seed == "demo":
        seed_demo(world)
    if args.ics is not None:
        import_folder(world, args.ics, args.ics_person)


@contextmanager
def _lively(world: World, args: argparse.Namespace) -> Iterator[None]:
    if args.lively is None:
        yield
        return
    people = Lively(world, args.lively, args.lively_seed)
    people.start()
    try:
        yield
    finally:
        people.stop()
