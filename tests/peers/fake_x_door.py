"""The door of our fake X: every call is counted, may meet trouble, and is let in by its token and its window."""

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.peers.fake_x_calls import Asked, Call, Endpoint, Unable
from tests.peers.fake_x_limits import Limits
from tests.peers.fake_x_problems import (
    Json,
    Problem,
    forbidden,
    invalid,
    usage_capped,
    wrong_kind_of_token,
)
from tests.peers.fake_x_shapes import named
from tests.peers.fake_x_tokens import BadGrant, Token, Tokens
from tests.peers.fake_x_trouble import JSON_TYPE, Broken, Trouble
from tests.peers.fake_x_world import World

PERSONS = "OAuth 1.0a User Context, OAuth 2.0 User Context"
APPS = "OAuth 2.0 Application-Only"


class CutOff(Response):
    """No answer at all: the connection ends."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["cut"]()
        while (await receive())["type"] != "http.disconnect":
            pass


class Door:
    """Turns HTTP into calls of handlers, and what they answer into HTTP."""

    def __init__(self, world: World, tokens: Tokens, limits: Limits, trouble: Trouble) -> None:
        self._world, self._tokens, self._limits, self._trouble = world, tokens, limits, trouble
        self.calls: list[Call] = []
        self.counts: Counter[str] = Counter()
        self.read: Counter[str] = Counter()
        """Posts that were handed out, by endpoint."""

    def routes(self, endpoints: Iterable[Endpoint]) -> list[Route]:
        """The API; where several fit, the first one wins."""
        return [
            *(self._route(endpoint) for endpoint in endpoints),
            Route("/2/oauth2/token", self._token, methods=["POST"]),
            Route("/2/oauth2/revoke", self._token, methods=["POST"]),
        ]

    def _route(self, endpoint: Endpoint) -> Route:
        async def answer(request: Request) -> Response:
            headers: dict[str, str] = {}

            async def handle(asked: Asked) -> Response:
                done = await run_in_threadpool(endpoint.handle, asked) if endpoint.slow else self._do(endpoint, asked)
                return self._say(done, endpoint.status, headers)

            return await self.let_in(endpoint, request, handle, headers)

        return Route(_starlette(endpoint.path), answer, methods=[endpoint.method])

    async def let_in(
        self,
        endpoint: Endpoint,
        request: Request,
        handle: Callable[[Asked], Awaitable[Response]],
        headers: dict[str, str] | None = None,
    ) -> Response:
        """What `handle` answers, or why it is not asked; `headers` becomes those that every answer has."""
        body, headers = await _body(request), {} if headers is None else headers
        if (instead := self._meet(request, endpoint.path, body)) is not None:
            return instead
        try:
            done = await handle(self._admit(endpoint, request, body, headers))
        except Problem as problem:
            return self._say(problem.body, problem.status, headers | problem.headers)
        lost = self._trouble.drops(request.method, request.url.path, endpoint.path, before=False)
        return CutOff() if lost else done

    def _admit(self, endpoint: Endpoint, request: Request, body: Any, headers: dict[str, str]) -> Asked:
        token = self._tokens.check(request.headers.get("authorization", ""))
        _check_kind(endpoint, token)
        headers |= self._limits.take(endpoint.name, token)
        if endpoint.metered and self._trouble.no_credit:
            raise usage_capped()
        if not isinstance(body, dict):
            raise invalid("The body must be a JSON object")
        fractions = not self._trouble.odd_timestamps
        asked = Asked(self._world, token, request.path_params, dict(request.query_params), body, fractions)
        endpoint.check(asked)
        return asked

    def _do(self, endpoint: Endpoint, asked: Asked) -> Json:
        with self._world.lock:
            try:
                done = endpoint.handle(asked)
            except Unable as unable:
                return unable.answer
        self._count(endpoint, done)
        return done

    def _count(self, endpoint: Endpoint, done: Json) -> None:
        if endpoint.metered and endpoint.method == "GET" and (data := done.get("data")):
            self.read[endpoint.name] += len(data) if isinstance(data, list) else 1

    async def _token(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        path, authorization = request.url.path, request.headers.get("authorization", "")
        if (instead := self._meet(request, path, form)) is not None:
            return instead
        with self._world.lock:
            try:
                done = (self._tokens.grant if path.endswith("/token") else self._tokens.revoke)(form, authorization)
            except BadGrant as bad:
                return JSONResponse(bad.body, bad.status)
        return CutOff() if self._trouble.drops("POST", path, path, before=False) else JSONResponse(done)

    def _meet(self, request: Request, documented: str, body: Any) -> Response | None:
        """Write the call down; the trouble that it meets."""
        method, path = request.method, request.url.path
        params = {**request.query_params, **(body if isinstance(body, dict) else {})}
        self.calls.append(Call(method, path, params))
        self.counts[f"{method} {documented}"] += 1
        if self._trouble.drops(method, path, documented, before=True):
            return CutOff()
        broken = self._trouble.answer(method, path, documented)
        return _instead(broken) if broken else None

    def _say(self, body: Json, status: int, headers: dict[str, str]) -> Response:
        text = json.dumps(named(body, self._world.naming), ensure_ascii=False)
        kind = JSON_TYPE if status < 400 else "application/problem+json"
        return Response(text, status, headers, media_type=kind)


class Cuttable:
    """Around the application of the day: lets it end a connection, which ASGI has no word for."""

    def __init__(self, app: Callable[[], ASGIApp]) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        cycle: Any = getattr(send, "__self__", None)
        if cycle:
            scope["cut"] = cycle.transport.abort
        await self._app()(scope, receive, send)


def _check_kind(endpoint: Endpoint, token: Token) -> None:
    if endpoint.who == "person" and token.account is None:
        raise wrong_kind_of_token(APPS, PERSONS)
    if endpoint.who == "app" and token.account is not None:
        raise wrong_kind_of_token("OAuth 2.0 User Context", APPS)
    if token.account and endpoint.scopes - token.scopes:
        raise forbidden(f"The token lacks {', '.join(sorted(endpoint.scopes - token.scopes))}.")


def _instead(broken: Broken) -> Response:
    if broken.is_html:
        return Response(broken.body, broken.status, broken.headers, media_type="text/html")
    return Response(json.dumps(broken.body), broken.status, broken.headers, media_type="application/problem+json")


async def _body(request: Request) -> Any:
    raw = await request.body()
    try:
        return json.loads(raw) if raw else {}
    except ValueError:
        return None


def _starlette(path: str) -> str:
    return "/".join(f"{{{part[1:]}}}" if part.startswith(":") else part for part in path.split("/"))
