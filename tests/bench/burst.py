"""A burst on X, 10,000 mentions of 8,000 people: how fast they are read, what memory it takes, who is answered."""

import asyncio
import random
import tempfile
import time
from pathlib import Path

import psutil
import uvloop
from sqlalchemy import text

from bot import explain, permit
from handoff import offers
from handoff.database import Database
from handoff.embedded import Embedded
from handoff.schema import migrate
from tests.bench.product import say
from tests.knock_process import KnockProcess, trained
from tests.on_x import settings_on
from tests.peers.fake_x import FakeX

MENTIONS, PEOPLE = 10_000, 8_000
FAULTS = ("it arrived broken", "my parcel never came", "I was charged twice", "the app does not let me in")
THANKS = ("thank you, lovely kettle", "what a beautiful lamp", "see you at the fair")
PATIENCE = 1800.0


def burst(x: FakeX) -> None:
    """Four of five mentions ask for help; a fifth of the people mention us more than once."""
    chance = random.Random(7)
    for number in range(MENTIONS):
        person = number if number < PEOPLE else chance.randrange(PEOPLE)
        words = f"{chance.choice(FAULTS)}, can somebody help me?" if chance.random() < 0.8 else chance.choice(THANKS)
        x.post(f"Person {person}", f"@northwind_help {words}")


async def read_all(database: Database, knock: KnockProcess) -> list[int]:
    """Wait until every mention is handled; the memory of the bot in MiB, looked at once a second."""
    memory = []
    process = psutil.Process(knock.process.pid)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        memory.append(process.memory_info().rss >> 20)
        async with database.reading() as session:
            row = (await session.execute(text("SELECT count(*), count(handled_at) FROM updates"))).one()
        if row[1] >= MENTIONS:
            return memory
        await asyncio.sleep(1)
    raise TimeoutError(f"only {row} of {MENTIONS} were read")


async def report(database: Database, x: FakeX, seconds: float, memory: list[int]) -> None:
    """The figures, and whether a promise was broken."""
    async with database.reading() as session:
        waiting = (await offers.waiting(session)).get("x", 0)
        tallies = (await session.execute(text("SELECT outcome, posts FROM tallies ORDER BY posts DESC"))).all()
        cost = (await session.execute(text("SELECT sum(cost) / 1e6 FROM spendings"))).scalar()
    answered = [sent.answers.author.id for sent in x.sent if sent.answers]
    say(f"every one of {MENTIONS:,} mentions read and handled in {seconds:.0f} s, {MENTIONS / seconds:.0f} a second")
    tenth = len(memory) // 10 or 1
    say(f"memory of the bot: {max(memory[: 2 * tenth])} MiB in the first fifth, {max(memory[-tenth:])} MiB at the end")
    refused = x.count("POST /2/tweets") - len(x.sent)
    say(f"said {len(x.sent)}, to {len(set(answered))} people; X refused {refused} of our replies")
    time_left = explain.span(permit.wait_for(permit.policies()["x"], waiting))
    say(f"{waiting:,} offers wait, about {time_left}; reading cost {cost:.2f} dollars")
    say("outcomes: " + ", ".join(f"{posts:,} {outcome}" for outcome, posts in tallies))
    assert len(answered) == len(set(answered)), "somebody was answered twice"


async def main() -> None:
    """One burst, read by the real command."""
    with tempfile.TemporaryDirectory(prefix="knock-", ignore_cleanup_errors=True) as folder, FakeX() as x:
        await asyncio.to_thread(burst, x)
        postgres = Embedded(Path(folder) / "data")
        with postgres.running() as url:
            await asyncio.to_thread(migrate, url)
            database = Database(url, pool_size=2)
            settings = {name: str(value) for name, value in settings_on(x, x_budget=1000, x_poll_seconds=2).items()}
            home = await asyncio.to_thread(trained, Path(folder) / "home")
            started = time.monotonic()
            with KnockProcess(home, "bot", **settings, database_url=url, rasa_python="none") as knock:
                memory = await read_all(database, knock)
                seconds = time.monotonic() - started
                await asyncio.sleep(10)
                await report(database, x, seconds, memory)
            await database.close()


if __name__ == "__main__":
    uvloop.run(main())
