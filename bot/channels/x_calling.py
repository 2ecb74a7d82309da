"""How X's API is called: by tweepy, with a token of ours, and paid for beforehand."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import msgspec
from tweepy.asynchronous import AsyncClient

from bot.channel import Halted, TryLater
from bot.channels.x_answering import CONNECT, Unaccepted, Windows
from bot.channels.x_needs import Key, Purse
from bot.channels.x_reaching import OriginSwap, Wire
from bot.channels.x_shapes import Found
from handoff import database

LONGEST_PAUSE = 600.0
"""Seconds after which to look again, however long we are asked to wait: somebody may have filled the purse."""

FIELDS = {
    "tweet_fields": "author_id,conversation_id,created_at,display_text_range,edit_history_tweet_ids,entities,"
    "in_reply_to_user_id,note_tweet,referenced_tweets",
    "user_fields": "name,username",
    "expansions": "author_id,referenced_tweets.id",
}
"""What we want to know of every post."""

T = TypeVar("T")

log = logging.getLogger(__name__)


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
            pause = min(error.seconds, LONGEST_PAUSE)
            log.warning("%s: %s. Again in %d s", trouble, error, pause)
        except Exception as error:
            pause, wait = wait, min(wait * 2, 30.0)
            words = next(iter(str(error).splitlines()), "")
            log.warning("%s: %s: %s. Again in %d s", trouble, type(error).__name__, words, pause)
        await asyncio.sleep(pause)
