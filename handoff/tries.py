"""Trying out what versions of the model make of a text: asked and answered by notifications, so nothing is written."""

import asyncio
import json
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any

import psycopg

from handoff.database import Database

ASKED, ANSWERED = "knock_try", "knock_tried"
"""The PostgreSQL notification channels of questions and of answers."""

LONGEST = 1000
"""Characters that can be tried: question and answer must fit into a notification."""

PATIENCE = 60.0
"""Seconds for an answer: a version that was not asked lately is loaded first."""

FITS = 7000
"""Bytes of an answer; the examples that are most like it are left out before it would be too long."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What a version makes of a text. `says` is what triage would say first; `ends` how it would end with that."""

    version: int
    said: str = ""
    ranking: Sequence[tuple[str, float]] = ()
    entities: Sequence[tuple[str, str]] = ()
    nearest: Sequence[tuple[str, str]] = ()
    says: Sequence[str] = ()
    ends: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A text, and the versions that shall read it."""

    id: str
    text: str
    versions: Sequence[int]


NOBODY = (
    "It is still being loaded, or the bot does not run. Try again in half a minute; then `knock doctor` tells more."
)


async def ask(database: Database, text: str, versions: Sequence[int], patience: float = PATIENCE) -> list[Tried]:
    """What each version makes of the text; with a sentence in place of that where none answered in time."""
    question = Question(secrets.token_hex(8), text[:LONGEST], list(versions))
    found: dict[int, Tried] = {}
    async with listening(database, ANSWERED) as answers:
        await database.notify(ASKED, _written(asdict(question)))
        try:
            async with asyncio.timeout(patience):
                while len(found) < len(set(versions)):
                    answer = await anext(answers)
                    if answer.get("question") == question.id:
                        tried = _tried(answer["tried"])
                        found.setdefault(tried.version, tried)
        except TimeoutError:
            pass
    return [found.get(version) or Tried(version, trouble=NOBODY) for version in versions]


async def answer(database: Database, question: Question, tried: Tried) -> None:
    """Tell whoever asked."""
    told = {"question": question.id, "tried": asdict(tried)}
    for left_out in ("nearest", "says", "ranking"):
        if len(_written(told).encode()) > FITS:
            told["tried"][left_out] = []  # type: ignore[index]
    await database.notify(ANSWERED, _written(told))


async def questions(database: Database) -> AsyncIterator[Question]:
    """Every question from now on, for as long as the connection holds. Raises `psycopg.Error`."""
    async with listening(database, ASKED) as asked:
        async for one in asked:
            yield Question(str(one["id"]), str(one["text"]), [int(version) for version in one["versions"]])


@asynccontextmanager
async def listening(database: Database, name: str) -> AsyncIterator[AsyncGenerator[dict[str, Any]]]:
    """What is notified on a channel, as JSON, on a connection of its own."""
    dsn = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        await connection.execute(f"LISTEN {name}")
        async with aclosing(_heard(connection)) as heard:
            yield heard


async def _heard(connection: psycopg.AsyncConnection[Any]) -> AsyncGenerator[dict[str, Any]]:
    async with aclosing(connection.notifies()) as notifies:  # until it is closed nobody else may use the connection
        async for one in notifies:
            yield json.loads(one.payload)


def _written(told: Mapping[str, Any]) -> str:
    """As JSON in which no letter takes more than its four bytes, for escaped some take twelve."""
    return json.dumps(told, ensure_ascii=False)


def _tried(told: Mapping[str, Any]) -> Tried:
    pairs = {name: [tuple(pair) for pair in told[name]] for name in ("ranking", "entities", "nearest")}
    return Tried(**{**told, **pairs})
