"""Options that every emulated provider has, and what goes with them."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from .lively import Lively
from .persistence import DataFile, UnreadableData
from .server import PortTaken
from .tokens import Client


def add_arguments(parser: argparse.ArgumentParser, port: int, client: Client) -> None:
    """Declare the options."""
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=port, help="0 picks a free one")
    parser.add_argument("--data", type=Path, metavar="FILE", help="keep everything in this file")
    parser.add_argument("--seed", choices=["demo"], help="add a few people with calendars")
    parser.add_argument(
        "--lively", type=float, metavar="SECONDS", help="people edit something that often"
    )
    parser.add_argument("--lively-seed", type=int, default=0, metavar="NUMBER")
    parser.add_argument("--client-id", default=client.client_id)
    parser.add_argument("--client-secret", default=client.client_secret)
    parser.add_argument(
        "--redirect-uri", action="append", default=[], help="default: any loopback or https URI"
    )


def client_of(args: argparse.Namespace) -> Client:
    """The OAuth client that the options name."""
    return Client(args.client_id, args.client_secret, tuple(args.redirect_uri))


@contextmanager
def _kept(file: DataFile[Any, Any]) -> Iterator[None]:
    file.load()
    file.start()
    try:
        yield
    finally:
        file.close()


def kept(
    args: argparse.Namespace, file: Callable[[Path], DataFile[Any, Any]]
) -> AbstractContextManager[None]:
    """While the world is kept in the file of `--data`, if there is one."""
    return nullcontext() if args.data is None else _kept(file(args.data))


@contextmanager
def _edited(people: Lively[Any, Any, Any]) -> Iterator[None]:
    people.start()
    try:
        yield
    finally:
        people.stop()


def edited(
    args: argparse.Namespace, people: Callable[[float, int], Lively[Any, Any, Any]]
) -> AbstractContextManager[None]:
    """While people keep editing every `--lively` seconds, if so wished."""
    if args.lively is None:
        return nullcontext()
    return _edited(people(args.lively, args.lively_seed))


def status_of(name: str, serve: Callable[[], None]) -> int:
    """Serve until stopped; 1 with a named error on stderr if it cannot start."""
    try:
        serve()
    except (PortTaken, UnreadableData, NotADirectoryError) as error:
        sys.stderr.write(f"emulator {name}: {type(error).__name__}: {error}\n")
        return 1
    return 0
