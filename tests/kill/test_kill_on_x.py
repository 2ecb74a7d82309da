"""SIGKILL around the one reply on X: it is there once, and the record finds out by looking at our own timeline."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from handoff.database import Database
from tests.knock_process import KnockProcess, trained
from tests.on_x import settings_on
from tests.peers.fake_x import FakeX

COMPLAINT = "Hey @northwind_help, it arrived broken and does not switch on. Can somebody help me?"
QUICK = {"lease_seconds": "16", "doubt_minutes": "0.05", "x_poll_seconds": "2", "rasa_python": "no rasa here"}


async def value(database: Database, query: str) -> Any:
    """The first value that a query gives."""
    async with database.reading() as session:
        return (await session.execute(text(query))).scalar()


async def until(database: Database, query: str, seconds: float = 60) -> None:
    """Wait until a query says true."""
    async with asyncio.timeout(seconds):
        while not await value(database, query):
            await asyncio.sleep(0.2)


@pytest.mark.parametrize(
    ("failpoint", "said", "state"),
    [
        ("offer.send: before call", 0, "human"),
        ("offer.send: after call", 1, "sent"),
        ("offer.settle: before commit", 1, "sent"),
    ],
)
async def test_killed_around_the_reply_it_is_never_there_twice(
    database: Database, database_url: str, home: Path, failpoint: str, said: int, state: str
) -> None:
    with FakeX() as x:
        settings = {name: str(value) for name, value in settings_on(x).items()}
        settings |= QUICK | {"database_url": database_url, "secret": "the secret of the tests"}
        await asyncio.to_thread(trained, home)
        x.post("Mara", COMPLAINT)
        with KnockProcess(home, "bot", **settings, failpoint=f"{failpoint}#1") as knock:
            assert await asyncio.to_thread(knock.process.wait, 60) == -9, knock.output
        assert len(x.sent) == said
        with KnockProcess(home, "bot", **settings, output="after"):
            await until(database, f"SELECT state = '{state}' FROM offers")
        assert len(x.sent) == said
        assert await value(database, "SELECT count(*) FROM attempts") == 1
        if said:
            assert await value(database, "SELECT external_id FROM attempts") == x.sent[0].id
            assert await value(database, "SELECT evidence FROM attempts") == "found where we said it"
