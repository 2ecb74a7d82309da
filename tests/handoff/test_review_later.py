"""What happens to reviewed texts later: withdrawn, asked again, answered together with those near them."""

from functools import partial

import pytest
from sqlalchemy import select, update

from bot.understand import Understand
from handoff import corpora, examples, intents, review_errors, review_queue, review_rules, reviews, utterances
from handoff.database import Database
from handoff.models import Agent, Message
from handoff.reviews import Review, Withdrawal
from handoff.utterances import Utterance
from tests.cast import BEN
from tests.handoff.conftest import hired
from tests.handoff.test_reviews import answered, flagged, learnt, undone, waiting, with_rules
from tests.handoff.web.spoken import UNSURE, agrees_again, says, takes_back


async def test_who_withdraws_is_out_at_once_and_another_who_said_the_same_stands_in(
    database: Database, ana: Agent
) -> None:
    await with_rules(database, held_back=0)
    mara, _ = await says(database, "Money back when??")
    noor, _ = await says(database, "money back WHEN")
    await answered(database, ana, "Money back when", "refund")
    await takes_back(database, mara)
    assert await learnt(database) == []
    async with database.transaction("test.repair") as session:
        assert [one.digest for one in await session.scalars(select(Withdrawal))]
        await reviews.repair(session)
    assert await learnt(database) == [("money back WHEN", "refund", False)]
    await takes_back(database, noor)
    async with database.transaction("test.repair") as session:
        await reviews.repair(session)
    assert await learnt(database) == []


async def test_who_agrees_again_is_asked_about_again_unless_somebody_said_the_same(
    database: Database, ana: Agent
) -> None:
    mara, _ = await says(database, "Money back when??")
    await answered(database, ana, "Money back when", "refund")
    await takes_back(database, mara)
    async with database.transaction("test.repair") as session:
        await reviews.repair(session)
    await agrees_again(database, mara)
    assert [text.text for text in await waiting(database, ana)] == ["Money back when??"]


async def test_a_text_that_is_gone_cannot_be_answered(database: Database, ana: Agent) -> None:
    _, message_id = await says(database, "Money back when?")
    async with database.transaction("test.delete") as session:
        await session.execute(update(Message).where(Message.id == message_id).values(text="", deleted_at=Message.at))
    with pytest.raises(review_errors.TakenBack):
        await answered(database, ana, "Money back when", "refund")


async def test_what_was_about_none_is_asked_again_when_a_new_intent_is_near(database: Database, ana: Agent) -> None:
    for text in ("Can you wrap it as a gift", "Tell me a joke"):
        await says(database, text)
        await answered(database, ana, text, None)
    async with database.transaction("test.new") as session:
        assert await review_queue.ask_again(session) == 0
        await intents.create(session, "gift_wrapping", ana)
        await examples.add(session, "wrap it as a gift please", "gift_wrapping", "en", source="admin", by=ana)
    async with database.transaction("test.again") as session:
        assert await review_queue.ask_again(session) == 1
        assert await review_queue.ask_again(session) == 0
    (again,) = await waiting(database, ana)
    assert (again.text, again.utterance.hint) == ("Can you wrap it as a gift", "gift_wrapping")
    await answered(database, ana, again.text, None)
    async with database.transaction("test.again") as session:
        assert await review_queue.ask_again(session) == 0, "whoever says none once more is believed"


async def test_an_intent_that_was_there_before_is_no_new_one_when_somebody_describes_or_renames_it(
    database: Database, ana: Agent
) -> None:
    async with database.transaction("test.old") as session:
        await examples.add(session, "I would like my money returned", "refund", "en", source="admin", by=ana)
        await intents.create(session, "gift_wrapping", ana)
        await examples.add(session, "wrap it as a gift please", "gift_wrapping", "en", source="admin", by=ana)
    for text in ("I would like my money returned now", "Can you wrap it as a gift"):
        await says(database, text)
        await answered(database, ana, text, None)
    async with database.transaction("test.describe") as session:
        await intents.describe(session, "refund", "Money back", {}, seen=0)
        await intents.rename(session, "gift_wrapping", "gift_paper", ana)
        await examples.add(session, "wrap it as a gift for me", "gift_paper", "en", source="admin", by=ana)
    async with database.transaction("test.again") as session:
        assert await review_queue.ask_again(session) == 0


async def test_near_texts_are_found_the_likest_first(database: Database, ana: Agent) -> None:
    for text in ("Where is my parcel", "where's my parcel now?", "Where is my parcel today", "I was charged twice"):
        await says(database, text, {"order_missing": 0.3})
    async with database.reading() as session:
        found = await review_queue.one(session, utterances.digest("en", "where is my parcel"))
        assert found is not None
        near = await review_queue.near(session, await review_rules.rules(session), found)
    assert [one.text for one in near] == ["Where is my parcel today", "where's my parcel now?"]


