"""Test sets: frozen, numbered, never trained on. What each version of the model answered stands beside each utterance.

A set consists of the utterances that came with it or before (`since`) and have not left before it (`until`): the sets
in git and what reviewers held back. Two versions are only compared on the same set.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, func, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from handoff import intents
from handoff.base import Base, identity, now, one_of
from nlu.corpus import Corpus, CorpusExample
from nlu.scores import Answer

Origin = Literal["git", "held back"]

MOST_REFUSED = 50
"""Refused utterances that a set names."""


class TestSet(Base):
    """A number for what there was to test with at one time."""

    __test__ = False
    __tablename__ = "test_sets"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    made_at: Mapped[datetime] = now()
    size: Mapped[int]
    refused: Mapped[list[Any]] = mapped_column(server_default="[]")
    """Texts that did not become part of it, because they are examples to train on."""


class TestUtterance(Base):
    """A text to test with, and its right intent. Whoever is forgotten takes theirs along, and the answers to them."""

    __test__ = False
    __tablename__ = "test_utterances"
    __table_args__ = (
        one_of("origin", Origin),
        Index("uq_test_utterances_now", "language", "digest", unique=True, postgresql_where=text("until IS NULL")),
        Index("ix_test_utterances_example_id", "example_id"),
    )

    id: Mapped[int] = identity()
    text: Mapped[str]
    language: Mapped[str]
    digest: Mapped[str]
    intent: Mapped[str]
    origin: Mapped[Origin] = mapped_column(String)
    example_id: Mapped[int | None] = mapped_column(ForeignKey("examples.id", ondelete="CASCADE"))
    since: Mapped[int] = mapped_column(ForeignKey("test_sets.version"))
    until: Mapped[int | None] = mapped_column(ForeignKey("test_sets.version"))


class TestAnswer(Base):
    """What a version made of an utterance. `said` may be that it is not sure, `best` is its first guess."""

    __test__ = False
    __tablename__ = "test_answers"
    __table_args__ = (
        CheckConstraint("confidence BETWEEN 0 AND 1", name="confidence"),
        Index("ix_test_answers_utterance_id", "utterance_id"),
    )

    version: Mapped[int] = mapped_column(ForeignKey("models.version"), primary_key=True)
    utterance_id: Mapped[int] = mapped_column(ForeignKey("test_utterances.id", ondelete="CASCADE"), primary_key=True)
    said: Mapped[str]
    best: Mapped[str]
    confidence: Mapped[float]


@dataclass(frozen=True, slots=True)
class Frozen:
    """What came of freezing: the set's number, and texts that were refused."""

    version: int
    size: int
    refused: Sequence[str]


async def freeze(
    session: AsyncSession, git: Iterable[CorpusExample], held: Iterable[CorpusExample], trained: Iterable[CorpusExample]
) -> Frozen:
    """Freeze what there is to test with now; without a change the newest set stays the newest.

    A text that is an example to train on does not become part of it, unless it is already. Of git's, those of a retired
    intent are left out. An intent that was renamed or merged is the same: that alone makes no other set.
    """
    await session.execute(text("LOCK TABLE test_sets IN SHARE ROW EXCLUSIVE MODE"))
    known = await intents.known(session)
    here = {(one.language, one.digest): one for one in await session.scalars(_now())}
    learnt = {one.digest for one in trained}
    wanted, refused = _wanted((one for one in git if known.now(one.intent) is not None), held, learnt, here)
    same = {
        key
        for key in here.keys() & wanted.keys()
        if known.latest(here[key].intent) == known.latest(wanted[key][0].intent)
    }
    gone = [one for key, one in here.items() if key not in same]
    added = [key for key in wanted if key not in same]
    last = await newest(session)
    if last is not None and not gone and not added:
        return Frozen(last.version, last.size, refused)
    made = TestSet(version=last.version + 1 if last else 1, size=len(wanted), refused=refused[:MOST_REFUSED])
    session.add(made)
    await session.flush()
    for one in gone:
        one.until = made.version
    await session.flush()
    session.add_all(_row(*wanted[key], made.version) for key in added)
    await session.flush()
    return Frozen(made.version, made.size, refused)


Wanted = dict[tuple[str, str], tuple[CorpusExample, Origin]]


def _wanted(
    git: Iterable[CorpusExample], held: Iterable[CorpusExample], learnt: set[str], here: Mapping[tuple[str, str], Any]
) -> tuple[Wanted, list[str]]:
    wanted: Wanted = {}
    refused: list[str] = []
    origins: tuple[tuple[Origin, Iterable[CorpusExample]], ...] = (("held back", held), ("git", git))
    for origin, those in origins:
        for one in those:
            key = (one.language, one.digest)
            if one.digest in learnt and key not in here:
                refused.append(one.text)
            else:
                wanted[key] = one, origin
    return wanted, refused


