"""Test sets: frozen, numbered, without what is trained on, and without whoever was forgotten."""

from dataclasses import replace

from sqlalchemy import delete, func, select

from handoff import corpora, examples, intents, test_sets
from handoff.database import Database
from handoff.examples import Example
from nlu.corpus import CorpusExample
from tests.handoff.web.versions import GOOD, UTTERANCES, freeze, version

ONE = CorpusExample("give it back", "refund", "en")


async def test_a_set_is_frozen_and_what_changes_makes_another_one(database: Database) -> None:
    assert [await freeze(database), await freeze(database)] == [1, 1]
    await version(database, GOOD)
    assert await freeze(database, UTTERANCES[1:]) == 2
    await version(database, GOOD)
    async with database.reading() as session:
        assert await test_sets.whole(session, [1, 2]) == {1: [2, 1], 2: [2]}


async def test_a_test_utterance_that_is_also_an_example_is_refused_and_named(database: Database) -> None:
    async with database.transaction("test") as session:
        frozen = await test_sets.freeze(session, [*UTTERANCES, ONE], (), [replace(ONE, text="Give it  BACK")])
    assert (frozen.size, frozen.refused) == (12, ["give it back"])
    async with database.reading() as session:
        newest = await test_sets.newest(session)
    assert newest
    assert newest.refused == ["give it back"]


async def test_an_utterance_that_got_another_intent_is_another_one(database: Database) -> None:
    await freeze(database)
    await version(database, GOOD)
    assert await freeze(database, [replace(UTTERANCES[0], intent="complaint"), *UTTERANCES[1:]]) == 2
    async with database.reading() as session:
        assert len(await test_sets.answers(session, 1, 1)) == 12
        assert len(await test_sets.answers(session, 1, 2)) == 11
        assert await test_sets.common(session, [1]) == 1, "of the new one it has not been asked everything"
        assert len(await test_sets.unanswered(session, 1)) == 1


async def test_a_held_back_example_that_is_removed_leaves_the_test_set(database: Database) -> None:
    async with database.transaction("test") as session:
        held = await examples.add(session, "give it back", "refund", "en", source="review", by=None, held_back=True)
        await test_sets.freeze(session, UTTERANCES[:2], await corpora.held_back(session), ())
    async with database.transaction("test") as session:
        await examples.remove(session, (held.language, held.digest), None)
        frozen = await test_sets.freeze(session, UTTERANCES[:2], await corpora.held_back(session), ())
    assert (frozen.version, frozen.size) == (2, 2)


async def test_what_git_tests_a_retired_intent_with_is_left_out_until_it_is_brought_back(database: Database) -> None:
    await freeze(database)
    async with database.transaction("test.retire") as session:
        await intents.retire(session, "order_missing")
    assert await freeze(database) == 2
    async with database.transaction("test.bring back") as session:
        await intents.bring_back(session, "order_missing")
    assert await freeze(database) == 3
    async with database.reading() as session:
        sets = await session.scalars(select(test_sets.TestSet).order_by(test_sets.TestSet.version))
        assert [one.size for one in sets] == [12, 8, 12]


async def test_an_intent_that_is_renamed_makes_no_other_set(database: Database) -> None:
    async def again() -> int:
        async with database.transaction("test.freeze") as session:
            return (await test_sets.freeze(session, UTTERANCES, await corpora.held_back(session), ())).version

    async with database.transaction("test.hold back") as session:
        await examples.add(session, "give it back", "refund", "en", source="review", by=None, held_back=True)
    assert await again() == 1
    async with database.transaction("test.rename") as session:
        await intents.rename(session, "refund", "money_back", None)
    assert await again() == 1


async def test_who_is_forgotten_takes_their_utterances_and_the_answers_to_them_along(database: Database) -> None:
    async with database.transaction("test") as session:
        held = await examples.add(session, "give it back", "refund", "en", source="review", by=None, held_back=True)
    async with database.transaction("test") as session:
        await test_sets.freeze(session, UTTERANCES[:2], [replace(ONE, example_id=held.id)], ())
    await version(database, {"refund": [("refund", "refund", 0.5)] * 3})
    async with database.transaction("test") as session:
        await session.execute(delete(Example))
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(test_sets.TestAnswer)) == 2
        assert await test_sets.common(session, [1]) == 1
