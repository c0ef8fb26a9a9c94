"""The WSGI application: signing up and in, refreshing, signing out, and looking after people."""

import json
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from uuid import UUID

import jwt
from werkzeug.wrappers import Request, Response

from emulator.auth import present
from emulator.auth.errors import (
    VERSION,
    VERSION_HEADER,
    AuthError,
    GatewayError,
    bad_token,
    invalid_credentials,
    malformed,
    no_session,
    weak_password,
)
from emulator.auth.keys import Signer
from emulator.auth.store import Store
from emulator.rest import auth, cors
from emulator.rest.errors import RestError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PREFIX = "/auth/v1"
SHORTEST_PASSWORD = 6
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
Json = dict[str, Any]


class AuthApplication:
    """GoTrue's interface, as far as passwords go; mounted at `PREFIX`."""

    def __init__(self, store: Store, signer: Signer, keys: auth.Keys, seconds: int = 3600) -> None:
        self._store, self._signer, self._keys, self._seconds = store, signer, keys, seconds
        self._routes: dict[tuple[str, str], Callable[[Request], Json | None]] = {
            ("POST", "/signup"): self._sign_up,
            ("POST", "/token"): self._token,
            ("GET", "/user"): lambda request: present.user(self._caller(request)[0]),
            ("POST", "/logout"): self._sign_out,
            ("GET", "/admin/users"): self._list,
            ("POST", "/admin/users"): self._add,
            ("PUT", "/admin/users/*"): self._change,
            ("DELETE", "/admin/users/*"): self._remove,
        }

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
        path = request.path
        if (request.method, path) == ("GET", "/.well-known/jwks.json"):
            return _json(self._signer.published(), 200)
        try:
            self._require_key(request)
            answer = self._route(request, path)(request)
        except GatewayError as error:
            return _json(error.body(), 401)
        except AuthError as error:
            version = request.headers.get(VERSION_HEADER)
            response = _json(error.body(version), error.status)
            if version is not None and version >= VERSION:
                response.headers[VERSION_HEADER] = VERSION
            return response
        return Response(status=204) if answer is None else _json(answer, 200)

    def _route(self, request: Request, path: str) -> Callable[[Request], Json | None]:
        pattern = re.sub(r"^/admin/users/[^/]+$", "/admin/users/*", path)
        found = self._routes.get((request.method, pattern))
        if found is None:
            raise AuthError(404, "not_found", "404: Page not found")
        return found

    def _require_key(self, request: Request) -> None:
        """The gateway wants one of the project's two keys."""
        key = request.headers.get("apikey")
        if not key:
            hint = "No `apikey` request header or url param was found."
            raise GatewayError("No API key found in request", hint)
        try:
            auth.identify(key, None, self._keys)
        except RestError:
            hint = "Double check your Supabase `anon` or `service_role` API key."
            raise GatewayError("Invalid API key", hint) from None

    # -- people

    def _sign_up(self, request: Request) -> Json:
        sent = _body(request)
        email, password = _credentials(sent)
        return self._opened(request, self._store.add(email, password, sent.get("data") or {}))

    def _token(self, request: Request) -> Json:
        match request.args.get("grant_type"):
            case "password":
                return self._sign_in(request)
            case "refresh_token":
                return self._refresh(request)
            case _:
                raise malformed("unsupported_grant_type")

    def _sign_in(self, request: Request) -> Json:
        sent = _body(request)
        try:
            person = self._store.signed_in(str(sent.get("email")), str(sent.get("password")))
        except LookupError:
            raise invalid_credentials() from None
        return self._opened(request, person)

    def _refresh(self, request: Request) -> Json:
        words = "Invalid Refresh Token: "
        try:
            refreshed = self._store.refresh(str(_body(request).get("refresh_token")))
        except LookupError:
            message = f"{words}Refresh Token Not Found"
            raise AuthError(400, "refresh_token_not_found", message) from None
        if refreshed is None:
            raise AuthError(400, "refresh_token_already_used", f"{words}Already Used")
        session, token = refreshed
        return self._session(request, self._store.person(session["user_id"]), session["id"], token)

    def _sign_out(self, request: Request) -> None:
        person, session_id = self._caller(request)
        scope = request.args.get("scope", "global")
        self._store.close_sessions(person["id"], session_id, scope)

    def _opened(self, request: Request, person: Json) -> Json:
        session_id, token = self._store.open_session(person["id"])
        return self._session(request, person, session_id, token)

    def _session(self, request: Request, person: Json, session_id: UUID, token: str) -> Json:
        issuer = request.root_url.rstrip("/")
        said = present.claims(person, session_id, issuer, self._seconds)
        return present.session(self._signer.sign(said), token, self._seconds, person)

    def _caller(self, request: Request) -> tuple[Json, UUID]:
        """Who is signed in, and in which session."""
        token = _bearer(request)
        try:
            said = self._signer.claims(token)
            session_id = UUID(said["session_id"])
            person = self._store.person(UUID(said["sub"]))
        except (jwt.InvalidTokenError, KeyError, ValueError) as error:
            raise bad_token(str(error)) from None
        except LookupError:
            raise AuthError(
                403, "user_not_found", "User from sub claim in JWT does not exist"
            ) from None
        if not self._store.has_session(session_id):
            raise no_session()
        return person, session_id

    # -- the admin's side

    def _list(self, request: Request) -> Json:
        self._require_admin(request)
        return {"users": [present.user(each) for each in self._store.people()], "aud": "anon"}

    def _add(self, request: Request) -> Json:
        self._require_admin(request)
        sent = _body(request)
        email, password = _credentials(sent)
        return present.user(self._store.add(email, password, sent.get("user_metadata") or {}))

    def _change(self, request: Request) -> Json:
        person = self._named(request)
        self._store.change(person["id"], _password(_body(request)))
        return present.user(self._store.person(person["id"]))

    def _remove(self, request: Request) -> Json:
        self._store.remove(self._named(request)["id"])
        return {}

    def _named(self, request: Request) -> Json:
        self._require_admin(request)
        try:
            return self._store.person(UUID(request.path.rpartition("/")[2]))
        except (ValueError, LookupError):
            raise AuthError(404, "user_not_found", "User not found") from None

    def _require_admin(self, request: Request) -> None:
        try:
            role = auth.identify(None, request.headers.get("Authorization"), self._keys).role
        except RestError as error:
            raise bad_token(error.message) from None
        if role != "service_role":
            raise AuthError(403, "not_admin", "User not allowed")


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        message = "This endpoint requires a valid Bearer token"
        raise AuthError(401, "no_authorization", message)
    return token


def _body(request: Request) -> Json:
    try:
        sent = json.loads(request.get_data() or b"{}")
    except ValueError:
        raise AuthError(400, "bad_json", "Could not parse request body as JSON") from None
    if not isinstance(sent, dict):
        raise AuthError(400, "bad_json", "Could not parse request body as JSON")
    return sent


def _credentials(sent: Json) -> tuple[str, str]:
    email = str(sent.get("email") or "").lower()
    if not _EMAIL.fullmatch(email):
        raise malformed("Unable to validate email address: invalid format")
    return email, _password(sent)


def _password(sent: Json) -> str:
    password = sent.get("password")
    if not isinstance(password, str) or not password:
        raise malformed("Signup requires a valid password")
    if len(password) < SHORTEST_PASSWORD:
        raise weak_password()
    return password


def _json(body: Json, status: int) -> Response:
    return Response(json.dumps(body), status=status, content_type="application/json")
