"""Answers to what customers said: they count once, for all who said the same, and until somebody takes them back."""

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import select, update

from handoff import examples, review_errors, review_queue, review_rules, reviews, training_errors, utterances
from handoff.database import Database
from handoff.examples import Example
from handoff.models import Agent
from handoff.review_queue import Sought, Text
from handoff.review_rules import Rules
from handoff.reviews import Review, Said
from tests.handoff.web.spoken import says


async def waiting(database: Database, me: Agent, **sought: str) -> Sequence[Text]:
    """What waits for somebody."""
    async with database.reading() as session:
        rules = await review_rules.rules(session)
        return (await review_queue.queue(session, me, rules, Sought(**sought))).texts


async def words(database: Database, me: Agent, **sought: str) -> list[str]:
    """The same in words."""
    return [text.text for text in await waiting(database, me, **sought)]


async def answered(database: Database, me: Agent, text: str, intent: str | None, answer: str = "none") -> Review:
    """Somebody answers."""
    said = Said("intent", intent) if intent else Said(answer)  # type: ignore[arg-type]
    async with database.transaction("test.answer") as session:
        return await reviews.answer(session, me, utterances.digest("en", text), said)


async def undone(database: Database, me: Agent) -> None:
    async with database.transaction("test.undo") as session:
        await reviews.undo(session, me)


async def with_rules(database: Database, **values: object) -> None:
    async with database.transaction("test.rules") as session:
        await session.execute(update(Rules).values(values))


async def learnt(database: Database) -> list[tuple[str, str, bool]]:
    """The examples that came out of it."""
    async with database.reading() as session:
        rows = select(Example.text, Example.intent, Example.held_back).where(Example.removed_at.is_(None))
        return [(text, intent, kept) for text, intent, kept in await session.execute(rows.order_by(Example.id))]


async def test_the_least_certain_comes_first_and_equal_texts_are_one(database: Database, ana: Agent) -> None:
    await says(database, "Money back when??", {"refund": 0.5})
    await says(database, "I want out", {"cancel": 0.2})
    await says(database, "money back WHEN", {"refund": 0.55})
    await says(database, "Where is it", {"order_missing": 0.59})
    await says(database, "Quite clear", {"refund": 0.6})
    found = await waiting(database, ana)
    assert [(text.text, text.count) for text in found] == [
        ("I want out", 1),
        ("Money back when??", 2),
        ("Where is it", 1),
    ]


async def test_the_same_words_in_another_language_are_another_text() -> None:
    assert utterances.digest("en", "Hotel") != utterances.digest("de", "Hotel")
    assert utterances.digest("en", "Order 123 of @me!") == utterances.digest("en", "order 99 of @you")
    assert utterances.digest("en", "!!!") != utterances.digest("en", "???")


async def test_what_an_agent_called_wrong_comes_before_all_however_sure_the_model_was(
    database: Database, ana: Agent, ben: Agent
) -> None:
    await says(database, "I want out", {"cancel": 0.2})
    thread_id, message_id = await says(database, "Sure thing", {"refund": 0.99})
    async with database.transaction("test.wrong") as session:
        await utterances.mark_wrong(session, thread_id, message_id, ben, "cancel")
    assert await words(database, ana) == ["Sure thing", "I want out"]
    assert await words(database, ana, why="wrong") == ["Sure thing"]


@pytest.mark.parametrize(
    ("sought", "found"),
    [
        ({"intent": "cancel"}, ["I want out"]),
        ({"channel": "square"}, ["Where is it"]),
        ({"language": "en"}, ["I want out", "Where is it"]),
        ({"language": "de"}, []),
        ({"why": "rephrased"}, []),
    ],
)
async def test_what_waits_can_be_narrowed(
    database: Database, ana: Agent, sought: dict[str, str], found: list[str]
) -> None:
    await says(database, "I want out", {"cancel": 0.2})
    await says(database, "Where is it", {"order_missing": 0.5}, channel="square")
    assert await words(database, ana, **sought) == found


