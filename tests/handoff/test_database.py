"""The record when it is away: steps wait for it, nothing is lost, and all goes on by itself."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from handoff.database import Database, with_driver
from handoff.embedded import Embedded
from handoff.schema import migrate
from tests.bot.town import Town, click, line, post
from tests.cast import JOSE, MARA
from tests.postgres import FAST
from tests.stories import until


@pytest.fixture
def server() -> Iterator[Embedded]:
    """A server of the test's own, which it may end."""
    with TemporaryDirectory(prefix="knock-", ignore_cleanup_errors=True) as folder:
        server = Embedded(Path(folder) / "data", FAST)
        server.start()
        migrate(server.url())
        yield server
        server.stop()


@pytest.fixture
async def running(server: Embedded) -> AsyncIterator[Town]:
    """The town with its bot at work."""
    town = Town(Database(server.url(), pool_size=5))
    tasks = [asyncio.create_task(town.live.run()), asyncio.create_task(town.bot.run())]
    yield town
    assert not any(task.done() for task in tasks)
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    await town.database.close()


async def test_ten_seconds_without_the_record_lose_nothing(running: Town, server: Embedded) -> None:
    """A line is under way when the record goes, and people go on talking; afterwards all goes on by itself."""
    await running.hear(post(MARA))
    await until(lambda: _true(running.street.offers))
    await running.hear(click(MARA, running.street.offers[0].token))
    await until(lambda: _true(len(running.heard_by(MARA)) == 2))

    async def the_record_goes() -> None:
        running.street.while_sending = None
        await asyncio.to_thread(server.stop)

    running.street.while_sending = the_record_goes
    await running.hear(line(MARA, "NW-1", "line:1"))
    await until(lambda: _true(not server.is_running()))
    with pytest.raises(SQLAlchemyError):
        await running.hear(post(JOSE))
    await asyncio.sleep(10)
    await asyncio.to_thread(server.start)

    await running.hear(line(MARA, "I want a person", "line:2"), post(JOSE))
    await until(lambda: _true(len(running.street.offers) == 2))
    await until(lambda: running.value("SELECT count(*) = 1 FROM cases"))
    await until(lambda: running.value("SELECT count(*) = 0 FROM attempts WHERE state = 'intent'"))
    await running.pass_time(timedelta(seconds=31))
    await until(lambda: running.value("SELECT count(*) = 0 FROM messages WHERE delivery = 'pending'"))
    assert running.heard_by(MARA)[-1].startswith("You are number 1 in the line, and the answer comes here.")
    assert "Question 2?" in running.heard_by(MARA)
    assert await running.value("SELECT count(*) FROM updates WHERE handled_at IS NULL OR trouble IS NOT NULL") == 0


async def _true(so: object) -> bool:
    return bool(so)


async def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    town = Town(database)
    with suppress(ZeroDivisionError):
        async with database.transaction("test") as session:
            await session.execute(text("INSERT INTO promises (account) VALUES ('nobody')"))
            raise ZeroDivisionError
    assert await town.value("SELECT count(*) FROM promises") == 0


async def test_reading_changes_nothing(database: Database) -> None:
    async with database.reading() as session:
        await session.execute(text("INSERT INTO promises (account) VALUES ('nobody')"))
    assert await Town(database).value("SELECT count(*) FROM promises") == 0


def test_every_spelling_of_an_address_is_spoken_to_by_the_same_driver() -> None:
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        assert with_driver(f"{scheme}://me:secret@127.0.0.1/knock").drivername == "postgresql+psycopg"
