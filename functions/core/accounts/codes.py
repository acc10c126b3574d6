"""Sends one-time codes, and not too many of them: each costs money, and somebody's sleep."""

from typing import Final

from functions.core.accounts.challenges import Challenge, Challenges, Reason, new_challenge_id
from functions.core.accounts.identifiers import Identifiers
from functions.core.accounts.messages import Channel, Message, Messages, Template, reached_at
from functions.core.accounts.model import User
from functions.core.clock import Clock
from functions.core.errors import TooMany
from functions.core.ids import new_id
from functions.core.limits.model import Limit, Limiter

PER_REASON: Final = Limit(name="code-30s", calls=1, seconds=30, is_exact=True)
"""And recipient: whoever has just registered may sign in."""
PER_RECIPIENT: Final = (
    Limit(name="code-hour", calls=5, seconds=3600, is_exact=True),
    Limit(name="code-day", calls=10, seconds=86_400, is_exact=True),
)
"""Ten codes of five attempts: the odds to guess one are 5 in 100,000 a day."""
PER_PREFIX: Final = Limit(name="code-prefix", calls=20, seconds=3600, is_exact=True)
"""Numbers in a row are how a fraudster earns from texts to his own premium lines."""
_PREFIX_LENGTH: Final = 8


class Codes:
    """Sends codes and checks them."""

    def __init__(
        self, challenges: Challenges, messages: Messages, limiter: Limiter, identifiers: Identifiers, *, clock: Clock
    ) -> None:
        self._challenges = challenges
        self._messages = messages
        self._limiter = limiter
        self._identifiers = identifiers
        self._clock = clock

    def send(
        self, reason: Reason, user: User, *, phone: str | None = None, locale: str = "", is_decoy: bool = False
    ) -> str:
        """Send a code to `phone`, else to where the account is reached; returns the challenge's id.

        A decoy does all the work and tells whoever has the phone that it has an account already.

        Raises:
            TooMany: the phone or address was sent too many lately.
        """
        reached = (Channel.SMS, phone) if phone else reached_at(user)
        assert reached is not None, "an account has a phone or an email"
        channel, to = reached
        self._limit_to(reason, channel, to)
        challenge, code = self._challenges.start(
            reason, user.id, channel=channel, to=to, locale=locale, is_decoy=is_decoy
        )
        self._send(challenge, code)
        return challenge.id

    def send_again(self, challenge_id: str) -> None:
        """Send a new code for a challenge, if there is one and it still waits; raises TooMany."""
        challenge = self._challenges.find(challenge_id)
        if challenge is None:
            return
        self._limit_to(challenge.reason, challenge.channel, challenge.to)
        self._send(challenge, self._challenges.draw_again(challenge))

    def pretend(self, identifier: str) -> str:
        """Do as if a code to reset a password were sent, for who has no account or no address; raises TooMany."""
        self._limit(Reason.RESET, self._identifiers.name_of(identifier))
        return new_challenge_id()

    def solve(self, challenge_id: str, code: str, *, reason: Reason) -> Challenge:
        """Use a code up; raises WrongCode."""
        return self._challenges.solve(challenge_id, code, reason=reason)

    def _send(self, challenge: Challenge, code: str) -> None:
        template = Template.ALREADY_REGISTERED if challenge.is_decoy else Template.CODE
        facts = {} if challenge.is_decoy else {"code": code, "purpose": challenge.reason.value}
        facts |= {"locale": challenge.locale} if challenge.locale else {}
        self._messages.send(
            Message(id=new_id("message"), channel=challenge.channel, to=challenge.to, template=template, facts=facts)
        )

    def _limit(self, reason: Reason, name: str) -> None:
        self._take((PER_REASON,), f"{reason} {name}")
        self._take(PER_RECIPIENT, name)

    def _limit_to(self, reason: Reason, channel: Channel, to: str) -> None:
        self._limit(reason, self._identifiers.name_of(to))
        if channel is Channel.SMS:
            self._take((PER_PREFIX,), to[:_PREFIX_LENGTH])

    def _take(self, limits: tuple[Limit, ...], key: str) -> None:
        for limit in limits:
            verdict = self._limiter.take(limit, key, now=self._clock())
            if not verdict.is_allowed:
                seconds = verdict.seconds_to_wait
                raise TooMany(f"Too many codes were sent; try again in {seconds} s.", retry_after=seconds)
