"""Options of `python -m emulator microsoft`, and its run."""

import argparse
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from emulator.common import cli
from emulator.common.server import listen, make, serve_until_stopped

from . import tls
from .app import create_app
from .demo import seed_demo
from .lively import Lively
from .persistence import DataFile
from .settings import Settings
from .world import DEFAULT_CLIENT, World

PORT = 54340


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    cli.add_arguments(parser, PORT, DEFAULT_CLIENT)
    parser.add_argument(
        "--public-authority",
        metavar="URL",
        help="https address that the discovery document names, e.g. https://login.local",
    )
    parser.add_argument(
        "--browser-url", metavar="URL", help="address of the consent page, if another one"
    )
    parser.add_argument(
        "--tls-port", type=int, metavar="PORT", help="serve with TLS on loopback too; 0 picks one"
    )


def run(args: argparse.Namespace) -> int:
    """Serve until stopped; 1 with a named error if it cannot start."""
    return cli.status_of("microsoft", partial(_serve, args))


def _serve(args: argparse.Namespace) -> None:
    with ExitStack() as running:
        listener = running.enter_context(listen(args.host, args.port))
        world = running.enter_context(_world(args))
        app = create_app(world)
        if args.seed == "demo":
            seed_demo(world)
        if args.tls_port is not None:
            world.tls = running.enter_context(tls.serving(app, args.tls_port))
        running.enter_context(cli.edited(args, partial(Lively, world)))
        serve_until_stopped(make(app, args.host, listener), args.host)


@contextmanager
def _world(args: argparse.Namespace) -> Iterator[World]:
    """A world, loaded from the data file if there is one, and saved into it at the end."""
    base = Settings(public_authority=args.public_authority, browser_url=args.browser_url)
    world = World(base, (cli.client_of(args),))
    with cli.kept(args, partial(DataFile, world)):
        try:
            yield world
        finally:
            world.outbox.clear()
            world.sender.stop()
