"""What the identity platform says of itself: the OpenID configuration and its keys."""

from functools import lru_cache

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Request, Response, jsonify, request

from .world import World

KEY_ID = "calsync-emulator"
ANY_TENANT = frozenset({"common", "organizations", "consumers"})


@lru_cache(maxsize=1)
def signing_key() -> rsa.RSAPrivateKey:
    """The key of all id tokens of this process."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_base(world: World, asked: Request) -> str:
    """Scheme and host under which the client knows this server.

    The setting `public_authority`, else what a rewriting client says in X-Forwarded-Proto and
    X-Forwarded-Host, else where the request came to.
    """
    if world.settings.public_authority:
        return world.settings.public_authority.rstrip("/")
    host = asked.headers.get("X-Forwarded-Host")
    if host:
        return f"{asked.headers.get('X-Forwarded-Proto', 'https')}://{host}"
    return asked.host_url.rstrip("/")


def configuration(world: World, tenant: str) -> Response:
    """The discovery document; its hosts are what the client believes this server to be."""
    base = public_base(world, request)
    browser = (world.settings.browser_url or base).rstrip("/")
    oauth = f"{base}/{tenant}/oauth2/v2.0"
    issued_for = "{tenantid}" if tenant in ANY_TENANT else tenant
    return jsonify(
        {
            "token_endpoint": f"{oauth}/token",
            "token_endpoint_auth_methods_supported": [
                "client_secret_post",
                "private_key_jwt",
                "client_secret_basic",
            ],
            "jwks_uri": f"{base}/{tenant}/discovery/v2.0/keys",
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": f"{base}/{issued_for}/v2.0",
            "request_uri_parameter_supported": False,
            "userinfo_endpoint": "https://graph.microsoft.com/oidc/userinfo",
            "authorization_endpoint": f"{browser}/{tenant}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{oauth}/devicecode",
            "http_logout_supported": True,
            "frontchannel_logout_supported": True,
            "end_session_endpoint": f"{oauth}/logout",
            "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nonce", "name", "tid", "oid"],
            "kerberos_endpoint": f"{base}/{tenant}/kerberos",
            "tenant_region_scope": None,
            "cloud_instance_name": "microsoftonline.com",
            "cloud_graph_host_name": "graph.windows.net",
            "msgraph_host": "graph.microsoft.com",
            "rbac_url": "https://pas.windows.net",
        }
    )


def keys(world: World, tenant: str) -> Response:
    """The JWKS with the public half of the key."""
    public = jwt.algorithms.RSAAlgorithm.to_jwk(signing_key().public_key(), as_dict=True)
    return jsonify({"keys": [dict(public) | {"kid": KEY_ID, "use": "sig", "alg": "RS256"}]})
