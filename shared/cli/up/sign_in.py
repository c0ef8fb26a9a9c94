"""A demo person who can sign in, at the stand-in for Supabase Auth."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from shared.cli.up.radicale import ANN
from shared.errors import CalSyncError

PASSWORD = "DEMO_PASSWORD"


class SignInRefused(CalSyncError):
    """The sign-in stand-in refused to give the demo person a password."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """What somebody types to sign in."""

    email: str
    password: str = field(repr=False)


def let_sign_in(variables: Mapping[str, str], people: Mapping[str, str]) -> SignIn | None:
    """Gives Ann (or whoever is there first) the password of DEMO_PASSWORD, as an operator would.

    `people`: e-mail → the person's id; None where there is nobody. Raises `SignInRefused`.
    """
    if not people:
        return None
    email = ANN if ANN in people else next(iter(people))
    url = f"{variables['SUPABASE_URL']}/auth/v1/admin/users/{people[email]}"
    key = variables["SUPABASE_SERVICE_ROLE_KEY"]
    headers = {"apikey": key, "Authorization": f"Bearer {key}"}
    try:
        answer = httpx.put(url, headers=headers, json={"password": variables[PASSWORD]}, timeout=30)
    except httpx.TransportError as error:
        raise SignInRefused(f"The sign-in stand-in does not answer: {error}") from error
    if not answer.is_success:
        raise SignInRefused(f"The sign-in stand-in refused: {answer.text[:300]}")
    return SignIn(email, variables[PASSWORD])


def token_command(variables: Mapping[str, str], demo: SignIn) -> str:
    """A line for a shell that signs in."""
    url = f"{variables['SUPABASE_URL']}/auth/v1/token?grant_type=password"
    typed = f'{{"email": "{demo.email}", "password": "{demo.password}"}}'
    key = variables["SUPABASE_ANON_KEY"]
    return f'curl "{url}" -H "apikey: {key}" -H "Content-Type: application/json" -d \'{typed}\''