async def test_an_answer_makes_one_example_of_all_who_said_the_same(database: Database, ana: Agent) -> None:
    await with_rules(database, held_back=0)
    thread_id, message_id = await says(database, "Money back when?")
    await says(database, "money back when")
    await answered(database, ana, "Money back when", "refund")
    assert await learnt(database) == [("Money back when?", "refund", False)]
    async with database.reading() as session:
        made = (await session.scalars(select(Example))).one()
    assert (made.source, made.thread_id, made.message_id, made.agent_id) == ("review", thread_id, message_id, ana.id)
    assert await words(database, ana) == []


async def test_who_says_the_same_later_is_answered_already(database: Database, ana: Agent) -> None:
    await says(database, "Money back when?")
    await answered(database, ana, "Money back when", "refund")
    await says(database, "money back, when")
    assert await words(database, ana) == []


async def test_the_share_for_the_test_set_is_the_same_for_the_same_text(database: Database, ana: Agent) -> None:
    rules = Rules(held_back=20)
    texts = [f"A text that nobody has said before, number {number}" for number in range(1000)]
    kept = [text for text in texts if rules.holds_back(text)]
    assert 150 < len(kept) < 250
    assert kept == [text for text in texts if rules.holds_back(text.upper())]
    assert not any(Rules(held_back=0).holds_back(text) for text in texts)
    await with_rules(database, held_back=100)
    await says(database, "Money back when?")
    await answered(database, ana, "Money back when", "refund")
    assert await learnt(database) == [("Money back when?", "refund", True)]


@pytest.mark.parametrize("answer", ["none", "ignore"])
async def test_none_and_ignore_make_no_example(database: Database, ana: Agent, answer: str) -> None:
    await says(database, "Money back when?")
    await answered(database, ana, "Money back when", None, answer)
    assert (await learnt(database), await words(database, ana)) == ([], [])


async def test_undo_brings_a_text_back_and_takes_its_example_away(database: Database, ana: Agent) -> None:
    for text in ("Money back when?", "I want out"):
        await says(database, text)
        await answered(database, ana, text, "refund")
    await undone(database, ana)
    assert await words(database, ana) == ["I want out"]
    await undone(database, ana)
    assert sorted(await words(database, ana)) == ["I want out", "Money back when?"]
    assert await learnt(database) == []
    with pytest.raises(review_errors.NothingToUndo):
        await undone(database, ana)
    await answered(database, ana, "I want out", "cancel")
    assert [row[:2] for row in await learnt(database)] == [("I want out", "cancel")]


async def test_undo_leaves_an_example_that_was_there_before(database: Database, ana: Agent, ben: Agent) -> None:
    await with_rules(database, held_back=0)
    async with database.transaction("test.add") as session:
        await examples.add(session, "I really want out", "cancel", "en", source="admin", by=ben)
    await says(database, "I really want out")
    await answered(database, ana, "I really want out", "cancel")
    await undone(database, ana)
    assert [row[:2] for row in await learnt(database)] == [("I really want out", "cancel")]


async def test_an_answer_against_an_example_that_is_there_is_refused_whole(database: Database, ana: Agent) -> None:
    async with database.transaction("test.add") as session:
        await examples.add(session, "I really want out", "cancel", "en", source="admin", by=ana)
    await says(database, "I really want out")
    with pytest.raises(training_errors.ExampleElsewhere):
        await answered(database, ana, "I really want out", "refund")
    assert await words(database, ana) == ["I really want out"]


async def flagged(database: Database, line: tuple[int, int], by: Agent) -> None:
    """Somebody of the team calls the guess of a line wrong."""
    async with database.transaction("test.wrong") as session:
        await utterances.mark_wrong(session, *line, by, "cancel")


