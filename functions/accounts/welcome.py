"""Signs somebody in and says so: the same answer after a login, a registration and a refresh."""

from fastapi import Request, Response

from functions.accounts.browser import is_browser, keep_signed_in
from functions.accounts.schemas import AccessToken
from functions.core.accounts.model import User
from functions.core.accounts.sessions import Session, Sessions
from functions.core.accounts.store import Accounts
from functions.core.accounts.tokens import AccessTokens
from functions.core.errors import NotKnown
from functions.core.observability import log


class Welcome:
    """Starts and goes on with sessions over HTTP."""

    def __init__(self, accounts: Accounts, sessions: Sessions, tokens: AccessTokens) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._tokens = tokens

    def sign_in(self, user: User, request: Request, response: Response) -> AccessToken:
        """Start a session."""
        session = self._sessions.start(user, agent=request.headers.get("user-agent", ""))
        self._accounts.note_use(user.id)
        log.info("signed in", user_id=user.id, session_id=session.id)
        return self._answer(session, request, response)

    def go_on(self, session: Session, request: Request, response: Response) -> AccessToken:
        """Go on with a session that was refreshed; raises NotKnown if its owner may no more."""
        user = self._accounts.find_open(session.user_id)
        if user is None:
            raise NotKnown("This account is not active.", code="account-inactive")
        self._accounts.note_use(session.user_id)
        return self._answer(session, request, response)

    def _answer(self, session: Session, request: Request, response: Response) -> AccessToken:
        # A browser gets its refresh token where no script can read it.
        refresh_token = self._sessions.refresh_token_of(session)
        csrf_token = self._sessions.csrf_token_of(session)
        keep_signed_in(request, response, refresh_token=refresh_token, csrf_token=csrf_token)
        return AccessToken(
            access_token=self._tokens.issue(session),
            csrf_token=csrf_token,
            refresh_token=None if is_browser(request) else refresh_token,
        )
