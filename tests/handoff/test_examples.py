"""Examples and intents in the record: joined with the seeds, changed without losing them, forgotten."""

import pytest

from handoff import corpora, examples, intents
from handoff import training_errors as errors
from handoff.database import Database
from handoff.examples import Words
from nlu.annotations import Entity, digest
from nlu.corpus import Corpus
from nlu.seeds import seeds
from tests.handoff.web.story import handed_off

REFUND = ("en", digest("I want a refund"))


async def corpus(database: Database) -> Corpus:
    async with database.reading() as session:
        return await corpora.gather(session)


def texts(found: Corpus, intent: str) -> set[str]:
    return {one.text for one in found.examples if one.intent == intent}


async def test_as_long_as_nobody_changed_anything_the_corpus_is_the_seeds(database: Database) -> None:
    found = {(one.language, digest(one.text), one.intent) for one in (await corpus(database)).examples}
    assert found == {(one.language, digest(one.text), one.intent) for one in seeds()}


async def test_what_an_admin_adds_is_trained_on_and_changes_the_hash(database: Database) -> None:
    before = await corpus(database)
    async with database.transaction("test.teach") as session:
        await intents.create(session, "gift_wrapping", None, description="Wrapping, ribbons, cards")
        made = await examples.add(
            session,
            "wrap  my [kettle] please",
            "gift_wrapping",
            "en",
            source="admin",
            by=None,
            entities=[Entity(8, 16, "product", "kettle")],
        )
    after = await corpus(database)
    assert (made.text, after.example_ids) == ("wrap my (kettle) please", [made.id])
    assert after.sha256 != before.sha256
    assert texts(after, "gift_wrapping") == {"wrap my (kettle) please"}


async def test_the_hash_of_the_corpus_is_the_same_for_the_same_contents(database: Database) -> None:
    first = await corpus(database)
    assert (await corpus(database)).sha256 == first.sha256
    assert Corpus(first.examples[::-1], first.patterns, first.wordings).sha256 == first.sha256


async def test_a_seed_that_was_changed_or_removed_stays_so(database: Database) -> None:
    async with database.transaction("test.change") as session:
        await examples.relabel(session, [REFUND], "complaint", None)
        await examples.remove(session, ("en", digest("give me my money back")), None)
    found = await corpus(database)
    assert "I want a refund" in texts(found, "complaint")
    assert not {"I want a refund", "give me my money back"} & texts(found, "refund")
    async with database.transaction("test.put back") as session:
        await examples.put_back(session, ("en", digest("give me my money back")), None)
    assert "give me my money back" in texts(await corpus(database), "refund")


async def test_a_changed_text_takes_the_place_of_the_seed(database: Database) -> None:
    async with database.transaction("test.change") as session:
        await examples.change(session, REFUND, Words.of("I demand a refund", "en"), "refund", None, seen=0)
    found = texts(await corpus(database), "refund")
    assert ("I demand a refund" in found, "I want a refund" in found) == (True, False)


async def test_who_changes_what_somebody_else_changed_meanwhile_is_told(database: Database) -> None:
    async with database.transaction("test.change") as session:
        await examples.relabel(session, [REFUND], "complaint", None)
    with pytest.raises(errors.ExampleChangedMeanwhile):
        async with database.transaction("test.change again") as session:
            await examples.change(session, REFUND, Words.of("I want a refund", "en"), "refund", None, seen=0)


async def test_a_renamed_intent_keeps_its_examples_and_those_of_later_seeds(database: Database) -> None:
    before = texts(await corpus(database), "refund")
    async with database.transaction("test.rename") as session:
        await intents.rename(session, "refund", "money_back", None)
        assert await intents.in_use(session, "refund") == "money_back"
    found = await corpus(database)
    assert (texts(found, "money_back"), texts(found, "refund")) == (before, set())
    async with database.transaction("test.rename back") as session:
        await intents.rename(session, "money_back", "refund", None)
        assert "money_back" not in await intents.names(session)
    assert texts(await corpus(database), "refund") == before


