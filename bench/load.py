"""`python -m bench.load`: a load generator in a process of its own, on plain sockets.

Reads a `Load` as JSON from stdin, writes a `Report` as JSON to stdout. Each connection is kept
alive and has one request under way. What the generator itself costs is in `cpu_seconds`.
"""

import json
import resource
import selectors
import socket
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field

DRAIN_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Load:
    """`requests` are sent in turn; `{number}` in them becomes a number that never repeats."""

    port: int
    requests: tuple[str, ...]
    connections: int
    seconds: float
    first_number: int = 1


@dataclass(frozen=True, slots=True)
class Report:
    """Answers by status; latencies in seconds; `cpu_seconds` is what the generator itself used."""

    statuses: dict[int, int]
    seconds: float
    cpu_seconds: float
    next_number: int
    latencies: list[float] = field(repr=False)

    @property
    def answers(self) -> int:
        """All answers."""
        return sum(self.statuses.values())

    @property
    def per_second(self) -> float:
        """Answers 2xx a second."""
        return sum(n for status, n in self.statuses.items() if status // 100 == 2) / self.seconds

    @property
    def cpu_share(self) -> float:
        """How much of one core the generator used."""
        return self.cpu_seconds / self.seconds


def run_apart(load: Load) -> Report:
    """Runs the load in another process."""
    command = [sys.executable, "-m", "bench.load"]
    done = subprocess.run(
        command, input=json.dumps(asdict(load)), capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    found["statuses"] = {int(status): count for status, count in found["statuses"].items()}
    return Report(**found)


class _Connection:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.sent_at = 0.0

    def send(self, request: bytes) -> None:
        self.received = b""
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def status(self) -> int | None:
        """Reads on; the status once the answer is complete."""
        arrived = self.socket.recv(65536)
        if not arrived:
            raise ConnectionError("the server closed a connection")
        self.received += arrived
        head, found, body = self.received.partition(b"\r\n\r\n")
        if not found or len(body) < _content_length(head):
            return None
        return int(head[9:12])


def _content_length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"content-length:")
    return int(rest.split(b"\r\n", 1)[0]) if found else 0


class _Generator:
    def __init__(self, load: Load) -> None:
        self._load = load
        self._number = load.first_number
        self.statuses: Counter[int] = Counter()
        self.latencies: list[float] = []
        self._under_way = 0

    def run(self) -> Report:
        load, selector = self._load, selectors.DefaultSelector()
        connections = [_Connection(load.port) for _ in range(load.connections)]
        started = time.perf_counter()
        until = started + load.seconds
        for connection in connections:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            self._send(connection)
        while self._under_way and time.perf_counter() < until + DRAIN_SECONDS:
            for key, _ in selector.select(timeout=1.0):
                self._read(key.data, until)
        seconds = time.perf_counter() - started
        for connection in connections:
            connection.socket.close()
        used = resource.getrusage(resource.RUSAGE_SELF)
        cpu = used.ru_utime + used.ru_stime
        return Report(dict(self.statuses), seconds, cpu, self._number, self.latencies)

    def _send(self, connection: _Connection) -> None:
        request = self._load.requests[self._number % len(self._load.requests)]
        connection.send(request.replace("{number}", str(self._number)).encode("ascii"))
        self._number += 1
        self._under_way += 1

    def _read(self, connection: _Connection, until: float) -> None:
        status = connection.status()
        if status is None:
            return
        now = time.perf_counter()
        self.statuses[status] += 1
        self.latencies.append(now - connection.sent_at)
        self._under_way -= 1
        if now < until:
            self._send(connection)


if __name__ == "__main__":
    json.dump(asdict(_Generator(Load(**json.load(sys.stdin))).run()), sys.stdout)
