"""The API over a record, programs with tokens, and the people in whose name they act."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httpx
import pytest
from fastapi import FastAPI

from handoff import agents, integrations
from handoff.api.app import create_api
from handoff.database import Database
from handoff.integrations import Access
from handoff.models import Agent
from tests.cast import ANA, BEN, Colleague


@dataclass
class Api:
    """The API, its record, and who works there."""

    app: FastAPI
    database: Database
    people: dict[str, Agent] = field(default_factory=dict)

    async def token(self, access: Access = "write") -> str:
        """The token of a new integration."""
        async with self.database.transaction("test.integration") as session:
            return await integrations.make(session, "The shop", access)

    async def client(self, access: Access | None = "write") -> httpx.AsyncClient:
        """A program that uses the API; without `access` it has no token."""
        headers = {"Authorization": f"Bearer {await self.token(access)}"} if access else {}
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers)

    async def hire(self, who: Colleague) -> Agent:
        """Somebody in whose name a program may act."""
        async with self.database.transaction("test.hire") as session:
            agent = await agents.create(session, who.email, who.name, "no password", role=who.role)
        self.people[who.name] = agent
        return agent


@pytest.fixture
async def api(database: Database) -> Api:
    """The API, with Ana and Ben as agents."""
    api = Api(create_api(database), database)
    for who in (ANA, BEN):
        await api.hire(who)
    return api


@pytest.fixture
async def shop(api: Api) -> httpx.AsyncClient:
    """A program that may read and write."""
    return await api.client()


@pytest.fixture
async def reader(api: Api) -> httpx.AsyncClient:
    """A program that may only read."""
    return await api.client("read")


Post = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
def post(shop: httpx.AsyncClient) -> Post:
    """Do something with a key of its own."""
    keys = iter(range(10**6))

    async def do(path: str, body: object = None, key: str = "", **headers: str) -> httpx.Response:
        named = {"Idempotency-Key": key or f"key-{next(keys):06}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return await shop.post(path, json={"agent": BEN.email} if body is None else body, headers=named)

    return do
