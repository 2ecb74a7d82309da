"""The whole product at work for a story: the record, Rasa, the channels, the pages; and customers who use it."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import httpx
import pytest
from fastapi import FastAPI

from bot.brand import read_brand
from bot.channel import Channel
from bot.channels.square import Square
from bot.detect import Detect
from bot.flow import Flow
from bot.pages.app import create_app
from bot.run import Bot
from bot.settings import BotSettings
from handoff.database import Database
from handoff.live import Live
from nlu.detector import Detector, read_examples
from nlu.gate import Gate
from nlu.guards import Guards
from nlu.rasa import Rasa
from tests.bot.pages.world import hidden, words
from tests.peers.fake_telegram import FakeTelegram
from tests.peers.outside_telegram import OutsideTelegram

T = TypeVar("T")

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Story:
    """Everything of Knock but the inbox's pages."""

    settings: BotSettings
    database: Database
    live: Live
    flow: Flow
    bot: Bot
    pages: FastAPI


@asynccontextmanager
async def knock_at_work(
    database: Database, rasa: Rasa | None, detector: Detector, *channels: Channel, port: int = 8000, **settings: Any
) -> AsyncIterator[Story]:
    """Knock with these channels and the square, working until the block ends."""
    made = BotSettings(secret="the secret of the tests", public_port=port, **settings)
    brand = read_brand(ROOT / "knock.toml")
    live = Live(database)
    known = {channel.name: channel for channel in (Square(database, made.public_origin, brand.name), *channels)}
    flow = Flow(made, brand, database, known, Detect(Gate({brand.name: brand.words}), Guards.read(), detector))
    bot = Bot(made, brand, database, live, known, flow, rasa)
    tasks = [asyncio.create_task(live.run()), asyncio.create_task(bot.run())]
    try:
        yield Story(made, database, live, flow, bot, create_app(made, brand, database, flow, live))
    finally:
        live.close()
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def until(look: Callable[[], Awaitable[T | None]], seconds: float = 60) -> T:
    """The first answer that is true."""
    async with asyncio.timeout(seconds):
        while not (found := await look()):
            await asyncio.sleep(0.02)
        return found


@pytest.fixture(scope="session")
def detector() -> Detector:
    """The detector that Knock comes with, trained once for all tests."""
    return Detector.train(read_examples())


class Customer(Protocol):
    """Somebody with a problem, wherever they are."""

    async def complain(self, text: str) -> None:
        """Say it in public."""

    async def offers(self) -> list[str]:
        """Links of the offers that were made to them."""

    async def accept(self) -> None:
        """Follow the link and say yes."""

    async def say(self, text: str) -> None:
        """Say it in private."""

    async def heard(self) -> list[str]:
        """What was said to them in private, oldest first."""


class OnTelegram:
    """A customer in a group that the bot was added to."""

    def __init__(self, telegram: FakeTelegram, name: str, group: str = "Kettle friends") -> None:
        self._telegram, self._name, self._group = telegram, name, group

    async def complain(self, text: str) -> None:
        """Post in the group."""
        self._telegram.say(self._group, self._name, text)

    async def offers(self) -> list[str]:
        """The buttons under the bot's posts in the group."""
        chat = self._telegram.group(self._group).id
        return [sent.link for sent in self._telegram.sent if sent.chat == chat and sent.link]

    async def accept(self) -> None:
        """Press the button, then Start."""
        self._telegram.follow(self._name, (await self.offers())[0])

    async def say(self, text: str) -> None:
        """Write to the bot."""
        self._telegram.write(self._name, text)

    async def heard(self) -> list[str]:
        """What arrived in the private chat."""
        chat = self._telegram.person(self._name)["id"]
        return [sent.text for sent in self._telegram.sent if sent.chat == chat]


