"""Who is told that a thread changed: hints from PostgreSQL, repaired by a poll, to whoever listens in this process."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress

import psycopg
from sqlalchemy import BigInteger, cast, func, select

from handoff.database import BY_NOW, HINTS, PRESENCE, Database, told_by
from handoff.database import EVERYTHING as EVERYTHING
from handoff.models import Thread
from handoff.presence import Presence

log = logging.getLogger(__name__)

POLL = 2.0
"""Seconds between two looks for changes whose hint was lost."""

EXPIRY = 0.5
"""Seconds between two looks for whoever has gone without a word."""

QUEUE = 256
"""Hints that one subscriber may lag behind before it is told to look at everything again."""


SOMEBODY = -2
"""The hint that says: somebody has come to a thread, or gone, or writes; see `Live.presence`."""


class Live:
    """The hints of one process. Subscribers get ids of threads (0: work without a thread), `EVERYTHING`, `SOMEBODY`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queues: set[asyncio.Queue[int | None]] = set()
        self._seen: dict[int, int] = {}
        self.presence = Presence()
        self.moment = 0
        """Of the newest change that this process has heard of, as `database.BY_NOW`; 0: of none."""

    @asynccontextmanager
    async def subscribed(self) -> AsyncIterator[asyncio.Queue[int | None]]:
        """A queue of hints; `None` says that the process ends."""
        queue: asyncio.Queue[int | None] = asyncio.Queue(QUEUE)
        self._queues.add(queue)
        try:
            yield queue
        finally:
            self._queues.discard(queue)

    @property
    def listeners(self) -> int:
        """How many streams this process has open."""
        return len(self._queues)

    async def run(self) -> None:
        """Listen until cancelled; a lost connection is made again."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._poll())
            tasks.create_task(self._expire())

    def close(self) -> None:
        """Tell every subscriber that it is over, so that open streams end by themselves."""
        for queue in list(self._queues):
            _put(queue, None)

    async def _listen(self) -> None:
        dsn = self._database.url.set(drivername="postgresql").render_as_string(hide_password=False)
        while True:
            with suppress(psycopg.Error, OSError):
                async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
                    await connection.execute(f"LISTEN {HINTS}")
                    await connection.execute(f"LISTEN {PRESENCE}")
                    self._publish([EVERYTHING])
                    async for hint in connection.notifies():
                        if hint.channel == HINTS:
                            changed, moment = told_by(hint.payload)
                            self._seen |= changed
                            self._publish(changed, moment)
                        elif self.presence.hear(hint.payload):
                            self._publish([SOMEBODY])
            await asyncio.sleep(1)

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(POLL)
            try:
                self._publish(*await self._missed())
            except Exception as error:  # the database may be away: the next poll tells
                log.debug("poll failed: %s", error)

    async def _expire(self) -> None:
        while True:
            await asyncio.sleep(EXPIRY)
            if self.presence.expire():
                self._publish([SOMEBODY])

    async def _missed(self) -> tuple[list[int], int]:
        recently = func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, 5 * POLL)
        changed_at = cast(func.extract("epoch", Thread.changed_at) * 1_000_000, BigInteger).label("changed_at")
        query = select(Thread.id, changed_at, BY_NOW.label("moment")).where(Thread.changed_at > recently)
        async with self._database.reading() as session:
            rows = (await session.execute(query)).all()
        missed = [row.id for row in rows if self._seen.get(row.id) != row.changed_at]
        self._seen = {row.id: row.changed_at for row in rows}
        return missed, rows[-1].moment if missed else 0

    def _publish(self, hints: Iterable[int], moment: int = 0) -> None:
        self.moment = max(self.moment, moment)
        for hint in hints:
            for queue in self._queues:
                _put(queue, hint)


def _put(queue: asyncio.Queue[int | None], hint: int | None) -> None:
    if queue.full():
        while not queue.empty():
            queue.get_nowait()
        queue.put_nowait(EVERYTHING)
    queue.put_nowait(hint)
