"""A small world for the pages: the real flow and bot on a real PostgreSQL, no Rasa, and browsers without scripts."""

import re
import secrets
from dataclasses import dataclass
from html import unescape

import httpx
from fastapi import FastAPI
from sqlalchemy import select

from bot.flow import Flow
from bot.run import Bot
from bot.settings import BotSettings
from handoff import cases
from handoff.database import Database
from handoff.live import Live
from handoff.models import Agent, Thread

COMPLAINT = "My Northwind parcel has not arrived for two weeks and nobody answers. Can somebody help me please?"


@dataclass
class World:
    """Everything behind the pages, and the steps of the bot, one after the other."""

    settings: BotSettings
    database: Database
    flow: Flow
    live: Live
    bot: Bot
    app: FastAPI

    @property
    def origin(self) -> str:
        """Where the pages are."""
        return self.settings.public_origin

    def visitor(self, address: str = "127.0.0.1") -> httpx.AsyncClient:
        """A browser without scripts, with its own cookies."""
        transport = httpx.ASGITransport(app=self.app, client=(address, 1))
        return httpx.AsyncClient(
            transport=transport, base_url=self.origin, headers={"Origin": self.origin}, follow_redirects=True
        )

    async def member(self, name: str) -> httpx.AsyncClient:
        """A visitor who picked a name."""
        visitor = self.visitor()
        answer = await visitor.post("/square/join", data={"name": name})
        assert answer.status_code == 200, answer.text
        return visitor

    async def work(self) -> None:
        """Let the bot do all that is due: hear, offer, talk, deliver."""
        busy = True
        while busy:
            busy = await self.flow.handle_next()
            for claim in (self.bot.claim_offer, self.bot.claim_talk, self.bot.claim_line):
                claimed = await claim()
                busy = busy or claimed is not False
                if not isinstance(claimed, bool):
                    await claimed()

    async def agent_replies(self, text: str, note: bool = False) -> None:
        """Ana answers the newest thread, or leaves a note on it."""
        async with self.database.transaction("test") as session:
            ana = (await session.scalars(select(Agent))).one_or_none()
            if ana is None:
                ana = Agent(email="ana@northwind.example", name="Ana", password_hash="none")
                session.add(ana)
                await session.flush()
            thread = (await session.scalars(select(Thread).order_by(Thread.id.desc()))).first()
            assert thread
            say = secrets.token_hex(8)
            if note:
                await cases.note(session, thread.id, ana, text, client_id=say)
            else:
                await cases.reply(session, thread.id, ana, text, client_id=say, seen_seq=thread.last_seq)


async def post(visitor: httpx.AsyncClient, text: str, path: str = "/square") -> httpx.Response:
    """Post a topic, or an answer in the topic at `path`, as a person would: with the key of the form."""
    form = await visitor.get(path)
    return await visitor.post(path, data={"text": text, "key": hidden(form.text, "key")})


async def offered(world: World, name: str = "Mara", text: str = COMPLAINT) -> tuple[httpx.AsyncClient, str]:
    """A member whose complaint was answered by the offer, and the path of its link."""
    visitor = await world.member(name)
    return visitor, await offer_to(world, visitor, text)


async def offer_to(world: World, visitor: httpx.AsyncClient, text: str = COMPLAINT) -> str:
    """The path of the link of the offer by which a complaint was answered."""
    topic = await post(visitor, text)
    await world.work()
    page = await visitor.get(topic.url)
    found = re.search(r'href="[^"]*(/h/[\w-]+)"', page.text)
    assert found, page.text
    return found[1]


async def chatting(world: World, name: str = "Mara") -> tuple[httpx.AsyncClient, str]:
    """A member who has opted in, and the path of the chat."""
    visitor, link = await offered(world, name)
    await visitor.post(link)
    await world.work()
    return visitor, link


def hidden(page: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    return unescape(found[1]) if found else ""


def words(page: str) -> str:
    """What is to be read on a page."""
    body = re.sub(r"<(head|style|script).*?</\1>", "", page, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())
