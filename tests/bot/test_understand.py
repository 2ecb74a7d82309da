"""What was understood of each line is kept; to review comes what customers agreed to, and from X nothing ever does."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot import permit
from bot.run import Bot
from handoff import review_queue, review_rules, reviews, utterances
from handoff.models import Agent, Message
from handoff.review_queue import Sought, Text
from handoff.reviews import Said
from handoff.utterances import Utterance
from tests.bot.test_choose import choices
from tests.bot.test_forget import trace_of
from tests.bot.town import Town, click, deletion, edit, line, mention
from tests.cast import ANA, MARA

UNSURE = {"refund": 0.3, "cancel": 0.25, "order_missing": 0.2}
MONEY = "Will I see my money again?"


async def agree(town: Town) -> None:
    """The customer agrees to training."""
    chooses = await choices(town)
    brand = chooses._brand
    await chooses.agree("training", "en", brand.consent.version)


async def waiting(town: Town) -> list[Text]:
    """What waits for Ana's review."""
    agents = await town.value("SELECT count(*) FROM agents")
    ana = await town.hired(ANA) if not agents else None
    async with town.database.reading() as session:
        me = ana or (await session.scalars(select(Agent))).first()
        assert me is not None
        found = await review_queue.queue(session, me, await review_rules.rules(session), Sought())
    return list(found.texts)


async def said(town: Town) -> list[str]:
    """Their words."""
    return [text.text for text in await waiting(town)]


async def guesses(town: Town) -> list[Any]:
    """Each line with its guess."""
    async with town.database.reading() as session:
        rows = select(Utterance.intent, Utterance.confidence, Utterance.hint, Utterance.rephrased)
        return [tuple(row) for row in await session.execute(rows.order_by(Utterance.message_id))]


async def in_doubt(town: Town, *, agreed: bool = True) -> int:
    """Mara said something that the bot is not sure of; the thread's id."""
    thread_id = await town.opted_in(MARA)
    if agreed:
        await agree(town)
    town.rasa.rankings = {"money": UNSURE}
    await town.do(line(MARA, MONEY))
    return thread_id


async def test_what_was_understood_of_each_line_is_kept_with_its_best_guesses(town: Town) -> None:
    thread_id = await in_doubt(town, agreed=False)
    async with town.database.reading() as session:
        post, asked = (await utterances.of_thread(session, thread_id)).values()
    assert (post.intent, post.guesses) == ("order_missing", [("order_missing", 0.9)])
    assert (asked.intent, asked.confidence, asked.is_sure) == ("nlu_fallback", 0.3, False)
    assert asked.guesses == list(UNSURE.items())


async def test_nobody_is_reviewed_who_did_not_agree_to_training(town: Town) -> None:
    await in_doubt(town, agreed=False)
    assert await said(town) == []


async def test_a_consent_that_is_given_later_lets_the_earlier_lines_of_the_thread_in(town: Town) -> None:
    await in_doubt(town, agreed=False)
    await agree(town)
    assert await said(town) == [MONEY]


async def test_a_consent_that_is_taken_back_takes_all_out_at_once(town: Town) -> None:
    await in_doubt(town)
    (text,) = await waiting(town)
    ana = await town.value("SELECT id FROM agents")
    async with town.database.transaction("test") as session:
        me = await session.get_one(Agent, ana)
        await reviews.answer(session, me, text.digest, Said("intent", "refund"))
    assert await town.value("SELECT text FROM examples") == MONEY
    await (await choices(town)).take_back("training")
    assert await said(town) == []
    assert await trace_of(town, "money again") == ["messages.text: money again"], "the chat itself is not forgotten"
    assert await town.value("SELECT count(*) FROM withdrawals") == 1
    assert await guesses(town), "what the bot understood still stands beside the line"


async def test_a_guess_at_or_above_the_line_is_not_asked_about(town: Town) -> None:
    await town.opted_in(MARA)
    await agree(town)
    town.rasa.rankings = {"money": {"refund": 0.6}, "parcel": {"order_missing": 0.59}}
    await town.do(line(MARA, MONEY), line(MARA, "My parcel?"))
    assert await said(town) == ["My parcel?"]


async def test_a_line_that_was_said_again_in_other_words_comes_with_what_it_was_about(town: Town) -> None:
    await in_doubt(town)
    await town.do(line(MARA, "I want a refund"))
    town.rasa.intents = {"refund": "refund"}
    await town.do(line(MARA, "A refund, please"))
    (text,) = await waiting(town)
    assert (text.text, text.utterance.rephrased, text.utterance.hint) == (MONEY, True, "order_missing")


@pytest.mark.parametrize("then", ["affirm", "dont_know", "out_of_scope"])
async def test_an_answer_to_the_bots_question_is_no_other_wording(town: Town, then: str) -> None:
    await in_doubt(town)
    town.rasa.intents = {"hm": then}
    await town.do(line(MARA, "hm"))
    assert not any(rephrased for *_, rephrased in await guesses(town))