def _row(one: CorpusExample, origin: Origin, since: int) -> TestUtterance:
    return TestUtterance(
        text=one.text,
        language=one.language,
        digest=one.digest,
        intent=one.intent,
        origin=origin,
        example_id=one.example_id,
        since=since,
    )


async def newest(session: AsyncSession) -> TestSet | None:
    """The last set that was frozen."""
    return (await session.scalars(select(TestSet).order_by(TestSet.version.desc()).limit(1))).one_or_none()


async def digests(session: AsyncSession) -> set[str]:
    """What equal texts have in common with an utterance of the newest set."""
    return set(await session.scalars(select(TestUtterance.digest).where(TestUtterance.until.is_(None))))


async def untested(session: AsyncSession, corpus: Corpus) -> Corpus:
    """What there is to train on of a corpus: all of it but what is tested with."""
    tested = await digests(session)
    return replace(corpus, examples=tuple(one for one in corpus.examples if one.digest not in tested))


async def unanswered(session: AsyncSession, version: int) -> list[TestUtterance]:
    """The utterances of the newest set that a version of the model has not been asked about."""
    asked = select(TestAnswer.utterance_id).where(TestAnswer.version == version)
    return list(await session.scalars(_now().where(TestUtterance.id.not_in(asked)).order_by(TestUtterance.id)))


async def answer(session: AsyncSession, version: int, said: Mapping[int, tuple[str, str, float]]) -> None:
    """Write down what a version made of utterances, by their id: what it said, its first guess, how sure. Those that
    were forgotten meanwhile are left out."""
    there = set(await session.scalars(select(TestUtterance.id).where(TestUtterance.id.in_(list(said)))))
    rows = [
        {"version": version, "utterance_id": one, "said": what[0], "best": what[1], "confidence": what[2]}
        for one, what in said.items()
        if one in there
    ]
    if rows:
        await session.execute(insert(TestAnswer).on_conflict_do_nothing(), rows)


async def answers(session: AsyncSession, version: int, test_set: int) -> dict[int, Answer]:
    """What a version of the model made of the utterances of a set, by their id, in the names of now.

    Otherwise a version from before an intent was renamed would be wrong wherever it is right.
    """
    columns = (TestUtterance.id, TestUtterance.text, TestUtterance.language, TestUtterance.intent)
    query = (
        select(*columns, TestAnswer.said, TestAnswer.best, TestAnswer.confidence)
        .join(TestAnswer, TestAnswer.utterance_id == TestUtterance.id)
        .where(TestAnswer.version == version, *_of(test_set))
        .order_by(TestUtterance.id)
    )
    latest = (await intents.known(session)).latest
    return {
        row.id: Answer(row.text, row.language, latest(row.intent), latest(row.said), latest(row.best), row.confidence)
        for row in await session.execute(query)
    }


async def whole(session: AsyncSession, versions: Sequence[int]) -> dict[int, list[int]]:
    """By version of the model, the sets that it answered whole, the newest first."""
    span = TestUtterance.since, TestUtterance.until
    rows = await session.execute(select(*span, func.count()).group_by(*span))
    there = {(since, until): count for since, until, count in rows}
    missing = {version: dict(there) for version in versions}
    of_the_set = TestUtterance.id == TestAnswer.utterance_id
    given = select(TestAnswer.version, *span, func.count()).join(TestUtterance, of_the_set)
    given = given.where(TestAnswer.version.in_(versions)).group_by(TestAnswer.version, *span)
    for version, since, until, count in await session.execute(given):
        if there.get((since, until)) == count:
            del missing[version][since, until]
    sets = [
        one
        for one in await session.scalars(select(TestSet.version).order_by(TestSet.version.desc()))
        if _any_stands(there, one)
    ]
    return {version: [one for one in sets if not _any_stands(missing[version], one)] for version in versions}


async def common(session: AsyncSession, versions: Sequence[int]) -> int | None:
    """The newest set that all these versions of the model answered whole; `None` if there is none."""
    found = (await whole(session, versions)).values()
    return max(set.intersection(*map(set, found)), default=None)


def _any_stands(spans: Iterable[tuple[int, int | None]], test_set: int) -> bool:
    return any(since <= test_set and (until is None or until > test_set) for since, until in spans)


def _now() -> Any:
    return select(TestUtterance).where(TestUtterance.until.is_(None))


def _of(test_set: int) -> tuple[Any, ...]:
    return TestUtterance.since <= test_set, or_(TestUtterance.until.is_(None), TestUtterance.until > test_set)
