"""What a call to X needs besides its words: a token to be known by, and money."""

from typing import Protocol

from bot.channel import Halted


class Purse(Protocol):
    """Who pays; see `bot.spend`."""

    async def spend(self, item: str, units: int = 1) -> None:
        """Raises `TryLater` if the day's budget does not cover it."""

    async def refund(self, item: str, units: int) -> None:
        """Give back what did not come."""


class Free:
    """Pays for a look that a person asked for."""

    async def spend(self, item: str, units: int = 1) -> None:
        """It is all right."""

    async def refund(self, item: str, units: int) -> None:
        """Keep it."""


class Key(Protocol):
    """Where the token comes from that a call is made with."""

    async def current(self) -> str:
        """The token to use. Raises `TryLater`, `Halted`."""

    async def renewed(self, refused: str) -> str:
        """Another token than the one that X refused. Raises `TryLater`, `Halted`."""

    async def close(self) -> None:
        """Let what is on its way arrive."""


class AppKey:
    """The app's own token, which never changes."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def current(self) -> str:
        return self._token

    async def renewed(self, refused: str) -> str:
        raise Halted("X does not accept KNOCK_X_BEARER_TOKEN: copy it anew from the app's page for developers")

    async def close(self) -> None:
        """Nothing is on its way."""
