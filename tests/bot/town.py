"""A small town for the steps of the bot: the real flow and steps on a real PostgreSQL, and who lives around them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from bot.brand import read_brand
from bot.channel import Author, Channel, Click, Deleted, Edited, Event, Post, PrivateMessage, Update
from bot.flow import Flow
from bot.run import Bot
from bot.settings import BotSettings
from handoff.database import Database
from handoff.live import Live
from handoff.models import Agent, Thread
from handoff.threads import whole
from nlu.rasa import Rasa
from tests.bot.street import ScriptedRasa, Street, WhoeverAsksForHelp, numbers
from tests.cast import Colleague

BRAND = Path(__file__).parents[2] / "knock.toml"
COMPLAINT = "Help! My Northwind parcel has not arrived."

_numbers = numbers()


@dataclass
class Town:
    """The record, the flow, the bot's steps, and what is around them."""

    database: Database
    with_rasa: bool = True
    real_rasa: Rasa | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Put it together as `bot.assemble` does."""
        made = BotSettings(secret="the secret of the tests", **self.settings)
        brand = read_brand(BRAND)
        self.street, self.x = Street(), Street("x")
        self.rasa, self.live = ScriptedRasa(), Live(self.database)
        channels: dict[str, Channel] = {"telegram": self.street, "x": self.x}
        self.flow = Flow(made, brand, self.database, channels, WhoeverAsksForHelp())
        client = self.real_rasa or (self.rasa.client() if self.with_rasa else None)
        self.bot = Bot(made, brand, self.database, self.live, channels, self.flow, client)

    async def hear(self, *events: Event) -> None:
        """Each event comes as an update of its own."""
        await self.flow.take([update(event) for event in events])

    async def work(self) -> None:
        """Take the steps until nothing is due."""
        for _ in range(200):
            if not await self.one_round():
                return
        raise AssertionError("the bot never rests")

    async def one_round(self) -> bool:
        """Take each step once. Whether any found something to do."""
        busy = await self.flow.handle_next()
        for claim in (self.bot.claim_offer, self.bot.claim_talk, self.bot.claim_line, self.bot.fetch.claim):
            claimed = await claim()
            busy = busy or claimed is not False
            if not isinstance(claimed, bool):
                await claimed()
        return busy

    async def do(self, *events: Event) -> None:
        """Hear, then work."""
        await self.hear(*events)
        await self.work()

    async def offered(self, author: Author, said: str = COMPLAINT) -> str:
        """Somebody complains and is offered help; the token of the link."""
        await self.do(post(author, said))
        return self.street.offers[-1].token

    async def opted_in(self, author: Author, said: str = COMPLAINT) -> int:
        """Somebody complains and presses the button; the id of the thread."""
        await self.do(click(author, await self.offered(author, said)))
        return int(await self.value("SELECT max(thread_id) FROM opt_ins"))

    async def handed_off(self, author: Author, said: str = COMPLAINT) -> int:
        """Somebody asks for a person; the id of the thread."""
        thread_id = await self.opted_in(author, said)
        await self.do(line(author, "I want a person"))
        return thread_id

    async def hired(self, colleague: Colleague) -> Agent:
        """Somebody joins the team."""
        async with self.database.transaction("test") as session:
            agent = Agent(email=colleague.email, name=colleague.name, password_hash="-", role=colleague.role)
            session.add(agent)
        return agent

    async def thread(self, thread_id: int) -> Thread:
        """All of a thread."""
        async with self.database.reading() as session:
            found = await whole(session, thread_id)
        assert found is not None
        return found

    async def value(self, query: str, **names: Any) -> Any:
        """The first value that a query gives."""
        async with self.database.reading() as session:
            return (await session.execute(text(query), names)).scalar()

    async def run(self, statement: str, **names: Any) -> None:
        """A statement, as wrong code might send it."""
        async with self.database.transaction("test") as session:
            await session.execute(text(statement), names)

    async def pass_time(self, time: timedelta) -> None:
        """Let it be later: all that is written down moves into the past."""
        columns = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' "
        async with self.database.transaction("test") as session:
            await session.execute(text("SET LOCAL session_replication_role = replica"))
            found = await session.execute(text(columns + "AND data_type = 'timestamp with time zone'"))
            for table, column in found.all():
                await session.execute(text(f"UPDATE {table} SET {column} = {column} - :time"), {"time": time})

    def heard_by(self, author: Author) -> list[str]:
        """What was said in private to somebody."""
        return [said.text for said in self.street.lines if said.to == author.id]


def update(*events: Event, update_id: str | None = None) -> Update:
    """An update with these events in it."""
    body = [[type(event).__name__, msgspec.to_builtins(event)] for event in events]
    return Update(events[0].channel, update_id or f"update-{next(_numbers)}", {"events": body})


def post(author: Author, said: str = COMPLAINT, post_id: str | None = None, at: datetime | None = None) -> Post:
    """Something said in the town's group."""
    return Post("telegram", post_id or f"town:{next(_numbers)}", author, said, at or datetime.now(UTC), place="town")


def mention(author: Author, said: str = COMPLAINT, *, summons: bool = True, place: str | None = None) -> Post:
    """Something said on X, by default to us."""
    number = str(next(_numbers))
    return Post("x", number, author, said, datetime.now(UTC), place=place or number, summons=summons)


def click(author: Author, token: str | None) -> Click:
    """Somebody presses Start."""
    return Click("telegram", f"click:{next(_numbers)}", author, token, datetime.now(UTC))


def line(author: Author, said: str, line_id: str | None = None, at: datetime | None = None) -> PrivateMessage:
    """Something said to us in private."""
    return PrivateMessage("telegram", line_id or f"line:{next(_numbers)}", author, said, at or datetime.now(UTC))


def edit(author: Author, said_id: str, said: str) -> Edited:
    """Somebody changes what they said."""
    return Edited("telegram", said_id, author, said, datetime.now(UTC))


def deletion(said_id: str) -> Deleted:
    """What was said is gone."""
    return Deleted("telegram", said_id, datetime.now(UTC))


@pytest.fixture
def town(database: Database) -> Town:
    """The town, where nobody has said anything yet."""
    return Town(database)
