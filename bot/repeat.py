"""Do a step again and again, woken by a bell or every so often. One that fails is tried again, and takes none down."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from handoff import database

log = logging.getLogger(__name__)

IDLE = 1.0
"""Seconds after which a step looks again, also when no hint came."""

AT_ONCE = 8
"""Pieces of work of one step that may be under way at once: one slow channel or talk holds up nobody else."""

GRACE = 2.0
"""Seconds that work under way has to end when Knock ends."""

Claim = bool | Callable[[], Awaitable[None]]
"""What a claim gave: work to do, `True` for "look again at once", `False` for "nothing is due"."""


async def watch(
    hints: asyncio.Queue[int | None], look: Callable[[], Awaitable[set[str]]], bells: Mapping[str, asyncio.Event]
) -> None:
    """On each hint, and every `IDLE` seconds, look what is due and wake who does that, until the hints end."""

    async def step() -> bool:
        for name in await look():
            bells[name].set()
        return True

    while await _next(hints) is not None:
        await _guarded("look for work", step)


async def _next(hints: asyncio.Queue[int | None]) -> int | None:
    """The next hint, with all that came meanwhile; after a while without one, a hint that says nothing."""
    hint: int | None = 0
    with suppress(TimeoutError):  # wait_for of Python 3.11 may swallow a cancellation
        async with asyncio.timeout(IDLE):
            hint = await hints.get()
    while hint is not None and not hints.empty():
        hint = hints.get_nowait()
    return hint


async def again(name: str, step: Callable[[], Awaitable[bool]], bell: asyncio.Event) -> None:
    """Take the step for as long as it finds something to do, then wait for the bell."""
    while True:
        bell.clear()
        if not await _guarded(name, step):
            await bell.wait()


async def share(name: str, claim: Callable[[], Awaitable[Claim]], bell: asyncio.Event) -> None:
    """Claim one piece of work after the other and do up to `AT_ONCE` of them side by side.

    When this is cancelled, what is under way has `GRACE` seconds to end, so that no sending is left in doubt.
    """
    places = asyncio.Semaphore(AT_ONCE)
    under_way: set[asyncio.Task[None]] = set()

    async def work_on(work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except Exception:
            log.exception("%s failed; it is tried again when its lease ends", name)
        finally:
            places.release()

    async def step() -> bool:
        await places.acquire()
        claimed: Claim = False
        try:
            claimed = await claim()
        finally:
            if isinstance(claimed, bool):
                places.release()
        if not isinstance(claimed, bool):
            task = asyncio.create_task(work_on(claimed))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        return claimed is not False

    try:
        await again(name, step, bell)
    finally:
        await _end(under_way)


async def _end(under_way: set[asyncio.Task[None]]) -> None:
    if not under_way:
        return
    _, late = await asyncio.wait(under_way, timeout=GRACE)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)


async def every(seconds: float, name: str, step: Callable[[], Awaitable[None]]) -> None:
    """Take the step, wait, and take it again."""

    async def once() -> bool:
        await step()
        return True

    while True:
        await _guarded(name, once)
        await asyncio.sleep(seconds)


async def _guarded(name: str, step: Callable[[], Awaitable[bool]]) -> bool:
    try:
        return await step()
    except Exception as error:
        log.warning("%s failed, trying again: %s", name, error, exc_info=not isinstance(error, database.AWAY))
        await asyncio.sleep(IDLE)
        return True
