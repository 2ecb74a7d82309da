"""The inbox over 100,000 threads: how long the list of each view takes, and a search."""

import asyncio
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import select

from bot.up import spare_the_collector
from handoff.database import Database
from handoff.embedded import Embedded
from handoff.models import Agent
from handoff.schema import migrate
from handoff.web.commons import Commons
from handoff.web.listing import listing
from handoff.web.where import Place
from tests.bench.product import say

THREADS, LINES, OPEN, AGENTS = 100_000, 8, 5_000, 20
TIMES = 20
FAULTS = ("parcel", "invoice", "refund", "password", "kettle", "lamp", "delivery", "voucher", "account", "charger")
COMMON = ("please", "the", "is", "help", "order", "my", "again", "since", "never", "came", "broken", "wrong")
NOW = datetime.now(UTC)


def text(chance: random.Random, number: int) -> str:
    """A line of about ten words; every thread has one word of its own."""
    words = [*chance.choices(COMMON, k=7), chance.choice(FAULTS), f"nw-{number}"]
    return " ".join(chance.sample(words, len(words)))


def tables(chance: random.Random) -> Iterator[tuple[str, tuple[str, ...], Iterator[tuple[Any, ...]]]]:
    """Each table with its columns and rows, in an order in which every reference is there already."""
    every, first_open = range(1, THREADS + 1), THREADS - OPEN
    opened = {number: NOW - timedelta(minutes=THREADS - number) for number in every}
    yield "promises", ("account",), ((f"a{n}",) for n in every)
    customer = ("account", "channel", "external_id", "handle", "name", "language")
    yield "customers", customer, ((f"a{n}", "square", f"x{n}", f"person_{n}", f"Person {n}", "en") for n in every)
    thread = (
        "customer_id",
        "channel",
        "brand",
        "language",
        "opened_at",
        "changed_at",
        "speaker",
        "last_seq",
        "ended_at",
    )
    yield (
        "threads",
        thread,
        ((n, "square", "N", "en", opened[n], opened[n], "team", LINES, None if n > first_open else NOW) for n in every),
    )
    yield "opt_ins", ("thread_id", "wording", "wording_version", "proof"), ((n, "Yes", "1", "cookie") for n in every)
    case = (
        "thread_id",
        "reason",
        "summary",
        "intent",
        "opened_at",
        "waiting_since",
        "claimed_at",
        "claimed_by",
        "closed_at",
        "soon_at",
        "due_at",
    )
    yield "cases", case, (_case(n, opened[n], n > first_open) for n in every)
    clock = ("case_id", "what", "began_at", "soon_at", "due_at", "rules")
    clocks = ((n, what, opened[n], *_due(n), 1) for n in every if n > first_open for what in ("first_reply", "close"))
    yield "clocks", clock, clocks
    message = ("thread_id", "seq", "kind", "by", "text", "at", "written_at")
    lines = ((n, seq, "chat", "customer", text(chance, n), opened[n], opened[n]) for n in every for seq in range(LINES))
    yield "messages", message, lines


def _case(number: int, moment: datetime, is_open: bool) -> tuple[Any, ...]:
    fault = FAULTS[number % len(FAULTS)]
    agent = number % AGENTS + 1 if number % 2 or not is_open else None
    claimed = (moment, agent) if agent else (None, None)
    return (
        number,
        "asked for a person",
        f"Trouble with a {fault}",
        fault,
        moment,
        moment,
        *claimed,
        None if is_open else moment,
        *(_due(number) if is_open else (None, None)),
    )


def _due(number: int) -> tuple[datetime, datetime]:
    """When a clock is due soon, and when it is due: of one case in ten both were before now."""
    due = NOW + timedelta(minutes=number % 1000 - 100)
    return due - timedelta(minutes=15), due


def fill(url: str) -> None:
    """Write everything by COPY: a benchmark of reading does not wait for the flow."""
    chance = random.Random(7)
    with psycopg.connect(url, autocommit=True) as connection:
        for number in range(AGENTS):
            insert = "INSERT INTO agents (email, name, password_hash) VALUES (%s, %s, '')"
            connection.execute(insert, (f"{number}@example.org", f"Agent {number}"))
        connection.execute("SET session_replication_role = replica")
        for table, columns, lines in tables(chance):
            names = SQL(", ").join(map(Identifier, columns))
            with connection.cursor().copy(SQL("COPY {} ({}) FROM STDIN").format(Identifier(table), names)) as copy:
                for line in lines:
                    copy.write_row(line)
        connection.execute("VACUUM ANALYZE")


async def measured(database: Database, me: Agent, places: list[Place]) -> tuple[float, float]:
    """The p50 and the p95 in milliseconds of drawing these places, one after the other."""
    took = []
    for place in places:
        began = time.perf_counter()
        await listing(Commons(database), me, place, None, read=None)
        took.append((time.perf_counter() - began) * 1000)
    took.sort()
    return took[len(took) // 2], took[int(len(took) * 0.95)]


def questions() -> dict[str, list[Place]]:
    """What is asked, by what it is called in the report."""
    chance = random.Random(8)
    asked = {
        f"list: {view}": [Place(view)] * TIMES
        for view in ("open", "mine", "waiting", "risk", "snoozed", "closed", "all")
    }
    asked["list: open, due first"] = [Place("open", sort="due")] * TIMES
    someone = [str(chance.randrange(1, THREADS)) for _ in range(TIMES)]
    searches = {
        "search: one order number": [f"NW-{number}" for number in someone],
        "search: a handle": [f"person_{number}" for number in someone],
        "search: a word that every tenth line has": [chance.choice(FAULTS) for _ in range(TIMES)],
        "search: two words that many lines have": [f"{chance.choice(FAULTS)} broken" for _ in range(TIMES)],
        "search: a word that most lines have": ["please"] * TIMES,
        "search: one letter": [chance.choice("abcdiop") for _ in range(TIMES)],
        "search: nobody said it": ["unheard"] * TIMES,
    }
    asked |= {name: [Place("all", q=words) for words in those] for name, those in searches.items()}
    asked["search in my cases: a word that most lines have"] = [Place("mine", q="please")] * TIMES
    return asked


async def main() -> None:
    """Fill a database, ask, print."""
    with tempfile.TemporaryDirectory(prefix="knock-") as home:
        server = Embedded(Path(home) / "data")
        server.start()
        try:
            migrate(server.url())
            fill(server.url())
            database = Database(server.url())
            async with database.reading() as session:
                me = (await session.scalars(select(Agent).limit(1))).one()
            spare_the_collector()
            for name, places in questions().items():
                await measured(database, me, places[:3])
                middle, worst = await measured(database, me, places)
                say(f"{name}: p50 {middle:.0f} ms, p95 {worst:.0f} ms")
            await database.close()
        finally:
            server.stop()


if __name__ == "__main__":
    asyncio.run(main())
