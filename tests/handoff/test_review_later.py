"""What happens to reviewed texts later: withdrawn, asked again, answered together with those near them."""

import pytest
from sqlalchemy import update

from handoff import examples, intents, review_errors, review_queue, review_rules, reviews, utterances
from handoff.database import Database
from handoff.models import Agent, Message
from tests.cast import ANA
from tests.handoff.test_reviews import answered, hired, learnt, waiting, with_rules
from tests.handoff.web.spoken import UNSURE, agrees_again, says, takes_back


@pytest.fixture
async def ana(database: Database) -> Agent:
    return await hired(database, ANA)


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
        assert [one.digest for one in await reviews.withdrawn(session)]
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
