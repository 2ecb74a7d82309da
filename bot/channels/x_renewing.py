"""The tokens of our own account: kept sealed in the record, renewed before they end, and never spent by two at once."""

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from bot.channel import Halted, NeverDeliverable, TryLater, Unknown
from bot.channels.x_answering import CONNECT
from bot.channels.x_oauth import Granted, OAuth
from bot.channels.x_reading import CHANNEL
from handoff import credentials
from handoff.credentials import LEASE, SOON, Seal, Taken, Tokens, Unsealable
from handoff.database import Database
from handoff.failpoints import outside

LIFE = timedelta(hours=2)
"""How long an access token of X lives; of one from the settings we do not know how old it is, and X will tell."""

T = TypeVar("T")

SHORTLY = 2.0
"""Seconds after which to look whether somebody else has renewed the tokens."""


class OurKey:
    """The token that our account's calls are made with. Every process reads the newest one from the record."""

    def __init__(self, database: Database, key: bytes, oauth: OAuth, access: str | None, refresh: str | None) -> None:
        """`access`, `refresh`: the tokens in the settings, with which to begin; others there begin anew."""
        self._database, self._oauth = database, oauth
        self._seal = Seal(key)
        self._seed, self._access, self._refresh = credentials.seed_of(access, refresh), access, refresh
        self._is_planted = False
        self._spending: asyncio.Task[str] | None = None

    async def current(self) -> str:
        """The token to use. Raises `TryLater`, `Halted`."""
        await self._plant()
        tokens, now = await self._newest(), datetime.now(UTC)
        if tokens.refresh is None or not tokens.end_by(now + SOON):
            return tokens.access
        try:
            return await self._renewed(None)
        except TryLater:
            if tokens.end_by(now):
                raise
            return tokens.access

    async def renewed(self, refused: str) -> str:
        """Another token than the one that X refused. Raises `TryLater`, `Halted`."""
        return await self._renewed(refused)

    async def keep(self, granted: Granted) -> None:
        """Begin with tokens that were granted just now."""
        async with self._database.transaction("x.connect") as session:
            await credentials.put(session, self._seal, CHANNEL, self._seed or "", _tokens(granted))

    async def close(self) -> None:
        """Let tokens that are on their way arrive."""
        if self._spending is not None:
            await asyncio.wait([self._spending])

    async def _plant(self) -> None:
        if self._is_planted or self._seed is None:
            return
        tokens = Tokens(self._access or "", self._refresh, datetime.now(UTC) + (LIFE if self._access else timedelta(0)))
        async with self._database.transaction("x.plant") as session:
            await credentials.plant(session, self._seal, CHANNEL, self._seed, tokens)
        self._is_planted = True

    async def _newest(self) -> Tokens:
        async with self._database.reading() as session:
            tokens = await _opening(credentials.current(session, self._seal, CHANNEL))
        if tokens is None:
            raise Halted(f"There is no account on X to speak with: {CONNECT}")
        return tokens

    async def _renewed(self, refused: str | None) -> str:
        async with self._database.transaction("x.refresh.claim") as session:
            turn = await _opening(credentials.take(session, self._seal, CHANNEL, refused))
        if turn is None:
            raise Halted(f"Our token of X has ended, and nothing brings another one: {CONNECT}")
        if not isinstance(turn, Taken):
            self._spending = asyncio.create_task(self._spend(turn))
            return await asyncio.shield(self._spending)  # who gives up waiting must not lose the tokens
        if turn.seconds:
            raise TryLater(min(turn.seconds, SHORTLY), "another process renews our token of X")
        return (await self._newest()).access

    async def _spend(self, refresh: str) -> str:
        try:
            async with outside("x.refresh"):
                granted = await self._oauth.refresh(refresh)
        except NeverDeliverable as error:
            await self._settle(refresh, None)
            raise Halted(f"X does not renew our token ({error}): {CONNECT}") from error
        except Unknown as error:
            raise TryLater(
                LEASE.total_seconds(), f"it is not certain that our token of X was renewed: {error}"
            ) from error
        tokens = _tokens(granted)
        await self._settle(refresh, tokens)
        return tokens.access

    async def _settle(self, spent: str, tokens: Tokens | None) -> None:
        async with self._database.transaction("x.refresh.settle") as session:
            await credentials.settle(session, self._seal, CHANNEL, spent, tokens)


class Glance:
    """The same token for somebody who only looks: nothing is renewed, and nothing is written down."""

    def __init__(self, database: Database, key: bytes, access: str | None) -> None:
        self._database, self._seal, self._access = database, Seal(key), access

    async def current(self) -> str:
        """The token in the record, or else that in the settings. Raises `TryLater`, `Halted`."""
        async with self._database.reading() as session:
            tokens = await _opening(credentials.current(session, self._seal, CHANNEL))
        if tokens is None and self._access is None:
            raise Halted(f"There is no account on X to speak with: {CONNECT}")
        if tokens is not None and tokens.end_by(datetime.now(UTC)):
            return await self.renewed(tokens.access)
        return tokens.access if tokens else self._access or ""

    async def renewed(self, refused: str) -> str:
        """None: the bot will see to it. Raises `TryLater`."""
        raise TryLater(0, "our token has ended; the bot gets the next one when it runs")

    async def close(self) -> None:
        """Nothing is on its way."""


async def _opening(step: Awaitable[T]) -> T:
    """Something that needs our secret."""
    try:
        return await step
    except Unsealable as error:
        raise Halted(str(error)) from error


def _tokens(granted: Granted) -> Tokens:
    ends = datetime.now(UTC) + timedelta(seconds=granted.expires_in)
    return Tokens(granted.access_token, granted.refresh_token, ends)
