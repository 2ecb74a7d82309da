"""The bot as a process that may be killed: the real steps, on a platform in a file."""

import asyncio
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.brand import read_brand
from bot.channel import Click, Post, PrivateMessage
from bot.detect import Decision
from bot.flow import Flow
from bot.run import Bot
from bot.settings import BotSettings
from handoff.database import Database
from handoff.live import Live
from nlu.rasa import Rasa
from tests.peers.fake_channel import MARA, FakeChannel, Ledger

QUICK = {"lease_seconds": 1, "turn_seconds": 2, "sending_seconds": 2, "doubt_minutes": 0.02}
"""Only one process is alive at a time here, so what it left behind need not be waited for long."""

ROOT = Path(__file__).resolve().parent.parent.parent


class EveryPostIsAMention:
    """Detection has tests of its own; here it only costs start-up time."""

    def judge(self, posts: Sequence[Post], threads: object = None) -> list[Decision]:
        """A mention each."""
        return [Decision(True, "mention", brand="Northwind") for _ in posts]


class Page(FakeChannel):
    """The same story, told through our own pages: clicks and lines come as requests, and STOP as a button."""

    flow: Flow

    async def listen(self, take: Any) -> None:
        """Post once more each time, as a browser does that got no answer, until the record has it."""
        while True:
            for update in self.updates():
                await self._request(update, take)
            await asyncio.sleep(0.05)

    async def _request(self, update: Any, take: Any) -> None:
        now = datetime.now(UTC)
        match update.payload["kind"]:
            case "click":
                await self.flow.on_click(Click(self.name, update.id, MARA, update.payload["token"], now))
            case "message":
                await self.flow.on_message(PrivateMessage(self.name, update.id, MARA, update.payload["text"], now))
            case _:
                await take([update])


async def main(ledger: Path, scenario: str) -> None:
    """Work until killed or told to end."""
    settings = BotSettings().model_copy(update=QUICK)
    brand = read_brand(ROOT / "knock.toml")
    database = Database(settings.database_url or "", pool_size=8)
    live = Live(database)
    kind = Page if scenario == "page" else FakeChannel
    channel = kind(Ledger(ledger), drops=scenario in ("drops", "looks"), looks=scenario == "looks")
    flow = Flow(settings, brand, database, {channel.name: channel}, EveryPostIsAMention())
    if isinstance(channel, Page):
        channel.flow = flow
    rasa = Rasa(settings.rasa_url or "", settings.rasa_token or "", patience=30)
    bot = Bot(settings, brand, database, live, {channel.name: channel}, flow, rasa)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(live.run())
        tasks.create_task(bot.run())


def work(ledger: Path, scenario: str, environment: dict[str, str]) -> None:
    """Be the bot in this process, from now on."""
    os.environ.update(environment)
    asyncio.run(main(ledger, scenario))
