"""Who is asking, what they may do, and how often: nothing behind the gate is reached without a token.

GET and HEAD need an integration that may read, everything else one that may write.
"""

import math
import time
from typing import Annotated

from fastapi import Depends, Request
from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from handoff import integrations
from handoff.api import shapes
from handoff.api.problem import problem
from handoff.database import Database
from handoff.integrations import Integration

ALLOWED = 300
"""Requests a minute of one token, in each process that serves the API."""

OPEN = ("/openapi.json",)
"""What everybody may read: the description of the API."""

WITHOUT = "Send `Authorization: Bearer knock_…`. An admin makes tokens at /admin/api of the inbox."
UNKNOWN = "This token opens nothing: it was mistyped or revoked. An admin makes a new one at /admin/api of the inbox."
READ_ONLY = "This token may only read. Ask an admin for one that may write."
TOO_FAST = "Too many requests. Go on after the seconds in `Retry-After`."


class Gate:
    """Stands in front of the whole API, and says in `RateLimit` how much is left."""

    def __init__(self, app: ASGIApp, *, database: Database, allowed: int = ALLOWED) -> None:
        self.app, self._database, self._allowed = app, database, allowed
        self._limit = RateLimitItemPerMinute(allowed)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].removeprefix(scope.get("root_path", "")) in OPEN:
            return await self.app(scope, receive, send)
        scheme, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            return await _refuse(401, WITHOUT, {"WWW-Authenticate": "Bearer"})(scope, receive, send)
        integration = await self._known(token.strip())
        if integration is None:
            challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            return await _refuse(401, UNKNOWN, challenge)(scope, receive, send)
        answer = await self._obstacle(scope["method"], integration)
        scope.setdefault("state", {})["integration"] = integration
        send_on = await self._telling_the_rate(integration, send)
        await (answer or self.app)(scope, receive, send_on)

    async def _known(self, token: str) -> Integration | None:
        async with self._database.reading() as session:
            found = await integrations.of_token(session, token)
        if found is not None and integrations.is_stale(found):
            async with self._database.transaction("api.used") as session:
                await integrations.used(session, found.id)
        return found

    async def _obstacle(self, method: str, integration: Integration) -> Response | None:
        if not await self._limiter.hit(self._limit, str(integration.id)):
            return _refuse(429, TOO_FAST, {"Retry-After": str((await self._left(integration))[1])})
        if method not in ("GET", "HEAD") and integration.access != "write":
            return _refuse(403, READ_ONLY, {})
        return None

    async def _left(self, integration: Integration) -> tuple[int, int]:
        """How many requests are left, and the seconds after which there are more."""
        window = await self._limiter.get_window_stats(self._limit, str(integration.id))
        return window.remaining, max(1, math.ceil(window.reset_time - time.time()))

    async def _telling_the_rate(self, integration: Integration, send: Send) -> Send:
        left, seconds = await self._left(integration)

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["RateLimit-Policy"] = f'"token";q={self._allowed};w=60'
                headers["RateLimit"] = f'"token";r={left};t={seconds}'
            await send(message)

        return send_on


def integration(request: Request) -> Integration:
    """Who is asking; the gate has found out."""
    found: Integration = request.scope["state"]["integration"]
    return found


def database(request: Request) -> Database:
    """The record."""
    found: Database = request.app.state.database
    return found


def say(request: Request) -> shapes.Say:
    """How words are put to who asks: to who may only read, masked."""
    return shapes.masking if integration(request).access == "read" else shapes.plainly


Asking = Annotated[Integration, Depends(integration)]
Saying = Annotated[shapes.Say, Depends(say)]
Record = Annotated[Database, Depends(database)]


def _refuse(status: int, sentence: str, headers: dict[str, str]) -> Response:
    return problem(status, sentence, headers=headers)
