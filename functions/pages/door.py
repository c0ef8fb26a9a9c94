"""Who is at the door: the session of a browser, and the call to the API that it stands for."""

import secrets

from flask import Request, Response, g, request

from functions.api.endpoint import Call
from functions.pages.session import Session, SessionCookie
from functions.rate_limits import RateLimits
from functions.request_id import request_id
from shared.decide.caller import Caller, whom_to_serve
from shared.errors import Forbidden, InvalidRequest, Unauthorized
from shared.steps.authenticate import Authenticator
from shared.steps.service import Service
from shared.supabase_auth import SupabaseAuth, Tokens

FIELD = "csrf"
STALE_FORM = (
    "This form was opened too long ago, or your browser keeps no cookies for CalSync."
    " Go back, reload the page and try again."
)


class Door:
    """Lets people in, and out. Each request `arrives` and `leaves` through it."""

    def __init__(self, service: Service, rates: RateLimits) -> None:
        self.service = service
        self.rates = rates
        self.auth = SupabaseAuth(service.settings.auth)
        self._cookie = SessionCookie(service)
        self._authenticator = Authenticator(service.settings)

    def arrive(self) -> None:
        """Raises `Forbidden` for a form that is not from a page of this session."""
        if request.method == "POST" and not _is_ours(request, self.session()):
            raise Forbidden(STALE_FORM)

    def leave(self, response: Response) -> None:
        """Has the browser keep the session, where it changed."""
        here = self.session()
        if here != g.arrived:
            self._cookie.write(response, here)

    def session(self) -> Session:
        """The session of the request that is being served."""
        if "session" not in g:
            g.arrived = self._cookie.read(request)
            g.session = g.arrived or Session()
        here: Session = g.session
        return here

    def call(self) -> Call:
        """The call to the API that this request makes; the tokens are refreshed where need be.

        Raises `Unauthorized` where nobody is signed in.
        """
        caller = self._caller()
        self.rates.count(caller.actor)
        return Call(self.service, caller, whom_to_serve(caller, None), request_id())

    def let_in(self, tokens: Tokens) -> None:
        """Somebody signed in: a new session, which nobody can have known before."""
        self._remember(Session(tokens=tokens))

    def let_out(self) -> None:
        """Nobody is signed in any more."""
        self._remember(Session())

    def _caller(self) -> Caller:
        tokens = self.session().tokens
        if tokens is None:
            raise Unauthorized
        try:
            return self._known(tokens)
        except Unauthorized:
            return self._known(self._refreshed(tokens))

    def _known(self, tokens: Tokens) -> Caller:
        return self._authenticator.caller(f"Bearer {tokens.access}")

    def _refreshed(self, tokens: Tokens) -> Tokens:
        try:
            fresh = self.auth.refresh(tokens)
        except InvalidRequest as error:
            raise Unauthorized from error
        # The forms of pages that are open stay good.
        self._remember(Session(self.session().csrf, fresh))
        return fresh

    def _remember(self, changed: Session) -> None:
        self.session()  # what was brought is compared when the request leaves
        g.session = changed


def _is_ours(request: Request, session: Session) -> bool:
    sent = request.form.get(FIELD, "")
    return secrets.compare_digest(sent.encode(), session.csrf.encode())
