"""How X is reached: over connections of our own, at the origin of the settings, with an ear for its refusals."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from yarl import URL

from bot.channel import TryLater
from bot.channels.x_answering import Windows, is_capped, lost, problem_of, refusal

PATIENCE = aiohttp.ClientTimeout(total=15, connect=8)
"""Seconds for one call. An offer may need two and a new token, and must end before its sender is taken for dead."""


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
