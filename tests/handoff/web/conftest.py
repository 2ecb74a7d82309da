"""An inbox with two people in it, and ways to ask it: over HTTP as a browser without scripts would, or in Chromium."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from playwright.async_api import BrowserContext

from handoff import agents
from handoff.database import Database
from handoff.live import Live
from handoff.models import Agent
from handoff.settings import Settings
from handoff.web.app import create_app
from tests.browser import serving
from tests.cast import ANA, BEN, Colleague
from tests.handoff.web.versions import GOOD, WORSE, at_work, freeze, version

HASHES: dict[str, str] = {}
"""A hash takes a quarter of a second on purpose; the tests make each once."""

ORIGIN = "http://localhost:8001"

UNDO = 60
"""Seconds for which a reply can be taken back: the longest that may be set, for a machine may stand still for some."""


@dataclass
class Inbox:
    """The application, its record, and who works there."""

    app: FastAPI
    database: Database
    live: Live
    people: dict[str, Agent] = field(default_factory=dict)

    async def hire(self, who: Colleague) -> Agent:
        """Somebody who may sign in."""
        password_hash = HASHES.get(who.password) or await agents.hashed(who.password)
        HASHES[who.password] = password_hash
        async with self.database.transaction("test.hire") as session:
            agent = await agents.create(session, who.email, who.name, password_hash, role=who.role)
        self.people[who.name] = agent
        return agent

    async def cookie(self, who: Colleague | None) -> dict[str, str]:
        """The cookie of a browser in which somebody is signed in; none for nobody."""
        if who is None:
            return {}
        agent = self.people.get(who.name) or await self.hire(who)
        async with self.database.transaction("test.sign in") as session:
            return {"knock_inbox": await agents.sign_in(session, agent, "a test")}

    async def visitor(self, who: Colleague | None = None) -> httpx.AsyncClient:
        """A browser without scripts, which says where its requests come from."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(
            transport=transport, base_url=ORIGIN, headers={"Origin": ORIGIN}, cookies=await self.cookie(who)
        )

    async def sit_down(self, context: BrowserContext, who: Colleague, url: str) -> None:
        """Sign in a real browser."""
        for name, value in (await self.cookie(who)).items():
            await context.add_cookies([{"name": name, "value": value, "url": url}])


@pytest.fixture
async def inbox(database: Database, tmp_path: Path) -> AsyncIterator[Inbox]:
    """An inbox without anybody in it; `live` hears what changes."""
    live = Live(database)
    settings = Settings(home=tmp_path, secret="a secret for tests", undo_seconds=UNDO, _env_file=None)
    inbox = Inbox(create_app(settings, database, live, "Northwind"), database, live)
    async with live.subscribed() as hints:
        hearing = asyncio.create_task(live.run())
        await hints.get()
    yield inbox
    live.close()
    hearing.cancel()
    with suppress(asyncio.CancelledError):
        await hearing


@pytest.fixture
async def ana(inbox: Inbox) -> httpx.AsyncClient:
    """An admin's browser, without scripts."""
    return await inbox.visitor(ANA)


@pytest.fixture
async def ben(inbox: Inbox) -> httpx.AsyncClient:
    """An agent's browser, without scripts."""
    return await inbox.visitor(BEN)


@pytest.fixture
async def url(inbox: Inbox) -> AsyncIterator[str]:
    """The inbox's address for real browsers."""
    async with serving(inbox.app) as address:
        yield address
        inbox.live.close()


@pytest.fixture
async def two(inbox: Inbox) -> None:
    """Version 1 is at work; version 2 understands refunds worse and the rest better."""
    await freeze(inbox.database)
    await version(inbox.database, GOOD)
    await version(inbox.database, WORSE)
    await at_work(inbox.database, 1)
