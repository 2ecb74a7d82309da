"""Listening beyond our mentions without asking again and again: X's filtered stream, for the same search."""

import asyncio
import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Never

import aiohttp
import msgspec
from tweepy.asynchronous import AsyncStreamingClient

from bot.channel import Author, ChannelError, Halted, Take, TryLater, Update
from bot.channels.x_answering import sentence_of
from bot.channels.x_calling import FIELDS, Calls, patiently
from bot.channels.x_needs import Purse
from bot.channels.x_reaching import Wire
from bot.channels.x_shapes import Found
from bot.channels.x_taking import updates

SILENCE = 20.0
"""Seconds without a sign of life, after which X's stream is dead."""

BREATH = 5.0
"""Seconds before we are back after X ended the stream."""

RULES = "/2/tweets/search/stream/rules"

TAG = "knock"
"""By which we know our rule of the stream."""

FULL = 1000
"""Posts of the stream that may wait to be written down; then the stream has to wait."""

AGAIN = 60.0
"""Seconds after which to look whether X has changed its mind."""

log = logging.getLogger(__name__)


class Stream:
    """The same search as X's filtered stream, for which X wants the app's own token."""

    def __init__(
        self,
        calls: Calls,
        wire: Wire,
        purse: Purse,
        token: str,
        query: str,
        silence: float = SILENCE,
        breath: float = BREATH,
    ) -> None:
        self._calls, self._wire, self._purse = calls, wire, purse
        self._token, self._query = token, f"({query}) -is:retweet"
        self._silence, self._breath = silence, breath

    async def follow(self, us: Author, take: Take) -> Never:
        """Read until cancelled. The library connects again by itself; when it gives up, we begin anew."""
        while True:
            pause = self._breath
            try:
                await patiently(self._rule, "X does not take the rule of the stream")
                await self._read(us, take)
            except ChannelError as error:
                log.error("X does not stream KNOCK_X_SEARCH: %s", error)
                pause = error.seconds if isinstance(error, TryLater) else AGAIN
            await asyncio.sleep(pause)

    async def _rule(self) -> None:
        """Our rule is there, and none that was ours before. Raises `ChannelError`."""
        rules = (await self._calls.call("GET", RULES)).get("data") or []
        ours = [rule for rule in rules if rule.get("tag") == TAG]
        if old := [rule["id"] for rule in ours if rule.get("value") != self._query]:
            await self._calls.call("POST", RULES, {"delete": {"ids": old}})
        if len(old) == len(ours):
            made = await self._calls.call("POST", RULES, {"add": [{"value": self._query, "tag": TAG}]})
            if made.get("errors"):
                raise Halted(f"X does not understand KNOCK_X_SEARCH: {sentence_of(made)}")

    async def _read(self, us: Author, take: Take) -> None:
        posts: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue(FULL)
        stream = _Stream(self._token, posts, self._breath)
        stream.session = _Line(self._wire, self._silence)
        tasks = [stream.filter(**FIELDS), asyncio.create_task(self._write_down(posts, us, take))]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
        for end in ends:
            if isinstance(end, Exception):
                raise end

    async def _write_down(self, posts: asyncio.Queue[Mapping[str, Any]], us: Author, take: Take) -> Never:
        """Whatever waits, at once. Raises `TryLater` when the day's budget is used up, which ends the stream."""
        while True:
            waiting = [await posts.get()]
            with suppress(asyncio.QueueEmpty):
                while True:
                    waiting.append(posts.get_nowait())
            await self._purse.spend("post read", len(waiting))
            found = [page for one in waiting if (page := _page(one)) is not None]
            batch: list[Update] = list(updates(found, us))
            await patiently(partial(take, batch), "Posts of the stream cannot be written down")


class _Stream(AsyncStreamingClient):  # type: ignore[misc]  # the library has no types
    """Hands each post on as it came."""

    def __init__(self, token: str, posts: "asyncio.Queue[Mapping[str, Any]]", breath: float) -> None:
        super().__init__(token, return_type=dict, wait_on_rate_limit=False)
        self._posts, self._breath = posts, breath

    async def on_data(self, raw_data: bytes) -> None:
        """One line of the stream; the library would read more into it than we need."""
        with suppress(ValueError, RecursionError):
            if isinstance(said := json.loads(raw_data), dict) and "data" in said:
                await self._posts.put(said)

    async def on_closed(self, resp: aiohttp.ClientResponse) -> None:
        """X ended the stream: the library would be back at once."""
        await asyncio.sleep(self._breath)

    async def on_connection_error(self) -> None:
        """The stream died: X still counts it for a moment, and does not let us in twice."""
        await asyncio.sleep(self._breath)


class _Line:
    """What the library takes for its session while it streams, and closes at the end: so each stream has its own."""

    def __init__(self, wire: Wire, silence: float) -> None:
        patience = aiohttp.ClientTimeout(total=None, sock_connect=8, sock_read=silence)
        self._wire, self._session = wire, aiohttp.ClientSession(timeout=patience)

    def request(self, method: str, url: str, **options: Any) -> Any:
        """Connect, at our origin."""
        return self._session.request(method, self._wire.at_origin(url), allow_redirects=False, **options)

    @property
    def headers(self) -> Any:
        """Those of every request."""
        return self._session.headers

    @property
    def closed(self) -> bool:
        """Whether it is over."""
        return self._session.closed

    async def close(self) -> None:
        """Hang up."""
        await self._session.close()


def _page(said: Mapping[str, Any]) -> Found | None:
    try:
        return msgspec.convert({**said, "data": [said["data"]]}, Found)
    except msgspec.ValidationError as error:
        log.warning("X's stream brought something odd: %s", error)
        return None
