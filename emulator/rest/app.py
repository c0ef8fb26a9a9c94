"""The WSGI application: from a request to the part that answers it."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from psycopg import Error as DatabaseError
from psycopg_pool import ConnectionPool, PoolTimeout
from werkzeug.wrappers import Request, Response

from emulator.rest import auth, cors, errors, media, openapi, preferences, relations, routines
from emulator.rest.call import Answer, Call
from emulator.rest.errors import RestError
from emulator.rest.schema import EXPOSED, Relation, Routine, SchemaCache
from emulator.rest.session import Caller, Sessions

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PREFIX = "/rest/v1"
_WRITES = ("POST", "PATCH", "DELETE")
_ON_RELATION: dict[str, Callable[[Call, Relation], Answer]] = {
    "GET": relations.read,
    "HEAD": relations.read,
    "POST": relations.insert,
    "PATCH": relations.update,
    "DELETE": relations.delete,
}


class RestApplication:
    """PostgREST's interface to schema public, under /rest/v1."""

    def __init__(self, pool: ConnectionPool, keys: auth.Keys) -> None:
        self._schema = SchemaCache(pool)
        self._sessions = Sessions(pool)
        self._keys = keys

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        request = Request(environ)
        response = self._respond(request)
        response.headers.update(cors.headers(request))
        return response(environ, start_response)

    def _respond(self, request: Request) -> Response:
        if cors.is_preflight(request):
            return Response(status=200)
        try:
            answer = self._dispatch(request)
        except RestError as error:
            return _response(request, Answer(error.status, error.all_headers(), error.body()))
        except (DatabaseError, PoolTimeout) as error:
            refused = errors.from_database(error, authenticated=False)
            return _response(request, Answer(refused.status, refused.all_headers(), refused.body()))
        return _response(request, answer)

    def _dispatch(self, request: Request) -> Answer:
        """Authenticates before anything else is looked at."""
        identity = auth.identify(
            request.headers.get("apikey"), request.headers.get("Authorization"), self._keys
        )
        _check_profile(request)
        match _segments(request):
            case []:
                return self._describe(request, identity)
            case ["rpc", name]:
                return self._routine(request, identity, name)
            case [name]:
                return self._relation(request, identity, name)
            case _:
                message = "Invalid path specified in request URL"
                raise RestError(404, "PGRST125", message)

    def _describe(self, request: Request, identity: auth.Identity) -> Answer:
        if request.method not in ("GET", "HEAD"):
            raise _unsupported(request.method)
        return openapi.describe(self._call(request, identity, "/"))

    def _relation(self, request: Request, identity: auth.Identity, name: str) -> Answer:
        if request.method == "OPTIONS":
            return _allowed("OPTIONS,GET,HEAD,POST,PATCH,DELETE")
        handle = _ON_RELATION.get(request.method)
        if handle is None:
            raise _unsupported(request.method)
        call = self._call(request, identity, f"/{name}")
        found = self._schema.current().relations.get(name)
        if found is None:
            found = self._schema.reload().relations.get(name)
        if found is None:
            raise errors.no_table(name)
        return self._retried(call, handle, found)

    def _retried(
        self, call: Call, handle: Callable[[Call, Relation], Answer], relation: Relation
    ) -> Answer:
        """Answers; a column unknown to the cache may have been added since it was read."""
        try:
            return handle(call, relation)
        except RestError as error:
            if error.code != "PGRST204":
                raise
            newer = self._schema.reload().relations.get(relation.name, relation)
            return handle(call, newer)

    def _routine(self, request: Request, identity: auth.Identity, name: str) -> Answer:
        if request.method == "OPTIONS":
            return _allowed("OPTIONS,GET,HEAD,POST")
        if request.method not in ("GET", "HEAD", "POST"):
            message = f"Cannot use the {request.method} method on RPC"
            raise RestError(405, "PGRST101", message)
        call = self._call(request, identity, f"/rpc/{name}")
        overloads = self._schema.current().routines.get(name, ())
        try:
            return routines.invoke(call, name, overloads)
        except RestError as error:
            newer: tuple[Routine, ...] = overloads
            if error.code in ("PGRST202", "42883"):
                newer = self._schema.reload().routines.get(name, ())
            if newer == overloads:
                raise
            return routines.invoke(call, name, newer)

    def _call(self, request: Request, identity: auth.Identity, path: str) -> Call:
        headers = {name.lower(): text for name, text in request.headers if name != "Cookie"}
        cookies = dict(request.cookies)
        query = request.query_string.decode(errors="replace")
        return Call(
            caller=Caller(identity, request.method, path, headers, cookies),
            parameters=tuple(parse_qsl(query, keep_blank_values=True)),
            preferences=preferences.parse(request.headers.getlist("Prefer")),
            representation=media.negotiate(request.accept_mimetypes),
            range_header=request.headers.get("Range"),
            content_type=request.mimetype,
            body=request.get_data(),
            sessions=self._sessions,
        )


def _segments(request: Request) -> list[str]:
    path = request.path
    if path != PREFIX and not path.startswith(f"{PREFIX}/"):
        raise RestError(404, "PGRST125", "Invalid path specified in request URL")
    return [part for part in path.removeprefix(PREFIX).split("/") if part]


def _check_profile(request: Request) -> None:
    header = "Content-Profile" if request.method in _WRITES else "Accept-Profile"
    profile = request.headers.get(header, EXPOSED)
    if profile != EXPOSED:
        hint = f"Only the following schemas are exposed: {EXPOSED}"
        raise RestError(406, "PGRST106", f"Invalid schema: {profile}", None, hint)


def _unsupported(method: str) -> RestError:
    return RestError(405, "PGRST117", f"Unsupported HTTP method: {method}")


def _allowed(methods: str) -> Answer:
    return Answer(200, {"Allow": methods, "Access-Control-Allow-Origin": "*"})


def _response(request: Request, answer: Answer) -> Response:
    body = b"" if request.method == "HEAD" else answer.body
    response = Response(body, status=answer.status)
    del response.headers["Content-Type"]
    response.headers.update(answer.headers)
    return response
