"""Proof by "Sign in with X" that somebody is the author: we learn whose account it is, and give all else back."""

import logging

from bot.channel import Author, ChannelError, TryLater, Unknown
from bot.channels.x_needs import Purse
from bot.channels.x_oauth import OAuth

SCOPE = "users.read tweet.read"

log = logging.getLogger(__name__)


class XSignIn:
    """The tokens live for two calls and are written down nowhere."""

    def __init__(self, oauth: OAuth, purse: Purse, redirect_uri: str) -> None:
        """`redirect_uri`: our page that X sends the browser back to, as the app's settings on X name it."""
        self._oauth, self._purse = oauth, purse
        self._redirect_uri = redirect_uri

    def address(self, state: str, challenge: str) -> str:
        """X's page where the person says that it is them."""
        return self._oauth.address(self._redirect_uri, SCOPE, state, challenge)

    async def account(self, code: str, verifier: str) -> Author:
        """Whose account it is. Raises `NeverDeliverable` for a code that is no good any more, `TryLater`, `Halted`."""
        await self._purse.spend("user read")
        try:
            granted = await self._oauth.redeem(code, verifier, self._redirect_uri)
        except ChannelError as error:
            await self._purse.refund("user read", 1)
            raise _begin_again(error) from error
        try:
            return await self._oauth.whose(granted.access_token)
        except ChannelError as error:
            raise _begin_again(error) from error
        finally:
            await self._give_back(granted.access_token)

    async def _give_back(self, token: str) -> None:
        try:
            await self._oauth.revoke(token)
        except ChannelError as error:
            log.warning("a customer's token of X could not be given back, and ends within two hours: %s", error)


def _begin_again(error: ChannelError) -> ChannelError:
    """A code is used up by an answer that got lost, too: the person signs in anew."""
    return TryLater(5, str(error)) if isinstance(error, Unknown) else error
