"""Hints as server-sent events: they say that something changed, never what; the page then asks, as itself.

Who looks and who writes is told in full: it is in no record that could be asked. And so is the list, which every page
of an inbox would ask for when anything changes.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Set
from contextlib import suppress
from typing import Any

from starlette.responses import StreamingResponse

from handoff.database import LISTS
from handoff.live import EVERYTHING, SOMEBODY, Live

PING = 15.0
"""Seconds of silence after which a `ping` says that the stream lives; after 40 s without one the page asks anew."""

PACE = 0.15
"""Seconds between two looks into the queue: many hints in a short time are one event each, and one permission check."""

BREATH = 0.0002
"""The same for each open stream, at most `PACE`, after a look that found nothing, or only who is there: what changed
does not wait behind somebody who stopped typing, or behind a thread that nobody may see yet."""

Changes = Callable[[], list[dict[str, Any]]]
"""What changed in who is present since it was asked last; see `handoff.presence`."""


Lists = Callable[[Set[int]], Awaitable[list[str]]]
"""What is new in the lists that a page shows since there were these hints, each as the data of an event."""


def nobody() -> list[dict[str, Any]]:
    """No presence is told."""
    return []


async def no_lists(hints: Set[int]) -> list[str]:
    """No list is told."""
    return []


def stream(
    live: Live,
    allowed: Callable[[], Awaitable[bool]],
    wanted: Callable[[int], bool] = lambda hint: True,
    *,
    awaited: Callable[[Set[int]], bool] = lambda hints: True,
    present: Changes = nobody,
    lists: Lists = no_lists,
    ping: float = PING,
) -> StreamingResponse:
    """An endless answer with the events `changed` (data: the thread's id; id: `Live.moment`, from which on the change
    is seen), `resync` (look at everything) and `ping`, `presence` (data: who is at which thread, and what they do), and
    `list` (data: see `lists`). What changed is told at once to those who have the thread open (`awaited`), for they ask
    meanwhile, and to all others together with the list.

    It ends when the process does, and as soon as `allowed` says no: it is asked before anything is sent.
    """
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    events = _events(live, allowed, wanted, awaited, present, lists, ping)
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


async def _events(
    live: Live,
    allowed: Callable[[], Awaitable[bool]],
    wanted: Callable[[int], bool],
    awaited: Callable[[Set[int]], bool],
    present: Changes,
    lists: Lists,
    ping: float,
) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    async with live.subscribed() as queue:
        yield "retry: 1000\n" + _event("resync")
        for somebody in present():
            yield _event("presence", json.dumps(somebody))
        told_at = loop.time()
        while (hints := await _gathered(queue, told_at + ping - loop.time())) is not None and await allowed():
            is_late = loop.time() >= told_at + ping
            events = _told(hints, live, wanted, present) or [_event("ping")] * is_late
            is_news = any(hint in (EVERYTHING, LISTS) or wanted(hint) for hint in hints - {SOMEBODY})
            if events and (not is_news or awaited(hints)):
                yield "".join(events)
                told_at, events = loop.time(), []
            if is_news:
                events += [_event("list", news) for news in await lists(hints)]
            if events:
                yield "".join(events)
                told_at = loop.time()
            await asyncio.sleep(PACE if is_news else min(PACE, BREATH * live.listeners))


def _told(hints: set[int], live: Live, wanted: Callable[[int], bool], present: Changes) -> list[str]:
    """What this listener is told of some hints; of what is not for it, nothing."""
    events = []
    for hint in sorted(hints):
        if hint == EVERYTHING:
            events.append(_event("resync"))
        elif hint == SOMEBODY:
            events += [_event("presence", json.dumps(somebody)) for somebody in present()]
        elif hint != LISTS and wanted(hint):
            events.append(_event("changed", hint, live.moment))
    return events


async def _gathered(queue: asyncio.Queue[int | None], patience: float) -> set[int] | None:
    """All hints that wait, as soon as there is one; none after `patience` seconds; `None` when the process ends."""
    hints: set[int] = set()
    with suppress(TimeoutError):
        async with asyncio.timeout(max(0, patience)):
            hint = await queue.get()
        while hint is not None:
            hints.add(hint)
            if queue.empty():
                return hints
            hint = queue.get_nowait()
        return None
    return hints


def _event(name: str, data: int | str = 0, moment: int = 0) -> str:
    number = f"id: {moment}\n" if moment else ""
    return f"event: {name}\n{number}data: {data}\n\n"
