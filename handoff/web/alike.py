"""What is alike among the examples, kept in the process: after a change only what is new is compared."""

import asyncio
from collections.abc import Iterable

from handoff.corpora import Entry
from nlu.likeness import Likeness


class Alike:
    """The newest comparison; whoever asks meanwhile waits for the same one."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._texts: frozenset[str] = frozenset()
        self._made: Likeness | None = None

    async def of(self, entries: Iterable[Entry]) -> Likeness:
        """These examples compared; ten thousand take two seconds the first time, in a thread of their own."""
        texts = frozenset(one.example.text for one in entries)
        async with self._lock:
            if self._made is None or texts != self._texts:
                self._made = await asyncio.to_thread(Likeness, sorted(texts), self._made)
                self._texts = texts
            return self._made
