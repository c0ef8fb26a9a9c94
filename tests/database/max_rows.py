"""The stand-in for PostgREST as Supabase sets it up: no answer has more than `max_rows` rows."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlencode

from psycopg_pool import ConnectionPool
from werkzeug.serving import make_server

from emulator.rest.app import RestApplication
from emulator.rest.auth import Keys
from tests.support.rest_emulator import DEFAULT_SECRET

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


@contextmanager
def serving(database_url: str, max_rows: int) -> Iterator[str]:
    """Serves a database and yields the URL; keys are those of `RestEmulator.key`."""
    with ConnectionPool(database_url, min_size=1, kwargs={"prepare_threshold": None}) as pool:
        application = _capped(RestApplication(pool, Keys(DEFAULT_SECRET)), max_rows)
        server = make_server("127.0.0.1", 0, application, threaded=True)
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def _capped(application: Application, max_rows: int) -> Application:
    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        parameters = dict(parse_qsl(environ["QUERY_STRING"], keep_blank_values=True))
        parameters["limit"] = str(min(int(parameters.get("limit", max_rows)), max_rows))
        return application({**environ, "QUERY_STRING": urlencode(parameters)}, start_response)

    return serve
