"""Lists take turns."""

import asyncio
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from handoff.web.turns import STEPS, Turns

begun: list[str] = []


async def noting(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that notes who came, and never answers a list that is slow."""
    begun.append(scope["client"])
    if scope["client"] == "slow":
        await asyncio.Event().wait()


async def never() -> Message:
    raise AssertionError("nobody reads")


async def nowhere(message: Message) -> None:
    raise AssertionError(message)


def asks(app: Turns, who: str, path: str, type: str = "http") -> "asyncio.Task[None]":
    scope: dict[str, Any] = {"type": type, "path": path, "client": who}
    return asyncio.create_task(app(scope, never, nowhere))


async def test_a_thread_waits_for_no_list_and_lists_come_in_their_order() -> None:
    begun.clear()
    app = Turns(noting, path="/list")
    asked = [asks(app, f"list {number}", "/list") for number in range(5)]
    asked.append(asks(app, "thread", "/inbox/1/look"))
    await asyncio.gather(*asked)
    assert begun == ["thread", *[f"list {number}" for number in range(5)]]


async def test_between_two_lists_the_loop_turns_as_often_as_one_of_them_takes() -> None:
    begun.clear()
    app = Turns(noting, path="/list")
    asked = [asks(app, f"list {number}", "/list") for number in range(3)]
    turns = 0
    while len(begun) < 3:
        await asyncio.sleep(0)
        turns += 1
    assert turns >= 3 * STEPS
    await asyncio.gather(*asked)


async def test_nobody_waits_for_the_end_of_a_list_that_is_slow() -> None:
    begun.clear()
    app = Turns(noting, path="/list")
    slow, other = asks(app, "slow", "/list"), asks(app, "other", "/list")
    await asyncio.wait_for(other, 5)
    slow.cancel()
    assert begun == ["slow", "other"]


async def test_who_goes_away_while_waiting_holds_up_nobody() -> None:
    begun.clear()
    app = Turns(noting, path="/list")
    first, gone, last = (asks(app, who, "/list") for who in ("first", "gone", "last"))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(first, last)
    assert begun == ["first", "last"]
