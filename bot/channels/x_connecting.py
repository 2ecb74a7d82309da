"""Connect our account: a person who is signed in as it says yes on X, and brings back the address they are sent to."""

import base64
import hashlib
import hmac
import secrets
from urllib.parse import parse_qs, urlsplit

from bot.channel import Author, NeverDeliverable
from bot.channels.x_oauth import OAuth
from bot.channels.x_renewing import OurKey

SCOPE = "tweet.read tweet.write users.read offline.access"

WITH_MESSAGES = f"{SCOPE} dm.read"
"""Where X pushes to us, it can push private messages, too."""


class Connecting:
    """One try: the address to open, then the address that came of it."""

    def __init__(self, oauth: OAuth, key: OurKey, redirect_uri: str, scope: str = SCOPE) -> None:
        self._oauth, self._key, self._redirect_uri, self._scope = oauth, key, redirect_uri, scope
        self._state, self._verifier = secrets.token_urlsafe(16), secrets.token_urlsafe(64)

    @property
    def address(self) -> str:
        """Where to say yes."""
        digest = hashlib.sha256(self._verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        return self._oauth.address(self._redirect_uri, self._scope, self._state, challenge)

    async def finish(self, came_back: str) -> Author:
        """The account that is connected now; `came_back`: where X sent the browser to. Raises `ChannelError`."""
        given = parse_qs(urlsplit(came_back.strip()).query)
        if "error" in given:
            raise NeverDeliverable(f"X says: {given['error'][0]}")
        code, state = given.get("code", [""])[0], given.get("state", [""])[0]
        if not code or not hmac.compare_digest(state.encode(), self._state.encode()):
            raise NeverDeliverable("that is not the address that X sent the browser to just now")
        granted = await self._oauth.redeem(code, self._verifier, self._redirect_uri)
        account = await self._oauth.whose(granted.access_token)
        await self._key.keep(granted)
        return account