class OnOutsideTelegram:
    """A customer on a Telegram that nobody here wrote; no limit of its is known, and only what arrived can be asked."""

    GROUP, PERSON = -1_000_000_000_042, 77

    def __init__(self, telegram: OutsideTelegram, name: str) -> None:
        self._telegram, self._name = telegram, name

    async def complain(self, text: str) -> None:
        """Post in the group."""
        await asyncio.to_thread(self._telegram.say, self.GROUP, self.PERSON, self._name, text)

    async def offers(self) -> list[str]:
        """The links of the buttons under the bot's posts in the group."""
        sent = await asyncio.to_thread(self._telegram.sent, self.GROUP)
        return [one["reply_markup"]["inline_keyboard"][0][0]["url"] for one in sent]

    async def accept(self) -> None:
        """Press the button, then Start."""
        token = (await self.offers())[0].split("start=")[1]
        await self.say(f"/start {token}")

    async def say(self, text: str) -> None:
        """Write to the bot."""
        await asyncio.to_thread(self._telegram.write, self.PERSON, self._name, text)

    async def heard(self) -> list[str]:
        """What arrived in the private chat."""
        return [one["text"] for one in await asyncio.to_thread(self._telegram.sent, self.PERSON)]


def browser(story: Story, address: str = "127.0.0.1") -> httpx.AsyncClient:
    """A browser without scripts, in which the pages of a story are open."""
    origin = story.settings.public_origin
    transport = httpx.ASGITransport(app=story.pages, client=(address, 1))
    return httpx.AsyncClient(transport=transport, base_url=origin, headers={"Origin": origin}, follow_redirects=True)


class OnSquare:
    """A customer on the square, in a browser without scripts."""

    def __init__(self, browser: httpx.AsyncClient, name: str) -> None:
        self.browser = browser
        self._name, self._topic, self._chat = name, "", ""

    async def complain(self, text: str) -> None:
        """Pick a name and post."""
        await self.browser.post("/square/join", data={"name": self._name})
        form = await self.browser.get("/square")
        posted = await self.browser.post("/square", data={"text": text, "key": hidden(form.text, "key")})
        assert posted.status_code == 200, posted.text
        self._topic = posted.url.path

    async def offers(self) -> list[str]:
        """The links of the bot's posts in the topic; the page repeats the newest at its top."""
        found = re.findall(r'href="[^"]*(/h/[\w-]+)"', (await self.browser.get(self._topic)).text)
        return list(dict.fromkeys(found))

    async def accept(self) -> None:
        """Press the button, then the one on the page behind it."""
        self._chat = (await self.offers())[0]
        await self.browser.get(self._chat)
        assert (await self.browser.post(self._chat)).status_code == 200

    async def say(self, text: str) -> None:
        """Write in the chat."""
        form = await self.browser.get(self._chat)
        said = await self.browser.post(
            f"{self._chat}/say", data={"text": text, "client_id": hidden(form.text, "client_id")}
        )
        assert said.status_code == 200, said.text

    async def send(self, text: str) -> None:
        """Write in the chat as the page's script does, without loading the page first."""
        data = {"text": text, "client_id": secrets.token_hex(8)}
        said = await self.browser.post(f"{self._chat}/say", data=data, follow_redirects=False)
        assert said.status_code == 303, said.text

    async def answer_whether_solved(self, solved: bool) -> None:
        """Press a button under "Was it solved?"."""
        data = {"answer": "yes" if solved else "no"}
        assert (await self.browser.post(f"{self._chat}/yours/solved", data=data)).status_code == 200

    async def delete_all(self) -> None:
        """Have everything deleted."""
        assert (await self.browser.post(f"{self._chat}/yours/delete")).status_code == 200

    async def heard(self) -> list[str]:
        """The lines of the chat that are not one's own."""
        page = (await self.browser.get(self._chat)).text
        lines = re.findall(
            r'<li class="line (\w+)".*?<p class="said"?[^>]*>(.*?)</p>|<li class="line event".*?<p[^>]*>(.*?)</p>',
            page,
            re.DOTALL,
        )
        return [words(said or told) for who, said, told in lines if who not in ("mine", "quote")]
