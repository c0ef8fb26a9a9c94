"""Tokens signed with keys that the project publishes: RS256 and ES256, rotation, and attacks."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from shared.published_keys import FLOOR_SECONDS, LIFESPAN_SECONDS, PublishedKeys
from tests.api.people import JWT_SECRET, Client, code
from tests.support.rig import Rig

EC_KEY = ec.generate_private_key(ec.SECP256R1())
OTHER_EC_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(65537, 2048)


class Project(ThreadingHTTPServer):
    """Publishes keys, counts how often it is asked, and can be out of order."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[str] = []
        self.keys: list[dict[str, Any]] = []
        self.status = 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Project

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        body = json.dumps({"keys": self.server.keys}).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@pytest.fixture
def project() -> Iterator[Project]:
    with Project() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def public(key: Any, kid: str) -> dict[str, Any]:
    kind, name = (
        (RSAAlgorithm, "RS256") if isinstance(key, rsa.RSAPrivateKey) else (ECAlgorithm, "ES256")
    )
    jwk: dict[str, Any] = kind.to_jwk(key.public_key(), as_dict=True)
    return jwk | {"kid": kid, "alg": name, "use": "sig"}


def signed(key: Any, algorithm: str, kid: str | None, **claims: Any) -> str:
    content = {
        "sub": str(uuid4()),
        "aud": "authenticated",
        "role": "authenticated",
        "exp": int(time.time()) + 3600,
    }
    headers = {"kid": kid} if kid else None
    return jwt.encode(content | claims, key, algorithm, headers=headers)


@pytest.fixture
def opened(rig: Rig, project: Project) -> Rig:
    """The installation, of a project that publishes an elliptic and an RSA key."""
    project.keys = [public(EC_KEY, "ec"), public(RSA_KEY, "rsa")]
    rig.reopen(SUPABASE_URL=project.url)
    return rig


@pytest.mark.parametrize(
    ("key", "algorithm", "kid"), [(EC_KEY, "ES256", "ec"), (RSA_KEY, "RS256", "rsa")]
)
def test_tokens_of_published_keys_are_good(
    opened: Rig, project: Project, key: Any, algorithm: str, kid: str
) -> None:
    for _ in range(3):
        assert Client(opened, signed(key, algorithm, kid)).get("accounts").status_code == 200
    assert project.asked == ["/auth/v1/.well-known/jwks.json"]


def test_the_secret_is_good_beside_them(opened: Rig) -> None:
    assert Client(opened, signed(JWT_SECRET, "HS256", None)).get("accounts").status_code == 200


def test_others_are_refused_and_cannot_make_us_ask(opened: Rig, project: Project) -> None:
    pem = EC_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    bad = [
        signed(OTHER_EC_KEY, "ES256", "ec"),
        signed(EC_KEY, "ES256", None),
        signed(EC_KEY, "ES256", "rsa"),
        signed(RSA_KEY, "RS256", "ec"),
        signed(RSA_KEY, "PS256", "rsa"),
        signed(EC_KEY, "ES256", "ec", aud="anon"),
        signed(EC_KEY, "ES256", "ec", exp=1),
        *(signed(OTHER_EC_KEY, "ES256", f"made-up-{number}") for number in range(5)),
        # The published key, taken for a shared secret.
        jwt.PyJWS(algorithms=["HS256"]).encode(b"{}", JWT_SECRET, "HS256", headers={"kid": "ec"}),
    ]
    assert b"PUBLIC KEY" in pem
    answers = [code(Client(opened, token).get("accounts")) for token in bad]
    assert answers == [(401, "unauthorized")] * len(bad)
    assert len(project.asked) == 1


def test_no_keys_are_no_outage_and_an_outage_is_told(opened: Rig, project: Project) -> None:
    project.keys = []
    assert code(Client(opened, signed(EC_KEY, "ES256", "ec")).get("accounts"))[0] == 401
    opened.reopen()
    project.status = 500
    answer = Client(opened, signed(EC_KEY, "ES256", "ec")).get("accounts")
    assert code(answer) == (503, "keys_unavailable")


def test_a_new_key_is_found_and_a_failing_project_is_not_pressed(project: Project) -> None:
    now = [0.0]
    url = f"{project.url}/auth/v1/.well-known/jwks.json"
    keys = PublishedKeys(url, clock=lambda: now[0])
    project.keys = [public(EC_KEY, "old")]
    assert keys.get_signing_key("old").key_id == "old"

    project.keys = [public(OTHER_EC_KEY, "new")]
    with pytest.raises(jwt.PyJWKClientError):
        keys.get_signing_key("new")
    assert len(project.asked) == 1

    now[0] += FLOOR_SECONDS
    assert keys.get_signing_key("new").key_id == "new"
    with pytest.raises(jwt.PyJWKClientError):
        keys.get_signing_key("old")

    project.status = 500
    now[0] += LIFESPAN_SECONDS
    with pytest.raises(jwt.PyJWKClientError):
        keys.get_signing_key("newer")
    assert keys.get_signing_key("new").key_id == "new"
    assert len(project.asked) == 3


def test_a_project_that_never_answered_is_asked_once_in_a_while(project: Project) -> None:
    now = [0.0]
    keys = PublishedKeys(f"{project.url}/jwks", clock=lambda: now[0])
    project.status = 500
    for _ in range(3):
        with pytest.raises(jwt.exceptions.PyJWKClientConnectionError):
            keys.get_signing_key("any")
    assert len(project.asked) == 1
