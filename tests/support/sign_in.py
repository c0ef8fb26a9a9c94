"""The sign-in stand-in, and Supabase's own client for it."""

from collections.abc import Sequence

from supabase import Client, ClientOptions, create_client

from tests.support.rest_emulator import DEFAULT_SECRET, RestEmulator


class SignIn(RestEmulator):
    """`python -m emulator rest` with the project's two keys; options are the command's own."""

    def __init__(self, database_url: str, *options: str, secret: str = DEFAULT_SECRET) -> None:
        super().__init__(database_url, secret)
        self.options = options

    def command(self) -> Sequence[str]:
        """With its options."""
        return [*super().command(), *self.options]

    def client(self, role: str = "anon") -> Client:
        """Supabase's own client: an application's with the anon key, or an operator's."""
        options = ClientOptions(auto_refresh_token=False)
        return create_client(self.url, self.key(role), options)