async def test_what_was_written_of_an_intent_goes_along_when_its_former_name_comes_back(database: Database) -> None:
    async with database.transaction("test.rename") as session:
        await intents.describe(session, "refund", "Money", {"en": "you want money"}, seen=0)
        await intents.rename(session, "refund", "money_back", None)
        await intents.describe(session, "money_back", "Money back", {"en": "you want your money back"}, seen=1)
        await intents.rename(session, "money_back", "refund", None)
        found = (await intents.known(session)).rows["refund"]
    assert (found.description, found.wordings) == ("Money back", {"en": "you want your money back"})


async def test_merged_and_retired_intents_can_be_brought_back(database: Database) -> None:
    before = await corpus(database)
    async with database.transaction("test.merge") as session:
        await intents.merge(session, "delivery_late", "order_missing")
        await intents.retire(session, "question_before_buying")
    found = await corpus(database)
    assert texts(found, "order_missing") == texts(before, "order_missing") | texts(before, "delivery_late")
    assert not {"delivery_late", "question_before_buying"} & set(found.intents)
    async with database.transaction("test.bring back") as session:
        await intents.bring_back(session, "delivery_late")
        await intents.bring_back(session, "question_before_buying")
    assert (await corpus(database)).sha256 == before.sha256


@pytest.mark.parametrize(
    "name", ["__proto__", "a/b", "a b", "", "Refund", "chitchat+ask", "x" * 61, "größe", "1st", "a\n"]
)
async def test_a_name_that_would_break_something_is_refused(database: Database, name: str) -> None:
    async with database.transaction("test.create") as session:
        with pytest.raises(errors.BadIntentName):
            await intents.create(session, name, None)


async def test_reserved_taken_and_retired_names_are_refused(database: Database) -> None:
    async with database.transaction("test.create") as session:
        with pytest.raises(errors.ReservedName):
            await intents.create(session, "nlu_fallback", None)
        with pytest.raises(errors.IntentExists):
            await intents.create(session, "refund", None)
        await intents.retire(session, "refund")
        with pytest.raises(errors.IntentWasRetired):
            await intents.create(session, "refund", None)
        with pytest.raises(errors.TalkIsBuiltOnIt):
            await intents.retire(session, "affirm")


async def test_what_is_held_back_is_never_trained_on(database: Database) -> None:
    async with database.transaction("test.hold back") as session:
        await examples.add(session, "cash back now", "refund", "en", source="review", by=None, held_back=True)
        with pytest.raises(errors.InTestSet):
            await examples.add(session, "Cash back  now", "refund", "en", source="admin", by=None)
        with pytest.raises(errors.ExampleElsewhere):
            await examples.add(session, "I want a refund", "refund", "en", source="review", by=None, held_back=True)
        await examples.add(
            session, "I want a refund", "refund", "en", source="review", by=None, held_back=True, move=True
        )
        assert {one.text for one in await corpora.held_back(session)} == {"cash back now", "I want a refund"}
    assert not {"cash back now", "I want a refund"} & texts(await corpus(database), "refund")


async def test_forgetting_a_thread_removes_the_examples_that_came_from_it(database: Database) -> None:
    thread_id = await handed_off(database)
    async with database.transaction("test.review") as session:
        mine = await examples.add(
            session, "two times 49", "refund", "en", source="review", by=None, thread_id=thread_id
        )
        await examples.add(
            session, "I want a refund", "complaint", "en", source="review", by=None, thread_id=thread_id, move=True
        )
        await examples.remove(session, mine.key, None)
    async with database.transaction("test.forget") as session:
        gone = await examples.forget(session, thread_id)
        assert mine.id in gone
        assert len(gone) == 2
    assert "I want a refund" in texts(await corpus(database), "refund"), "the seed is not the customer's"
