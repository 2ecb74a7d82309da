"""A real PostgreSQL for the tests: one server a session, migrated once, and a database of its own for each test."""

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from handoff.database import Database
from handoff.embedded import Embedded
from handoff.schema import migrate

FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "300"}
"""No test pulls the plug of the machine, so nothing needs to reach the disk."""

_numbers = count(1)


@pytest.fixture
def home() -> Iterator[Path]:
    """An empty folder that PostgreSQL can live in.

    Not in pytest's own folder: another run of pytest closes that to the account that PostgreSQL runs under.
    """
    with TemporaryDirectory(prefix="knock-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Embedded]:
    """The server, with the database `knock` brought to the newest version by the migrations."""
    with TemporaryDirectory(prefix="knock-", ignore_cleanup_errors=True) as folder:
        server = Embedded(Path(folder) / "data", FAST)
        server.start()
        migrate(server.url())
        yield server
        server.stop()


@pytest.fixture
def database_url(postgres: Embedded) -> Iterator[str]:
    """The address of a new database with the whole schema and nothing in it."""
    name = f"test_{next(_numbers)}"
    _run(postgres, "CREATE DATABASE {} TEMPLATE knock STRATEGY file_copy", name)
    yield postgres.url(name)
    _run(postgres, "DROP DATABASE {} WITH (FORCE)", name)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The record of Knock, empty."""
    database = Database(database_url, pool_size=5)
    yield database
    await database.close()


@pytest.fixture
def empty_database_url(postgres: Embedded) -> Iterator[str]:
    """The address of a new database in which no migration was run."""
    name = f"test_{next(_numbers)}"
    _run(postgres, "CREATE DATABASE {} TEMPLATE template0", name)
    yield postgres.url(name)
    _run(postgres, "DROP DATABASE {} WITH (FORCE)", name)


def _run(postgres: Embedded, statement: str, name: str) -> None:
    """PostgreSQL gives others five seconds to leave a database; on a machine that stands still they need more."""
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        for _ in range(12):
            with suppress(psycopg.errors.ObjectInUse):
                connection.execute(SQL(statement).format(Identifier(name)))
                return
    raise TimeoutError(f"{name} is in use by others")