@pytest.mark.parametrize("share", [0, 100])
async def test_what_a_customer_said_gets_the_newest_answer_and_goes_on_testing_or_being_trained_on(
    database: Database, ana: Agent, ben: Agent, share: int
) -> None:
    await with_rules(database, held_back=share)
    await says(database, "Money back when?")
    line = await says(database, "Money back when?")
    await answered(database, ana, "Money back when", "refund")
    for intent in ("cancel", "complaint"):
        await flagged(database, line, ben)
        assert await words(database, ana) == ["Money back when?"]
        await answered(database, ben, "Money back when", intent)
        assert await learnt(database) == [("Money back when?", intent, share == 100)]
    for intent in ("cancel", "refund"):
        await undone(database, ben)
        assert await learnt(database) == [("Money back when?", intent, share == 100)]


async def test_whoever_takes_back_that_a_guess_is_wrong_leaves_what_was_answered_answered(
    database: Database, ana: Agent, ben: Agent
) -> None:
    thread_id, message_id = await says(database, "Money back when?")
    await answered(database, ana, "Money back when", "refund")
    async with database.transaction("test.wrong") as session:
        await utterances.mark_wrong(session, thread_id, message_id, ben)
        await utterances.unmark(session, thread_id, message_id)
    assert await words(database, ana) == []


async def test_of_two_who_answer_at_once_one_wins_and_the_other_is_told(
    database: Database, ana: Agent, ben: Agent
) -> None:
    await says(database, "Money back when?")
    both = (answered(database, ana, "Money back when", "refund"), answered(database, ben, "Money back when", "cancel"))
    one, other = await asyncio.gather(*both, return_exceptions=True)
    lost = other if isinstance(one, Review) else one
    won = one if isinstance(one, Review) else other
    assert isinstance(won, Review)
    assert isinstance(lost, review_errors.Overtaken)
    assert str(won.intent) in lost.sentence
    assert len(await learnt(database)) == 1


async def test_a_double_click_answers_once(database: Database, ana: Agent) -> None:
    await says(database, "Money back when?")
    first = await answered(database, ana, "Money back when", "refund")
    assert (await answered(database, ana, "Money back when", "refund")).id == first.id


async def test_where_two_are_asked_the_second_decides_and_neither_sees_the_first_before(
    database: Database, ana: Agent, ben: Agent
) -> None:
    await with_rules(database, two_people=True)
    await says(database, "Money back when?")
    await answered(database, ana, "Money back when", "refund")
    assert (await words(database, ana), await learnt(database)) == ([], [])
    (text,) = await waiting(database, ben)
    assert text.answers == ()
    await answered(database, ben, "Money back when", "refund")
    assert [row[:2] for row in await learnt(database)] == [("Money back when?", "refund")]


async def test_two_who_differ_both_see_it_until_they_agree(database: Database, ana: Agent, ben: Agent) -> None:
    await with_rules(database, two_people=True)
    await says(database, "Money back when?")
    await answered(database, ana, "Money back when", "refund")
    await answered(database, ben, "Money back when", "cancel")
    for me in (ana, ben):
        (text,) = await waiting(database, me)
        assert [(one.agent.name, one.words) for one in text.answers] == [("Ana", "refund"), ("Ben", "cancel")]
    await answered(database, ana, "Money back when", "cancel")
    assert [row[1] for row in await learnt(database)] == ["cancel"]
    assert (await words(database, ana), await words(database, ben)) == ([], [])


@pytest.mark.parametrize("who", ["first", "second"])
async def test_undo_after_two_agreed_leaves_the_others_answer_standing(
    database: Database, ana: Agent, ben: Agent, who: str
) -> None:
    await with_rules(database, two_people=True)
    await says(database, "Money back when?")
    await answered(database, ana, "Money back when", "refund")
    await answered(database, ben, "Money back when", "refund")
    undoing, other = (ana, ben) if who == "first" else (ben, ana)
    await undone(database, undoing)
    assert await learnt(database) == []
    assert (await words(database, undoing), await words(database, other)) == (["Money back when?"], [])
    await answered(database, undoing, "Money back when", "refund")
    assert len(await learnt(database)) == 1
