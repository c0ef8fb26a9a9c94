"""Access tokens: signed by the project's secret (HS256), or by a key of its own (ES256)."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

AUDIENCE = "authenticated"
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True)
class Signer:
    """Signs access tokens. The ES256 key follows from the secret: a restart changes nothing."""

    secret: str
    asymmetric: bool = False

    def sign(self, claims: dict[str, Any]) -> str:
        """The token."""
        if not self.asymmetric:
            return jwt.encode(claims, self.secret, "HS256")
        return jwt.encode(claims, private_key(self.secret), "ES256", {"kid": key_id(self.secret)})

    def claims(self, token: str) -> dict[str, Any]:
        """What a token of ours says; raises `jwt.InvalidTokenError` for any other."""
        key: Any = private_key(self.secret).public_key() if self.asymmetric else self.secret
        algorithm = "ES256" if self.asymmetric else "HS256"
        said: dict[str, Any] = jwt.decode(token, key, [algorithm], audience=AUDIENCE)
        return said

    def published(self) -> dict[str, Any]:
        """The JSON Web Key Set: a secret is not published."""
        if not self.asymmetric:
            return {"keys": []}
        public = json.loads(ECAlgorithm.to_jwk(private_key(self.secret).public_key()))
        about = {"kid": key_id(self.secret), "alg": "ES256", "use": "sig", "key_ops": ["verify"]}
        return {"keys": [public | about]}


def private_key(secret: str) -> ec.EllipticCurvePrivateKey:
    """The ES256 key that belongs to a secret."""
    number = int.from_bytes(hashlib.sha512(f"ES256 {secret}".encode()).digest())
    return ec.derive_private_key(number % (_ORDER - 1) + 1, ec.SECP256R1())


def key_id(secret: str) -> str:
    """How that key is called."""
    numbers = private_key(secret).public_key().public_numbers()
    return hashlib.sha256(f"{numbers.x} {numbers.y}".encode()).hexdigest()[:32]
