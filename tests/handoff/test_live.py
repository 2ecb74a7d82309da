"""Who looks at a thread is told that it changed: after the commit, whatever gets lost on the way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest

from handoff import threads
from handoff.live import EVERYTHING, QUEUE, Live
from tests.bot.town import Town
from tests.cast import MARA

LISTENERS = "FROM pg_stat_activity WHERE query LIKE 'LISTEN knock%' AND datname = current_database()"


@asynccontextmanager
async def listening(live: Live) -> AsyncIterator[asyncio.Queue[int | None]]:
    """Somebody who listens, from the moment that the first hint came."""
    running = asyncio.create_task(live.run())
    try:
        async with live.subscribed() as hints:
            assert await asyncio.wait_for(hints.get(), 60) == EVERYTHING
            yield hints
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def hint_of(hints: asyncio.Queue[int | None], wanted: int) -> None:
    """Wait for a hint."""
    async with asyncio.timeout(60):
        while await hints.get() != wanted:
            pass


@pytest.fixture
async def thread_id(town: Town) -> int:
    """A thread whose last change is long ago."""
    thread_id = await town.opted_in(MARA)
    await town.run("UPDATE threads SET changed_at = now() - interval '1 day'")
    return thread_id


async def change(town: Town, thread_id: int) -> None:
    """Somebody writes on the thread; so long ago that no look sees it, and only the hint tells."""
    async with town.database.transaction("test") as session:
        thread = await threads.locked(session, thread_id)
        await threads.append(session, thread, "event", "bot", "Something happened")
        thread.changed_at = datetime.now(UTC) - timedelta(days=1)


async def test_a_change_is_heard_at_once(town: Town, thread_id: int) -> None:
    async with listening(Live(town.database)) as hints:
        await change(town, thread_id)
        await hint_of(hints, thread_id)


async def test_only_committed_things_reach_an_open_page(town: Town, thread_id: int) -> None:
    async with listening(Live(town.database)) as hints:
        async with town.database.transaction("test") as session:
            await threads.append(session, await threads.locked(session, thread_id), "event", "bot", "Not yet")
            await session.flush()
            await asyncio.sleep(0.5)
            assert hints.empty()
            await session.rollback()
        assert await town.value("SELECT count(*) FROM messages WHERE text = 'Not yet'") == 0


async def test_a_hint_that_was_lost_is_repaired_by_a_look(town: Town, thread_id: int) -> None:
    async with listening(Live(town.database)) as hints:
        repaired = asyncio.create_task(hint_of(hints, thread_id))
        while not repaired.done():  # a look goes back for ten seconds only
            await town.run("UPDATE threads SET changed_at = clock_timestamp()")
            await asyncio.wait([repaired], timeout=4)
        await repaired


async def test_a_connection_that_was_cut_is_made_again_and_everything_is_looked_at(town: Town, thread_id: int) -> None:
    async with listening(Live(town.database)) as hints:
        await town.run(f"SELECT pg_terminate_backend(pid) {LISTENERS}")
        await hint_of(hints, EVERYTHING)
        await change(town, thread_id)
        await hint_of(hints, thread_id)


async def test_who_lags_behind_is_told_to_look_at_everything(town: Town, thread_id: int) -> None:
    async with listening(Live(town.database)) as hints:
        for _ in range(3):
            await town.database.hint(range(1, QUEUE))
        await hint_of(hints, EVERYTHING)
        assert hints.qsize() <= QUEUE


async def test_more_changes_than_fit_into_a_hint_are_everything(town: Town) -> None:
    async with listening(Live(town.database)) as hints:
        await town.database.hint(range(10**6, 10**6 + 2000))
        await hint_of(hints, EVERYTHING)


async def test_whoever_listens_is_told_that_the_process_ends(town: Town) -> None:
    live = Live(town.database)
    async with listening(live) as hints:
        live.close()
        async with asyncio.timeout(60):
            while await hints.get() is not None:
                pass
