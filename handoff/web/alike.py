"""What is alike among the examples, kept in the process: after a change only what is new is compared."""

import asyncio
from collections.abc import Iterable

from handoff.corpora import Entry
from nlu.likeness import Likeness

PATIENCE = 2.0
"""Seconds that a page waits for it."""


class Alike:
    """The newest comparison; whoever asks meanwhile waits for the same one."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._texts: frozenset[str] = frozenset()
        self._made: Likeness | None = None
        self._running: set[asyncio.Task[Likeness]] = set()

    async def soon(self, entries: Iterable[Entry], patience: float = PATIENCE) -> Likeness | None:
        """The same, if it does not take longer than `patience`, in seconds; it goes on for whoever asks next."""
        task = asyncio.create_task(self.of(entries))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        await asyncio.wait({task}, timeout=patience)
        return task.result() if task.done() else None

    async def of(self, entries: Iterable[Entry]) -> Likeness:
        """These examples compared; ten thousand take two seconds the first time, in a thread of their own."""
        texts = frozenset(one.example.text for one in entries)
        async with self._lock:
            if self._made is None or texts != self._texts:
                self._made = await asyncio.to_thread(Likeness, sorted(texts), self._made)
                self._texts = texts
            return self._made
