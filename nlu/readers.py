"""Models that read texts besides the one at work: loaded when first asked, kept for a while, few at a time."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from nlu.reader import Reader

MOST = 2
"""Models that are loaded at once: two can be compared, and each takes as much memory as Rasa."""

KEPT = 600.0
"""Seconds after the last question for which a model stays loaded."""


@dataclass
class _Loaded:
    reader: Reader
    used: float


@dataclass
class Readers:
    """`make` makes the reader of a file that is not loaded yet."""

    make: Callable[[str], Reader]
    clock: Callable[[], float] = time.monotonic
    _loaded: dict[str, _Loaded] = field(default_factory=dict)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def get(self, file: str) -> Reader:
        """The model in a file, loaded. Raises `ReaderDown`."""
        async with self._turn:
            await self._rest()
            found = self._loaded.get(file)
            if found is not None and not found.reader.is_running:
                await self._close(file)
                found = None
            if found is None:
                while len(self._loaded) >= MOST:
                    await self._close(min(self._loaded, key=lambda one: self._loaded[one].used))
                found = self._loaded[file] = _Loaded(await self.make(file).__aenter__(), self.clock())
            found.used = self.clock()
            return found.reader

    async def rest(self) -> None:
        """End those that nobody has asked for a while."""
        async with self._turn:
            await self._rest()

    async def close(self) -> None:
        """End all of them."""
        for file in list(self._loaded):
            await self._close(file)

    async def _rest(self) -> None:
        for file, loaded in list(self._loaded.items()):
            if self.clock() - loaded.used > KEPT:
                await self._close(file)

    async def _close(self, file: str) -> None:
        await self._loaded.pop(file).reader.close()
