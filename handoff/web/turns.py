"""Lists are begun one after the other: whoever looks at a thread waits behind one of them, and not behind all."""

import asyncio

from starlette.types import ASGIApp, Receive, Scope, Send

STEPS = 4
"""Turns of the event loop that a look at the list takes when nothing is to be asked for it."""


class Turns:
    """Begins a request for one path only `STEPS` turns of the event loop after the one before it.

    Two hundred pages look at their lists when one thing changes. Were they all under way at once, each turn of the loop
    would do a piece of every one, and each of the ten questions of a thread would wait for that. Nobody waits for the
    end of what somebody else asked, which can be slow.
    """

    def __init__(self, app: ASGIApp, *, path: str) -> None:
        self.app, self.path, self._turn = app, path, asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == self.path:
            async with self._turn:
                for _ in range(STEPS):
                    await asyncio.sleep(0)
        await self.app(scope, receive, send)
