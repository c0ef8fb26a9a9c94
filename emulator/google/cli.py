"""Options of `python -m emulator google`, and its run."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from emulator.common import cli
from emulator.common.server import listen, make, serve_until_stopped

from .app import create_app
from .ics_import import import_folder
from .lively import Lively
from .people import seed_demo
from .persistence import DataFile
from .world import DEFAULT_CLIENT, World

PORT = 54330
ICS_PERSON = "archive@calsync.test"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    cli.add_arguments(parser, PORT, DEFAULT_CLIENT)
    parser.add_argument(
        "--ics", type=Path, metavar="DIR", help="import every .ics file below, one calendar each"
    )
    parser.add_argument("--ics-person", default=ICS_PERSON, metavar="EMAIL")


def run(args: argparse.Namespace) -> int:
    """Serve until stopped; 1 with a named error if it cannot start."""
    return cli.status_of("google", partial(_serve, args))


def _serve(args: argparse.Namespace) -> None:
    with listen(args.host, args.port) as listener, _world(args) as world:
        server = make(create_app(world), args.host, listener)
        _populate(world, args)
        with cli.edited(args, partial(Lively, world)):
            serve_until_stopped(server, args.host)


@contextmanager
def _world(args: argparse.Namespace) -> Iterator[World]:
    """A world, loaded from the data file if there is one, and saved into it at the end."""
    world = World((cli.client_of(args),))
    with cli.kept(args, partial(DataFile, world)):
        try:
            yield world
        finally:
            world.sender.stop()


def _populate(world: World, args: argparse.Namespace) -> None:
    if args.seed == "demo":
        seed_demo(world)
    if args.ics is not None:
        import_folder(world, args.ics, args.ics_person)
