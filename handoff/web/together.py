"""One question to the record in the name of all who ask it at the same time: two hundred open streams are one query."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Together(Generic[T]):
    """Calls `ask` once for everybody who waits. Nobody gets an answer that was asked for before they came."""

    def __init__(self, ask: Callable[[], Awaitable[T]]) -> None:
        self._ask = ask
        self._asked: asyncio.Future[T] | None = None
        self._next: asyncio.Future[T] | None = None

    async def __call__(self) -> T:
        if self._next is None:
            self._next = asyncio.ensure_future(self._after(self._asked))
        return await asyncio.shield(self._next)

    async def _after(self, asked: asyncio.Future[T] | None) -> T:
        if asked is not None:
            await asyncio.wait([asked])
        self._asked, self._next = self._next, None
        return await self._ask()
