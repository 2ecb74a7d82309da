"""How X's API is called: by tweepy, over one connection pool of our own, with a token of ours, paid for beforehand."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypeVar

import aiohttp
import msgspec
from tweepy.asynchronous import AsyncClient
from yarl import URL

from bot.channel import Halted, TryLater
from bot.channels.x_answering import CONNECT, Unaccepted, Windows, is_capped, lost, problem_of, refusal
from bot.channels.x_shapes import Found
from handoff import database

PATIENCE = aiohttp.ClientTimeout(total=15, connect=8)
"""Seconds for one call. An offer may need two and a new token, and must end before its sender is taken for dead."""

FIELDS = {
    "tweet_fields": "author_id,conversation_id,created_at,display_text_range,edit_history_tweet_ids,entities,"
    "in_reply_to_user_id,note_tweet,referenced_tweets",
    "user_fields": "name,username",
    "expansions": "author_id,referenced_tweets.id",
}
"""What we want to know of every post."""

T = TypeVar("T")

log = logging.getLogger(__name__)


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


class Wire:
    """The connections to one origin: made in the loop that first needs them, kept until `close`."""

    def __init__(self, origin: str) -> None:
        self.origin = URL(origin)
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        """Each call has a connection of its own: one kept open may be closed while we write, which leaves a doubt."""
        if self._session is None or self._session.closed:
            connector = aiohttp.TCPConnector(force_close=True)
            self._session = aiohttp.ClientSession(connector=connector, timeout=PATIENCE)
        return self._session

    def at_origin(self, url: str) -> URL:
        """An address of the library's, which knows only X's own server, at ours."""
        origin, there = self.origin, URL(url)
        return there.with_scheme(origin.scheme).with_host(origin.host or "").with_port(origin.port)

    async def close(self) -> None:
        """Give the connections back."""
        if self._session is not None:
            await self._session.close()


class OriginSwap:
    """What tweepy takes for its session: goes to our origin, minds the windows, and says what a refusal means."""

    def __init__(self, wire: Wire, windows: Windows) -> None:
        self._wire, self._windows = wire, windows

    @asynccontextmanager
    async def request(self, method: str, url: str, **options: Any) -> AsyncIterator[aiohttp.ClientResponse]:
        """One call, whose whole answer is there, and is JSON. Raises `ChannelError`, `Unaccepted`."""
        endpoint = f"{method} {re.sub(r'(?<=/)[0-9]+(?=/|$)', ':id', URL(url).path.removeprefix('/2'))}"
        self._windows.admit(endpoint)
        response, body = await self._send(method, url, options)
        try:
            self._judge(method, endpoint, response, problem_of(body))
            yield response
        finally:
            response.release()

    async def _send(self, method: str, url: str, options: dict[str, Any]) -> tuple[aiohttp.ClientResponse, bytes]:
        there = self._wire.at_origin(url)
        try:
            response = await self._wire.session.request(method, there, allow_redirects=False, **options)
            return response, await response.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise TryLater(5, f"X cannot be reached: {error}") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise lost(method, f"no answer of X: {error!r}") from error

    def _judge(self, method: str, endpoint: str, response: aiohttp.ClientResponse, body: Mapping[str, Any]) -> None:
        self._windows.note(endpoint, response.headers)
        if response.status == 429 and not is_capped(body):
            raise self._windows.refuse(endpoint, response.headers)
        if not 200 <= response.status < 300:
            raise refusal(method, response.status, body)
        if not body:
            raise lost(method, "X answered with something that is no JSON")


class Calls:
    """Calls with one token. Posts that are read are paid for before, and what did not come is given back.

    Whether X charges for the posts that stand beside those asked for is nowhere said, so they are counted.
    """

    def __init__(self, wire: Wire, key: Key, purse: Purse) -> None:
        self._key, self._purse = key, purse
        self._session = OriginSwap(wire, Windows())

    async def ask(self, request: Callable[[AsyncClient], Awaitable[T]]) -> T:
        """What X answers. A token that was refused is renewed once. Raises `ChannelError`."""
        token = await self._ours(self._key.current())
        try:
            return await request(self._client(token))
        except Unaccepted:
            token = await self._ours(self._key.renewed(token))
        try:
            return await request(self._client(token))
        except Unaccepted as error:
            raise Halted(f"X does not accept our token: {error}. To get another one, {CONNECT}") from error

    async def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """What X answers where tweepy has no method for it. Raises `ChannelError`."""
        response = await self.ask(lambda x: x.request(method, path, json=body))
        answer: Mapping[str, Any] = await response.json()
        return answer

    async def find(self, item: str, most: int, request: Callable[[AsyncClient], Awaitable[Any]]) -> Found:
        """Posts, at most so many, at the price of `item`. Raises `ChannelError`."""
        await self._ours(self._purse.spend(item, most))
        came = 0
        try:
            found = msgspec.convert(await self.ask(request), Found)
            came = len(found.data) + len(found.includes.others)
            return found
        except msgspec.ValidationError as error:
            raise TryLater(60, f"X's answer has a shape that we do not know: {error}") from error
        finally:
            await self.refund(item, most - came)

    async def spend(self, item: str) -> None:
        """Pay for one. Raises `TryLater`."""
        await self._ours(self._purse.spend(item, 1))

    async def refund(self, item: str, units: int) -> None:
        """Give back what did not come; a record that is away must not cost us what did."""
        try:
            await self._purse.refund(item, units)
        except database.AWAY as error:
            log.warning("%d of %s stay paid for, for the record is away: %s", units, item, type(error).__name__)

    def _client(self, token: str) -> AsyncClient:
        client = AsyncClient(token, return_type=dict, wait_on_rate_limit=False)
        client.session = self._session
        return client

    @staticmethod
    async def _ours(step: Awaitable[T]) -> T:
        """Something that happens here, before a byte left us, so that nothing is in doubt when it fails."""
        try:
            return await step
        except database.AWAY as error:
            raise TryLater(5, f"the record is away: {type(error).__name__}") from error


async def patiently(step: Callable[[], Awaitable[T]], trouble: str) -> T:
    """What `step` brings, at the first time that it works: after 1, 2, 4 … 30 seconds, or when X says.

    Raises `Halted`: waiting would not help.
    """
    wait = 1.0
    while True:
        try:
            return await step()
        except Halted:
            raise
        except TryLater as error:
            pause = error.seconds
            log.warning("%s: %s. Again in %d s", trouble, error, pause)
        except Exception as error:
            pause, wait = wait, min(wait * 2, 30.0)
            words = next(iter(str(error).splitlines()), "")
            log.warning("%s: %s: %s. Again in %d s", trouble, type(error).__name__, words, pause)
        await asyncio.sleep(pause)
