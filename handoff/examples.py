"""Examples that the record holds: what admins wrote, what customers said and somebody reviewed, what became of seeds.

A seed is a text in git. A row with the same text and language stands in its place: with another intent, with other
entities, or removed. So a new release of the seeds keeps what admins made of the old ones.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from handoff import intents
from handoff import training_errors as errors
from handoff.base import Base, clean, identity, now, one_of
from handoff.models import Agent
from nlu.annotations import LONGEST, BadAnnotation, Entity, checked, digest, packed, tidy, unpacked
from nlu.corpus import CorpusExample
from nlu.language import LANGUAGES
from nlu.seeds import frozen_keys, seeds_by_key

Source = Literal["seed", "admin", "review", "import", "agent"]
"""seed: of git, changed here. admin: written on a page. review: a customer said it. import: out of a file.
agent: a customer said it, and an agent marked it in the thread."""

SAID_BY_CUSTOMERS = ("review", "agent")

Key = tuple[str, str]
"""The language of an example and the digest of its text: what tells it from every other."""


class Example(Base):
    """A text and the intent it has. `held_back`: for the test set, never trained on. `removed_at`: not used now."""

    __tablename__ = "examples"
    __table_args__ = (
        UniqueConstraint("language", "digest"),
        one_of("source", Source),
        CheckConstraint("message_id IS NULL OR thread_id IS NOT NULL", name="message_has_thread"),
        Index("ix_examples_intent", "intent"),
        Index("ix_examples_thread_id", "thread_id", postgresql_where=text("thread_id IS NOT NULL")),
    )

    id: Mapped[int] = identity()
    intent: Mapped[str]
    """As it was called then; `intents.Known.now` says how it is called now."""
    text: Mapped[str]
    language: Mapped[str]
    entities: Mapped[list[Any]] = mapped_column(server_default="[]")
    source: Mapped[Source] = mapped_column(String)
    digest: Mapped[str]
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))
    thread_id: Mapped[int | None] = mapped_column(ForeignKey("threads.id"))
    """Whose words these are, so that forgetting reaches them."""
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    at: Mapped[datetime] = now()
    held_back: Mapped[bool] = mapped_column(server_default="false")
    removed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1")

    @property
    def key(self) -> Key:
        """What tells it from every other."""
        return self.language, self.digest


@dataclass(frozen=True, slots=True)
class Words:
    """What an example is to say, made ready."""

    text: str
    language: str
    entities: tuple[Entity, ...] = ()

    @classmethod
    def of(cls, text: str, language: str, entities: Iterable[Entity] = ()) -> "Words":
        """Raises `ExampleEmpty`, `ExampleTooLong`, `NoSuchLanguage`, `BadMarks`, `InTestSet`."""
        said = tidy(clean(text))
        if not said:
            raise errors.ExampleEmpty
        if len(said) > LONGEST:
            raise errors.ExampleTooLong(most=f"{LONGEST:,}")
        if language not in LANGUAGES:
            raise errors.NoSuchLanguage(language=language[:20])
        if digest(said) in frozen_keys():
            raise errors.InTestSet
        try:
            return cls(said, language, checked(said, entities))
        except BadAnnotation as error:
            raise errors.BadMarks(why=str(error)) from None

    @property
    def key(self) -> Key:
        """What tells it from every other."""
        return self.language, digest(self.text)


async def add(
    session: AsyncSession,
    said: str,
    intent: str,
    language: str,
    *,
    source: Source,
    by: Agent | None,
    entities: Iterable[Entity] = (),
    message_id: int | None = None,
    thread_id: int | None = None,
    held_back: bool = False,
    move: bool = False,
) -> Example:
    """Add an example; one that is there already stays as it is. `entities`: places in `said` once it is tidy.

    With `move`, a text that has another intent, or is held back or not, is changed to what is said here. Raises what
    `Words.of` raises, `NoSuchIntent`, `ExampleElsewhere`; `InTestSet` if it is held back and is to be trained on.
    """
    words = Words.of(said, language, entities)
    intent = await intents.in_use(session, intent)
    found = await row(session, words.key)
    if found is None:
        await _check(session, words, intent, held_back, move)
        values = {"source": source, "message_id": message_id, "thread_id": thread_id, "held_back": held_back}
        made = await _insert(session, words, intent, by, **values)
        if made is not None:
            return made
        found = await row(session, words.key)
    if found is None:
        raise errors.ExampleChangedMeanwhile
    named = await _now(session, found.intent)
    if found.removed_at is None and (found.held_back, named) == (held_back, intent):
        return found
    if found.removed_at is None and not move and found.held_back:
        raise errors.InTestSet
    if found.removed_at is None and not move and named is not None:
        raise errors.ExampleElsewhere(intent=named, text=found.text)
    if thread_id is not None or found.thread_id is None:  # a customer's words stay theirs, whoever writes them again
        found.source, found.message_id, found.thread_id = source, message_id, thread_id
    found.held_back = held_back
    _write(found, words, intent, by)
    await session.flush()
    return found


async def change(session: AsyncSession, key: Key, words: Words, intent: str, by: Agent | None, *, seen: int) -> Example:
    """Change the text, the intent or the entities of an example or a seed. `seen`: the version that was changed.

    Raises `NoSuchExample`, `NoSuchIntent`, `ExampleElsewhere`, `ExampleChangedMeanwhile`.
    """
    before = await _own(session, key, by)
    if before.version != seen:
        raise errors.ExampleChangedMeanwhile
    intent = await intents.in_use(session, intent)
    if words.key == key:
        _write(before, words, intent, by)
        await session.flush()
        return before
    source: Source = "admin" if before.source == "seed" else before.source
    after = await add(
        session,
        words.text,
        intent,
        words.language,
        source=source,
        by=by,
        entities=words.entities,
        message_id=before.message_id,
        thread_id=before.thread_id,
    )
    _remove(before, by)
    await session.flush()
    return after


async def relabel(session: AsyncSession, keys: Collection[Key], intent: str, by: Agent | None) -> int:
    """Give examples and seeds another intent. How many. Raises `NoSuchIntent`, `NothingChosen`."""
    if not keys:
        raise errors.NothingChosen
    intent = await intents.in_use(session, intent)
    for key in sorted(keys):
        _give(await _own(session, key, by), intent, by)
    await session.flush()
    return len(keys)


async def correct(session: AsyncSession, said: str, language: str, intent: str, by: Agent | None) -> Example | None:
    """Give what a customer said its newest intent, whether it is trained on or tested with. `None`: no customer said
    it, and it stays as it is; so do the sets in git."""
    found = await row(session, (language, digest(tidy(clean(said)))))
    if found is None or found.removed_at is not None or not (found.held_back or found.source in SAID_BY_CUSTOMERS):
        return None
    if await _now(session, found.intent) != intent:
        _give(found, intent, by)
        await session.flush()
    return found


async def remove(session: AsyncSession, key: Key, by: Agent | None) -> None:
    """Use an example or a seed no more. Raises `NoSuchExample`."""
    _remove(await _own(session, key, by), by)
    await session.flush()


async def put_back(session: AsyncSession, key: Key, by: Agent | None) -> Example:
    """Undo a removal. Raises `NoSuchExample`."""
    found = await row(session, key)
    if found is None:
        raise errors.NoSuchExample
    found.removed_at, found.agent_id = None, by.id if by else None
    found.version += 1
    await session.flush()
    return found


async def forget(session: AsyncSession, thread_id: int) -> Sequence[int]:
    """Delete every example that came from a thread, also removed and held back ones. Their numbers, by which snapshots
    of what was trained on can tell whether they hold one of them."""
    gone = delete(Example).where(Example.thread_id == thread_id).returning(Example.id)
    return sorted(await session.scalars(gone))


async def row(session: AsyncSession, key: Key) -> Example | None:
    """The row of a text, locked, be it removed or not."""
    query = select(Example).where(Example.language == key[0], Example.digest == key[1])
    return await session.scalar(query.with_for_update().execution_options(populate_existing=True))


def entities_of(found: Example) -> tuple[Entity, ...]:
    """The entities of a row."""
    return unpacked(found.entities)


async def _check(session: AsyncSession, words: Words, intent: str, held_back: bool, move: bool) -> None:
    """Whether no seed says otherwise."""
    seed = seeds_by_key().get(words.key)
    if seed is None or move:
        return
    named = (await intents.known(session)).now(seed.intent)
    if named is not None and (held_back or named != intent):
        raise errors.ExampleElsewhere(intent=named, text=seed.text)


async def _insert(
    session: AsyncSession, words: Words, intent: str, by: Agent | None, **values: object
) -> Example | None:
    """A new row; none if somebody was faster."""
    said = {"text": words.text, "language": words.language, "digest": words.key[1], "entities": packed(words.entities)}
    adding = insert(Example).values(intent=intent, agent_id=by.id if by else None, **said, **values)
    return (await session.scalars(adding.on_conflict_do_nothing().returning(Example))).one_or_none()


async def _own(session: AsyncSession, key: Key, by: Agent | None) -> Example:
    """The row of an example that is in use; of a seed that nobody has changed yet, a new one."""
    found = await row(session, key)
    if found is None and (seed := seeds_by_key().get(key)) is not None:
        found = await _insert(session, _words(seed), seed.intent, by, source="seed", version=0) or await row(
            session, key
        )
    if found is None or found.removed_at is not None:
        raise errors.NoSuchExample
    return found


def _give(found: Example, intent: str, by: Agent | None) -> None:
    found.intent, found.agent_id, found.at = intent, by.id if by else None, func.clock_timestamp()
    found.version += 1


def _words(seed: CorpusExample) -> Words:
    return Words(seed.text, seed.language, seed.entities)


def _write(found: Example, words: Words, intent: str, by: Agent | None) -> None:
    found.text, found.intent, found.entities = words.text, intent, packed(words.entities)
    found.agent_id, found.at, found.removed_at = by.id if by else None, func.clock_timestamp(), None
    found.version += 1


def _remove(found: Example, by: Agent | None) -> None:
    found.removed_at, found.agent_id = func.clock_timestamp(), by.id if by else None
    found.version += 1


async def _now(session: AsyncSession, name: str) -> str | None:
    return (await intents.known(session)).now(name)
