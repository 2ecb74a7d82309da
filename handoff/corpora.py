"""The corpus: seeds and record joined, as it is trained on, as it is held back, and as the pages show it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import intents, patterns
from handoff.examples import Example, Key
from handoff.intents import Known
from nlu import corpus
from nlu.annotations import unpacked
from nlu.corpus import Corpus, CorpusExample
from nlu.seeds import frozen_keys, seeds_by_key

MADE_UP = ("seed", "admin", "import")
"""Sources of examples that no customer said."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An example as a page shows it: what it says, whose it is, and which version that is (0: a seed as it came)."""

    example: CorpusExample
    key: Key
    version: int = 0
    agent_id: int | None = None
    at: datetime | None = None
    thread_id: int | None = None
    held_back: bool = False

    @property
    def is_real(self) -> bool:
        """Whether a customer said it."""
        return self.thread_id is not None or self.example.source not in MADE_UP


async def gather(session: AsyncSession) -> Corpus:
    """All that is trained on: seeds joined with the record, without what is retired, removed or held back."""
    known = await intents.known(session)
    trained = tuple(one.example for one in await entries(session, known) if not one.held_back)
    made = tuple(corpus.Pattern(one.entity, one.kind, one.text, one.value) for one in await patterns.every(session))
    wordings = {name: row.wordings for name, row in known.rows.items() if row.wordings and known.now(name) == name}
    return Corpus(trained, made, wordings)


async def held_back(session: AsyncSession) -> tuple[CorpusExample, ...]:
    """The part of the test set that customers said: by language and text, each with the intent it has now."""
    return tuple(one.example for one in await entries(session) if one.held_back)


async def entries(session: AsyncSession, known: Known | None = None) -> list[Entry]:
    """Every example in use, by language and text."""
    known = known or await intents.known(session)
    columns = (Example.id, Example.intent, Example.text, Example.language, Example.entities, Example.source)
    more = (Example.digest, Example.version, Example.agent_id, Example.at, Example.thread_id, Example.held_back)
    rows = (await session.execute(select(*columns, *more, Example.removed_at))).all()
    return joined(seeds_by_key(), rows, known, frozen_keys())


def joined(
    seeds: Mapping[Key, CorpusExample], rows: Iterable[Row[Any]], known: Known, frozen: frozenset[str] = frozenset()
) -> list[Entry]:
    """Seeds and rows together: a row stands in the place of a seed. What has no intent now, or tests, is out."""
    by_key = {(row.language, row.digest): row for row in rows}
    found = [Entry(one, key) for key, one in seeds.items() if key not in by_key]
    found += [_entry(row) for row in by_key.values() if row.removed_at is None]
    named = ((one, known.now(one.example.intent)) for one in found if one.key[1] not in frozen or one.held_back)
    kept = [_named(one, name) for one, name in named if name is not None]
    return sorted(kept, key=lambda one: (one.example.language, one.example.text))


def _entry(row: Any) -> Entry:
    example = CorpusExample(row.text, row.intent, row.language, unpacked(row.entities), row.source, row.id)
    return Entry(example, (row.language, row.digest), row.version, row.agent_id, row.at, row.thread_id, row.held_back)


def _named(one: Entry, name: str) -> Entry:
    if one.example.intent == name:
        return one
    old = one.example
    example = CorpusExample(old.text, name, old.language, old.entities, old.source, old.example_id)
    return Entry(example, one.key, one.version, one.agent_id, one.at, one.thread_id, one.held_back)
