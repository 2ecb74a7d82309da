"""Connections and transactions; and, after each commit, the hint that says which threads changed."""

import copy
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import URL, BigInteger, Executable, cast, func, make_url, select, text
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from handoff.failpoints import failpoint

log = logging.getLogger(__name__)

HINTS = "knock"
"""The PostgreSQL notification channel of the hints."""

PRESENCE = "knock_presence"
"""The notification channel of who looks at a thread and who writes: nothing that is kept anywhere."""


MODELS = -3
"""The hint that says: a training went on, or another model is at work."""

LISTS = -4
"""The hint that says: lists look otherwise than before, though no thread changed."""

EVERYTHING = -1
"""The hint that says: some hints were lost, look at everything again."""

LONGEST_HINT = 7900
"""Bytes of the numbers in a notification; PostgreSQL allows 8,000 in all."""

_HINT = text("""
    SELECT pg_notify(:name, string_agg(concat_ws(':', id, (extract(epoch FROM changed_at) * 1000000)::bigint), ' ')
        || '@' || (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
    FROM unnest(CAST(:ids AS bigint[])) AS given (id) LEFT JOIN threads USING (id)
""")
"""Each number, for a thread with the time of its newest change, and after them `BY_NOW`."""

MOMENT = cast(func.extract("epoch", func.now()) * 1_000_000, BigInteger)
"""When this transaction began, in microseconds of the database's clock: what was committed before is seen in it."""

BY_NOW = cast(func.extract("epoch", func.clock_timestamp()) * 1_000_000, BigInteger)
"""When this row is read: what is seen in it was committed before."""

MOMENTS = 10**15
"""About so many microseconds have passed since 1970."""

AWAY = (OperationalError, InterfaceError, OSError)
"""The record is away, or two of us wanted the same rows: what was tried is not to blame, and can be tried again."""


Witness = Callable[[AsyncSession, str], None]


class Database:
    """The record. Only the edges (a step of the bot, a web request, a command) open a transaction."""

    def __init__(self, url: str, *, pool_size: int = 20) -> None:
        self.url = with_driver(url)
        self._engine = create_async_engine(
            self.url, pool_size=pool_size, max_overflow=10, pool_pre_ping=True, pool_timeout=10, hide_parameters=True
        )
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)
        self._autocommit = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._witness: Witness | None = None

    def witnessed(self, witness: "Witness") -> "Database":
        """The same record; `witness` is shown every transaction by its name before the commit, and may add to it."""
        same = copy.copy(self)
        same._witness = witness
        return same

    @asynccontextmanager
    async def transaction(self, name: str) -> AsyncIterator[AsyncSession]:
        """Commit at the end, roll back on any error. `name` names the failpoints around the commit."""
        async with self._sessions() as session:
            yield session
            if self._witness is not None:
                self._witness(session, name)
            failpoint(f"{name}: before commit")
            await session.commit()
        failpoint(f"{name}: after commit")
        if changed := session.info.get("changed"):
            await self.hint(changed)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session that never commits."""
        async with self._sessions() as session:
            yield session

    async def hint(self, changed: Iterable[int]) -> None:
        """Tell every listening process which threads changed, when, and what time it is: see `told_by`.

        A lost hint is repaired by the listeners' poll.
        """
        ids = list(changed)
        is_short = sum(len(f"{one}:{MOMENTS} ") for one in ids) < LONGEST_HINT
        await self._tell(_HINT, {"name": HINTS, "ids": ids if is_short else [EVERYTHING]})

    async def notify(self, name: str, payload: str) -> None:
        """Tell every listening process something that may get lost."""
        await self._tell(select(func.pg_notify(name, payload)), {})

    async def _tell(self, notification: Executable, values: Mapping[str, Any]) -> None:
        try:
            async with self._autocommit.connect() as connection:
                await connection.execute(notification, values)
        except (SQLAlchemyError, OSError) as error:
            log.warning("a hint was lost (the poll repairs it): %s", error)

    async def close(self) -> None:
        """Give back every connection."""
        await self._engine.dispose()


def told_by(hint: str) -> tuple[dict[int, int], int]:
    """What a hint says: each thread with the moment of its change (0: it is no thread), and when it was sent."""
    threads, sent_at = hint.split("@")
    told = (one.partition(":") for one in threads.split())
    return {int(one): int(changed_at or 0) for one, _, changed_at in told}, int(sent_at)


def with_driver(url: str) -> URL:
    """The same address for SQLAlchemy, spoken to by psycopg."""
    return make_url(url).set(drivername="postgresql+psycopg")


async def clock(session: AsyncSession) -> datetime:
    """The time by the database's clock, which all processes share."""
    now: datetime = (await session.execute(select(func.clock_timestamp()))).scalar_one()
    return now


async def check(session: AsyncSession) -> None:
    """Ask the triggers that wait for the commit now, while a savepoint can still be rolled back."""
    await session.flush()
    await session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))


def changed(session: AsyncSession, thread_id: int) -> None:
    """Remember that the thread changes with this transaction; 0 stands for work that has no thread yet."""
    session.info.setdefault("changed", set()).add(thread_id)