@pytest.mark.parametrize("text", ["🌸", "!!!", "'", "\\", "a" * 4096, "& | ! ( ) :*"])
async def test_whatever_was_said_has_near_texts_or_none(database: Database, ana: Agent, text: str) -> None:
    await says(database, text, UNSURE)
    (found,) = await waiting(database, ana)
    async with database.reading() as session:
        assert await review_queue.near(session, await review_rules.rules(session), found) == []


@pytest.mark.parametrize("again", ["moved", "put back", "changed into it"])
async def test_a_customers_words_stay_theirs_whoever_writes_them_again(
    database: Database, ana: Agent, again: str
) -> None:
    await with_rules(database, held_back=0)
    mara, _ = await says(database, "Money back when??")
    await answered(database, ana, "Money back when", "refund")
    async with database.transaction("test.write again") as session:
        add = partial(examples.add, session, language="en", source="admin", by=ana)
        if again == "moved":
            await add("money back when??", "complaint", move=True)
        else:
            await reviews.undo(session, ana)
        if again == "put back":
            await add("money back when??", "refund")
        if again == "changed into it":
            mine = await add("my thing hums all night", "complaint")
            words = examples.Words.of("money back when??", "en")
            await examples.change(session, mine.key, words, "complaint", ana, seen=mine.version)
    assert [entry.is_real for entry in await found(database)] == [True]
    await takes_back(database, mara)
    assert await found(database) == []


async def found(database: Database) -> list[corpora.Entry]:
    """The examples that are no seeds."""
    async with database.reading() as session:
        return [entry for entry in await corpora.entries(session) if entry.version]


async def test_words_that_cannot_stand_in_for_what_was_taken_back_hold_up_nothing(
    database: Database, ana: Agent
) -> None:
    await with_rules(database, held_back=0)
    async with database.transaction("test.new") as session:
        await intents.create(session, "gift", ana)
    mara, _ = await says(database, "Wrap it please")
    noor, _ = await says(database, "wrap it PLEASE")
    await answered(database, ana, "Wrap it please", "gift")
    rose, _ = await says(database, "Money back when??")
    await says(database, "money back WHEN")
    await answered(database, ana, "Money back when", "refund")
    async with database.transaction("test.retire") as session:
        await intents.retire(session, "gift")
    await takes_back(database, mara)
    await takes_back(database, rose)
    await Understand(database, None, frozenset({"telegram"})).tidy()
    assert await learnt(database) == [("money back WHEN", "refund", False)]
    assert noor not in {entry.thread_id for entry in await found(database)}


async def test_an_answer_that_was_given_anew_is_not_brought_back_by_an_undo(database: Database, ana: Agent) -> None:
    await with_rules(database, two_people=True)
    ben = await hired(database, BEN)
    _, line = await says(database, "Money back when?")
    await answered(database, ana, "Money back when", "refund")
    await answered(database, ben, "Money back when", "refund")
    async with database.transaction("test.wrong") as session:
        await session.execute(update(Utterance).where(Utterance.message_id == line).values(review_id=None))
    newer = await answered(database, ana, "Money back when", "complaint")
    async with database.transaction("test.undo") as session:
        await reviews.undo(session, ben)
    async with database.reading() as session:
        standing = (await session.scalars(select(Review.id).where(*reviews.STANDING))).all()
    assert standing == [newer.id]


async def test_what_a_renamed_intent_has_already_is_answered_with_its_new_name(database: Database, ana: Agent) -> None:
    await with_rules(database, held_back=100)
    async with database.transaction("test.rename") as session:
        await examples.add(session, "is my thing near", "delivery_late", "en", source="admin", by=ana)
        await intents.rename(session, "delivery_late", "parcel_late", ana)
    await says(database, "Is my thing near")
    await answered(database, ana, "Is my thing near", "parcel_late")
    assert await waiting(database, ana) == []


async def test_two_agree_also_when_the_intent_was_renamed_between_their_answers(database: Database, ana: Agent) -> None:
    await with_rules(database, two_people=True, held_back=0)
    ben = await hired(database, BEN)
    await says(database, "Money back when?")
    await answered(database, ana, "Money back when", "refund")
    async with database.transaction("test.rename") as session:
        await intents.rename(session, "refund", "money_back", ana)
    await answered(database, ben, "Money back when", "money_back")
    assert await learnt(database) == [("Money back when?", "money_back", False)]


async def test_an_answer_that_was_corrected_and_undone_leaves_nothing_when_the_correction_is_undone_too(
    database: Database, ana: Agent
) -> None:
    ben = await hired(database, BEN)
    line = await says(database, "Money back when?")
    await answered(database, ana, "Money back when", "refund")
    await flagged(database, line, ben)
    await answered(database, ben, "Money back when", "cancel")
    await undone(database, ana)
    assert [row[1] for row in await learnt(database)] == ["cancel"]
    await undone(database, ben)
    assert await learnt(database) == []
