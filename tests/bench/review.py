"""The review with 50,000 utterances in the queue: how long its page takes, narrowed or not, near texts, an answer.

And the pages of intents, each of which says how often it was guessed lately.
"""

import asyncio
import random
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
from fastapi import FastAPI
from psycopg.sql import SQL, Identifier
from psycopg.types.json import Jsonb

from handoff import agents
from handoff.database import Database
from handoff.embedded import Embedded
from handoff.live import Live
from handoff.schema import migrate
from handoff.settings import Settings
from handoff.utterances import digest
from handoff.web.app import create_app
from tests.bench.product import say

UTTERANCES, THREADS, TIMES = 50_000, 10_000, 40
INTENTS = ("refund", "cancel", "order_missing", "delivery_late", "charged_wrongly", "app_crash")
LATELY = datetime.now(UTC) - timedelta(days=3)
WORDS = [f"{first}{last}" for first in "bcdfghjklmnprstvwz" for last in ("an", "erst", "illing", "oment", "urs", "e")]
"""A hundred words, each in every eighteenth line."""
ORIGIN, REVIEW, INTENTS_PAGE = "http://localhost:8001", "/admin/nlu/review", "/admin/nlu/intents"


def said(chance: random.Random) -> str:
    """Three to nine words; a short line in four is one that many say."""
    return " ".join(chance.choices(WORDS, k=3 if chance.random() < 0.25 else chance.randint(4, 9)))


def tables(chance: random.Random) -> Iterator[tuple[str, tuple[str, ...], Iterator[tuple[Any, ...]]]]:
    """Each table with its columns and rows, in an order in which every reference is there already."""
    threads, lines = range(1, THREADS + 1), range(1, UTTERANCES + 1)
    texts = [said(chance) for _ in lines]
    yield "promises", ("account",), ((f"a{n}",) for n in threads)
    customers = ((f"a{n}", "square", f"x{n}", f"Person {n}", "en") for n in threads)
    yield "customers", ("account", "channel", "external_id", "name", "language"), customers
    thread = ("customer_id", "channel", "brand", "language", "speaker", "last_seq")
    yield "threads", thread, ((n, "square", "N", "en", "team", 5) for n in threads)
    messages = ((n % THREADS + 1, n // THREADS + 1, "chat", "customer", texts[n - 1], LATELY) for n in lines)
    yield "messages", ("thread_id", "seq", "kind", "by", "text", "at"), messages
    columns = ("message_id", "thread_id", "channel", "language", "digest", "intent", "confidence", "ranking")
    more = ("may_train", "consented", "understood_at")
    rows = ((n, n % THREADS + 1, "square", "en", digest("en", texts[n - 1]), *_guess(chance)) for n in lines)
    yield "utterances", (*columns, *more), rows


def _guess(chance: random.Random) -> tuple[Any, ...]:
    confidence = round(chance.uniform(0.1, 0.599), 4)
    names = chance.sample(INTENTS, 3)
    ranking = [[name, round(confidence / (place + 1), 4)] for place, name in enumerate(names)]
    return names[0], confidence, Jsonb(ranking), True, True, LATELY


def fill(address: str) -> None:
    """Write it all down at once, past the triggers."""
    with psycopg.connect(address) as connection:
        connection.execute("SET session_replication_role = replica")
        for table, columns, rows in tables(random.Random(1)):
            names = SQL(", ").join(map(Identifier, columns))
            with connection.cursor().copy(SQL("COPY {} ({}) FROM STDIN").format(Identifier(table), names)) as copy:
                for row in rows:
                    copy.write_row(row)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


async def timed(work: Callable[[], Awaitable[httpx.Response]]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    answer = await work()
    assert answer.status_code in (200, 303), answer.text
    return (time.perf_counter() - began) * 1000


async def visitor(app: FastAPI, database: Database) -> httpx.AsyncClient:
    """The browser of an admin."""
    async with database.transaction("bench.hire") as session:
        ana = await agents.create(session, "ana@northwind.example", "Ana", "-", role="admin")
    async with database.transaction("bench.sign in") as session:
        token = await agents.sign_in(session, ana, "a bench")
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(
        transport=transport, base_url=ORIGIN, headers={"Origin": ORIGIN}, cookies={"knock_inbox": token}, timeout=60
    )


async def measure(database: Database, home: Path) -> None:
    """Ask for each page again and again."""
    app = create_app(Settings(home=home, secret="a secret", _env_file=None), database, Live(database), "Northwind")
    ana = await visitor(app, database)
    digests = [text.split('"')[0] for text in (await ana.get(REVIEW)).text.split('id="u-')[1:]]
    chance = random.Random(2)

    async def answer() -> httpx.Response:
        name = f"intent:{chance.choice(INTENTS)}" if chance.random() < 0.5 else "ignore"
        return await ana.post(REVIEW, data={"digest": digests.pop(), "answer": name})

    pages: dict[str, Callable[[], Awaitable[httpx.Response]]] = {
        "the page": lambda: ana.get(REVIEW),
        "the page, the hundredth": lambda: ana.get(f"{REVIEW}?skip=2000"),
        "the page of one guess": lambda: ana.get(f"{REVIEW}?intent=refund"),
        "near texts": lambda: ana.get(f"{REVIEW}/near?digest={chance.choice(digests)}"),
        "an answer": answer,
        "the page of all intents": lambda: ana.get(INTENTS_PAGE),
        "the page of an intent": lambda: ana.get(f"{INTENTS_PAGE}/{chance.choice(INTENTS)}"),
    }
    for name, work in pages.items():
        times = sorted([await timed(work) for _ in range(min(TIMES, len(digests) or TIMES))])
        say(f"| {name} | {times[len(times) // 2]:.0f} ms | {times[int(len(times) * 0.95)]:.0f} ms |")
    await ana.aclose()


async def main() -> None:
    """Fill a record of our own and measure."""
    with tempfile.TemporaryDirectory() as folder:
        server = Embedded(Path(folder) / "postgres")
        server.start()
        try:
            migrate(server.url())
            fill(server.url())
            database = Database(server.url())
            say(f"{UTTERANCES:,} utterances wait for review\n\n| what | p50 | p95 |\n|---|---|---|")
            await measure(database, Path(folder))
            await database.close()
        finally:
            server.stop()


if __name__ == "__main__":
    asyncio.run(main())
