"""The filtered stream of our fake X: its rules, its one connection, and the empty lines that say it is alive."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import count

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from tests.peers.fake_x_calls import FIELDS, Asked, Endpoint
from tests.peers.fake_x_door import Door
from tests.peers.fake_x_posts import Post, moment
from tests.peers.fake_x_problems import PROBLEMS, Json, Problem
from tests.peers.fake_x_search import Match, Unreadable, read
from tests.peers.fake_x_shapes import named
from tests.peers.fake_x_world import World

RULES = "/2/tweets/search/stream/rules"
STREAM = "/2/tweets/search/stream"
LONGEST_RULE, MOST_RULES = 1024, 1000
KEEP_ALIVE = 20.0
BEAT = 0.02
"""Seconds between two looks for new posts."""


@dataclass(frozen=True)
class Rule:
    """Posts that match go down the stream."""

    id: str
    value: str
    tag: str | None
    matches: Match

    def shown(self) -> Json:
        """As X tells of it."""
        return {"id": self.id, "value": self.value} | ({"tag": self.tag} if self.tag else {})


class Stream:
    """One connection at a time, of the app by itself."""

    def __init__(self, world: World, door: Door) -> None:
        self._world, self._door = world, door
        self.rules: list[Rule] = []
        self.keep_alive = KEEP_ALIVE
        """Seconds between two signs of life."""
        self.connections = 0
        self.closing = False
        self._generation = 0
        self._numbers = count(1_900_000_000_000_000_001)

    def endpoints(self) -> list[Endpoint]:
        """Those that answer at once."""
        flags = frozenset({"dry_run", "delete_all"})
        body = frozenset({"add", "delete"})
        return [
            Endpoint("GET", RULES, self.show, frozenset({"ids", "max_results", "pagination_token"}), who="app"),
            Endpoint("POST", RULES, self.change, flags, who="app", status=201, allowed_in_body=body),
            Endpoint("DELETE", "/2/connections/all", self.cut, who="app"),
        ]

    def route(self) -> Route:
        """The stream itself."""
        return Route(STREAM, self._connect, methods=["GET"])

    def show(self, asked: Asked) -> Json:
        """The rules."""
        found = [rule.shown() for rule in self.rules]
        return ({"data": found} if found else {}) | {"meta": self._meta() | {"result_count": len(found)}}

    def change(self, asked: Asked) -> Json:
        """Add rules, or take some away."""
        return self._remove(asked.body["delete"]) if "delete" in asked.body else self._add(asked.body.get("add", []))

    def cut(self, asked: Asked) -> Json:
        """End all connections."""
        ended, self._generation = self.connections, self._generation + 1
        return {"data": {"successful_kills": ended, "failed_kills": 0}}

    def _add(self, wanted: list[Json]) -> Json:
        made: list[Rule] = []
        errors: list[Json] = []
        for one in wanted:
            value = str(one.get("value", ""))
            same = next((rule for rule in self.rules if rule.value == value), None)
            if same:
                errors.append(
                    {"value": value, "id": same.id, "title": "DuplicateRule", "type": f"{PROBLEMS}duplicate-rules"}
                )
                continue
            try:
                if len(value) > LONGEST_RULE or len(self.rules) >= MOST_RULES:
                    raise Unreadable("too long, or too many")
                made.append(Rule(str(next(self._numbers)), value, one.get("tag"), read(value)))
                self.rules.append(made[-1])
            except Unreadable as error:
                errors.append({"value": value, "details": [str(error)], "title": "UnprocessableEntity"})
        counts = {"created": len(made), "not_created": len(errors), "valid": len(made), "invalid": len(errors)}
        answer = {"data": [rule.shown() for rule in made], "errors": errors, "meta": self._meta() | {"summary": counts}}
        return {name: value for name, value in answer.items() if value}

    def _remove(self, which: Json) -> Json:
        ids, values = which.get("ids", []), which.get("values", [])
        kept = [rule for rule in self.rules if rule.id not in ids and rule.value not in values]
        counts = {"deleted": len(self.rules) - len(kept), "not_deleted": 0}
        self.rules = kept
        return {"meta": self._meta() | {"summary": counts}}

    def _meta(self) -> Json:
        return {"sent": moment(self._world.now()).isoformat()}

    async def _connect(self, request: Request) -> Response:
        endpoint = Endpoint(
            "GET", STREAM, self.show, FIELDS | {"backfill_minutes", "start_time", "end_time"}, who="app"
        )

        async def start(asked: Asked) -> Response:
            if self.connections:
                detail = "This stream is currently at the maximum allowed connection limit."
                more = {"connection_issue": "TooManyConnections"}
                raise Problem(429, "ConnectionException", detail, PROBLEMS + "streaming-connection", **more)
            if not self.rules:
                detail = "Rules must be configured before connecting."
                raise Problem(409, "ConnectionException", detail, PROBLEMS + "rule-configuration")
            self.connections += 1
            return StreamingResponse(self._lines(asked, len(self._world.log)), media_type="application/json")

        return await self._door.let_in(endpoint, request, start)

    async def _lines(self, asked: Asked, position: int) -> AsyncIterator[bytes]:
        silent, generation, loop = 0.0, self._generation, asyncio.get_running_loop()
        silent = loop.time()
        try:
            while not self.closing and generation == self._generation:
                for post in self._world.log[position:]:
                    position += 1
                    if line := self._line(asked, post):
                        silent = loop.time()
                        yield line
                if loop.time() - silent >= self.keep_alive:
                    silent = loop.time()
                    yield b"\r\n"
                await asyncio.sleep(BEAT)
        finally:
            self.connections -= 1

    def _line(self, asked: Asked, post: Post) -> bytes:
        with self._world.lock:
            matching = [rule for rule in self.rules if rule.matches(post)]
            if not matching or not self._world.is_shown(post, None):
                return b""
            shown = {"data": asked.shown.post(post), **asked.shown.beside([post])}
        rules = [{"id": rule.id} | ({"tag": rule.tag} if rule.tag else {}) for rule in matching]
        return json.dumps(named(shown | {"matching_rules": rules}, self._world.naming)).encode() + b"\r\n"