@pytest.mark.parametrize(
    ("sure", "then", "hint"), [(0.5, "order_missing", "order_missing"), (0.5, "refund", None), (0.9, "cancel", None)]
)
async def test_what_was_said_before_a_no_to_the_question_whether_the_bot_understood_comes_with_what_it_was_about(
    town: Town, sure: float, then: str, hint: str | None
) -> None:
    await town.opted_in(MARA)
    await agree(town)
    town.rasa.rankings = {"money": {"refund": sure, "cancel": 0.1}}
    town.rasa.intents = {"nope": "deny", "parcel": then}
    for text in (MONEY, "nope", "It is about my parcel"):
        await town.do(line(MARA, text))
    async with town.database.reading() as session:
        marked = select(Message.text, Utterance.hint).join(Message).where(Utterance.rephrased)
        found = [tuple(row) for row in await session.execute(marked)]
    assert found == ([(MONEY, hint)] if hint else [])


async def test_text_from_x_never_comes_to_review_whoever_agreed(town: Town) -> None:
    await town.do(mention(MARA, "Help! Where is my money?"))
    await town.flow.on_click(replace(click(MARA, town.x.offers[-1].token), channel="x"), "signed in with X")
    await town.work()
    town.rasa.rankings = {"money": UNSURE}
    await agree(town)
    await town.run("UPDATE threads SET talk = NULL, heard_seq = 0, due_at = now()")
    await town.work()
    assert len(await guesses(town)) == 1, "it is understood as everywhere"
    assert await said(town) == []
    assert not permit.policies()["x"].may_train
    assert any("trained" in rule.text for rule in permit.policies()["x"].rule)


async def test_a_policy_that_becomes_stricter_takes_back_what_was_learned(town: Town) -> None:
    await in_doubt(town)
    (text,) = await waiting(town)
    async with town.database.transaction("test") as session:
        me = (await session.scalars(select(Agent))).one()
        await reviews.answer(session, me, text.digest, Said("intent", "refund"))
        await utterances.obey(session, ["square"])
    assert await said(town) == []
    assert await town.value("SELECT count(*) FROM examples") == 0


async def test_who_is_forgotten_is_forgotten_in_review_and_examples(town: Town) -> None:
    await in_doubt(town)
    (text,) = await waiting(town)
    async with town.database.transaction("test") as session:
        me = (await session.scalars(select(Agent))).one()
        await reviews.answer(session, me, text.digest, Said("intent", "refund"))
    await (await choices(town)).be_forgotten(MARA.id, stopped=False)
    assert await trace_of(town, "money", "order_missing") == []
    assert await guesses(town) == []
    await understood_later(town)
    assert await town.value("SELECT count(*) FROM reviews") == 0


async def test_after_the_retention_time_nothing_is_left_of_it(town: Town) -> None:
    await in_doubt(town)
    await (await choices(town)).end()
    await town.pass_time(timedelta(days=400))
    await town.bot.forget()
    assert await guesses(town) == []


async def test_a_line_that_its_author_deletes_or_changes_is_out(town: Town) -> None:
    await town.opted_in(MARA)
    await agree(town)
    town.rasa.rankings = {"money": UNSURE, "parcel": UNSURE}
    await town.do(line(MARA, MONEY, "line:a"), line(MARA, "My parcel?", "line:b"))
    assert len(await said(town)) == 2
    await town.do(deletion("line:a"), edit(MARA, "line:b", "Never mind"))
    assert await said(town) == []


async def understood_later(town: Town) -> None:
    """The steps that look now and then look now."""
    bot: Bot = town.bot
    await bot._understand.unread()
    await bot._understand.tidy()


async def test_a_line_said_to_the_team_is_read_when_an_agent_calls_the_guess_wrong(town: Town) -> None:
    thread_id = await town.handed_off(MARA)
    await agree(town)
    await town.do(line(MARA, "And where does my money go?"))
    message_id = await town.value("SELECT max(id) FROM messages WHERE by = 'customer'")
    ana = await town.hired(ANA)
    async with town.database.transaction("test") as session:
        marked = await utterances.mark_wrong(session, thread_id, message_id, ana, "refund")
    assert marked.is_for_review
    assert await said(town) == [], "nobody has read it yet, nor asked the channel's policy"
    town.rasa.rankings = {"money": UNSURE}
    await understood_later(town)
    (text,) = await waiting(town)
    assert (text.utterance.hint, text.utterance.guesses) == ("refund", list(UNSURE.items()))


async def test_while_rasa_is_down_a_line_waits_to_be_read(town: Town) -> None:
    thread_id = await town.handed_off(MARA)
    await town.do(line(MARA, "And my money?"))
    message_id = await town.value("SELECT max(id) FROM messages WHERE by = 'customer'")
    ana = await town.hired(ANA)
    async with town.database.transaction("test") as session:
        await utterances.mark_wrong(session, thread_id, message_id, ana)
    town.rasa.is_down = True
    await understood_later(town)
    assert await town.value("SELECT count(*) FROM utterances WHERE understood_at IS NULL") == 1
    town.rasa.is_down = False
    await understood_later(town)
    assert await town.value("SELECT count(*) FROM utterances WHERE understood_at IS NULL") == 0
