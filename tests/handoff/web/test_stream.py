"""The hints that reach an open page."""

import asyncio
from collections.abc import AsyncIterator, Set
from contextlib import asynccontextmanager

import pytest

from handoff.database import Database
from handoff.live import EVERYTHING, SOMEBODY, Live
from handoff.web.stream import Lists, no_lists, stream


class Gate:
    """Whether somebody may still listen."""

    def __init__(self) -> None:
        self.open = True

    async def __call__(self) -> bool:
        return self.open


@asynccontextmanager
async def listening(
    live: Live, gate: Gate, ping: float = 60, lists: Lists = no_lists, opened: Set[int] = frozenset({8})
) -> AsyncIterator[AsyncIterator[str]]:
    def awaited(hints: Set[int]) -> bool:
        return not opened.isdisjoint(hints) or EVERYTHING in hints

    body = aiter(stream(live, gate, lambda hint: hint != 7, awaited=awaited, lists=lists, ping=ping).body_iterator)
    assert "event: resync" in str(await anext(body)), "the gap between the page and the stream is closed"
    yield body  # type: ignore[misc]


@pytest.fixture
def live(database: Database) -> Live:
    """Hints that the test itself gives."""
    return Live(database)


async def test_a_change_is_told_as_a_number_and_nothing_else(live: Live) -> None:
    async with listening(live, Gate()) as events:
        live._publish([42])
        assert await anext(events) == "event: changed\ndata: 42\n\n"


async def test_a_change_that_is_not_for_this_listener_is_not_told(live: Live) -> None:
    async with listening(live, Gate()) as events:
        live._publish([7, 8])
        assert "8" in await anext(events)


async def test_many_hints_at_once_are_one_event_each(live: Live) -> None:
    async with listening(live, Gate()) as events:
        live._publish([1, 2, 1, 1, 2])
        assert await anext(events) == "event: changed\ndata: 1\n\nevent: changed\ndata: 2\n\n"
        live._publish([3])
        assert "3" in await anext(events)


async def test_lost_hints_make_the_page_look_at_everything(live: Live) -> None:
    async with listening(live, Gate()) as events:
        live._publish([EVERYTHING])
        assert "event: resync" in await anext(events)


async def test_lists_are_told_after_what_changed_and_only_then(live: Live) -> None:
    told = iter(range(1, 9))

    async def lists(hints: Set[int]) -> list[str]:
        return [f"list {next(told)} {sorted(hints)}"]

    async with listening(live, Gate(), lists=lists) as events:
        live._publish([7, SOMEBODY])
        live._publish([8])
        assert await anext(events) == "event: changed\ndata: 8\n\n"
        assert await anext(events) == "event: list\ndata: list 1 [-2, 7, 8]\n\n"
        live._publish([EVERYTHING])
        assert "resync" in await anext(events)
        assert "list 2 [-1]" in await anext(events)
        live._publish([9])
        both = "event: changed\ndata: 9\n\nevent: list\ndata: list 3 [9]\n\n"
        assert await anext(events) == both, "this listener has another thread open"


async def test_silence_is_broken_by_a_ping_that_scripts_can_hear(live: Live) -> None:
    async with listening(live, Gate(), ping=0.05) as events:
        assert await anext(events) == "event: ping\ndata: 0\n\n"


async def test_what_is_not_for_this_listener_does_not_hold_up_the_ping(live: Live) -> None:
    async def chatter() -> None:
        while True:
            live._publish([7])
            await asyncio.sleep(0.05)

    async with listening(live, Gate(), ping=0.3) as events:
        others = asyncio.create_task(chatter())
        async with asyncio.timeout(60):
            assert "event: ping" in await anext(events)
        others.cancel()


async def test_the_stream_ends_before_anything_is_told_to_somebody_who_may_not_listen_any_more(live: Live) -> None:
    gate = Gate()
    async with listening(live, gate) as events:
        gate.open = False
        live._publish([42])
        assert [event async for event in events] == []


async def test_the_stream_ends_at_once_with_the_process(live: Live) -> None:
    async with listening(live, Gate()) as events:
        asyncio.get_running_loop().call_later(0.05, live.close)
        async with asyncio.timeout(30):
            assert [event async for event in events] == []
