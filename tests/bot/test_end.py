"""The customer ends the chat, and says whether it was solved: nobody is lost, and nothing that waited goes out."""

import asyncio
from datetime import timedelta

import pytest

from bot.channel import TryLater
from bot.say import say
from handoff import cases, errors
from tests.bot.test_choose import choices
from tests.bot.town import Town, click, line, post
from tests.cast import ANA, MARA


async def test_ending_the_chat_closes_the_case_and_keeps_back_what_waits(town: Town) -> None:
    thread_id, ana = await town.handed_off(MARA), await town.hired(ANA)
    async with town.database.transaction("test") as session:
        await cases.reply(session, thread_id, ana, "Soon", client_id="1", seen_seq=99, undo=timedelta(minutes=1))
    assert await (await choices(town)).end()
    assert not await (await choices(town)).end()
    thread = await town.thread(thread_id)
    assert (thread.ended_why, thread.cases[-1].closed_by) == ("ended by the customer", None)
    assert thread.cases[-1].closed_at is not None
    assert [message.text for message in thread.messages].count("The customer ended the chat") == 1
    await town.pass_time(timedelta(minutes=2))
    await town.work()
    assert "Soon" not in town.heard_by(MARA)
    with pytest.raises(errors.AlreadyClosed):
        async with town.database.transaction("test") as session:
            await cases.reply(session, thread_id, ana, "But", client_id="2", seen_seq=99)


async def test_the_open_pages_hear_of_the_end(town: Town) -> None:
    thread_id = await town.handed_off(MARA)
    listening = asyncio.create_task(town.live.run())
    async with town.live.subscribed() as hints:
        assert await asyncio.wait_for(hints.get(), 60) == -1  # the connection stands
        await (await choices(town)).end()
        assert await asyncio.wait_for(hints.get(), 60) == thread_id
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def test_an_end_in_the_middle_of_a_bots_turn_keeps_its_answer_back(town: Town) -> None:
    thread_id = await town.opted_in(MARA)
    choose, heard = await choices(town), town.heard_by(MARA)
    town.rasa.while_thinking = choose.end
    await town.do(line(MARA, "It is the blue one"))
    thread = await town.thread(thread_id)
    assert thread.ended_why == "ended by the customer"
    assert town.heard_by(MARA) == heard
    assert [message.delivery for message in thread.messages if message.text == "Question 2?"] == ["withheld"]


async def test_who_ended_the_chat_begins_it_again_by_writing(town: Town) -> None:
    thread_id = await town.handed_off(MARA)
    choose = await choices(town)
    await choose.end()
    await choose.answer(True)
    await town.do(line(MARA, "One more thing about the lamp"))
    thread = await town.thread(thread_id)
    assert (thread.ended_at, thread.solved, len(thread.cases)) == (None, None, 2)


async def test_solved_is_kept_and_can_be_changed_until_the_chat_goes_on(town: Town) -> None:
    thread_id = await town.handed_off(MARA)
    choose = await choices(town)
    assert not await choose.answer(True), "nobody asks in the middle"
    await choose.end()
    assert await choose.answer(True)
    assert await choose.answer(True)
    thread = await town.thread(thread_id)
    assert (thread.solved, thread.ended_at is not None) == (True, True)
    assert [message.text for message in thread.messages].count("The customer says that it is solved") == 1
    assert await choose.answer(False)
    assert not await choose.answer(True), "the team has it"
    assert (await town.thread(thread_id)).solved is False


async def test_what_is_not_solved_goes_to_the_team_again_whole(town: Town) -> None:
    thread_id, ana = await town.handed_off(MARA), await town.hired(ANA)
    async with town.database.transaction("test") as session:
        await cases.close(session, thread_id, ana)
    choose = await choices(town)
    answered = await asyncio.gather(*(choose.answer(False) for _ in range(4)))
    assert answered.count(True) == 1
    await town.work()
    thread = await town.thread(thread_id)
    assert [case.reason for case in thread.cases] == ["asked for a person", "not solved"]
    assert (thread.cases[1].summary, thread.cases[1].found) == (thread.cases[0].summary, thread.cases[0].found)
    assert (thread.speaker, thread.solved, thread.ended_at) == ("team", False, None)
    assert len(thread.messages) == thread.last_seq
    assert town.heard_by(MARA)[-1].startswith(say("handed_off", "en", brand="Northwind", place=1))


async def test_a_chat_that_the_bot_solved_alone_can_go_to_the_team(town: Town) -> None:
    thread_id = await town.opted_in(MARA)
    await town.do(line(MARA, "It is solved, thank you"))
    assert await (await choices(town)).answer(False)
    case = (await town.thread(thread_id)).cases[0]
    assert (case.reason, case.summary) == ("not solved", "Help! My Northwind parcel has not arrived.")


async def test_nobody_is_asked_after_a_stop(town: Town) -> None:
    await town.handed_off(MARA)
    choose = await choices(town)
    await choose.end()
    await town.do(line(MARA, "stop"))
    assert not await choose.answer(False)
    assert await town.value("SELECT count(*) FROM cases WHERE closed_at IS NULL") == 0


async def test_nobody_is_asked_about_what_is_forgotten(town: Town) -> None:
    await town.handed_off(MARA)
    choose = await choices(town)
    await choose.end()
    await town.pass_time(timedelta(days=31))
    await town.bot.forget()
    assert not await choose.answer(False)


async def test_not_solved_takes_the_place_of_an_offer_for_something_else(town: Town) -> None:
    thread_id = await town.handed_off(MARA)
    choose = await choices(town)
    await choose.end()
    await town.pass_time(timedelta(days=29))
    await town.run("UPDATE promises SET offered_at = offered_at - interval '2 days'")
    town.street.outcomes.append(TryLater(60, "too many"))
    await town.do(post(MARA, "Help, my Northwind lamp is dark!"))
    assert await town.value("SELECT count(*) FROM threads WHERE ended_at IS NULL") == 1
    assert await choose.answer(False)
    await town.pass_time(timedelta(seconds=61))
    await town.work()
    assert len(town.street.offers) == 1
    assert await town.value("SELECT id FROM threads WHERE ended_at IS NULL") == thread_id


async def test_the_link_of_a_chat_that_ended_leads_to_it_still(town: Town) -> None:
    token = await town.offered(MARA)
    await town.do(click(MARA, token))
    await (await choices(town)).end()
    assert (await town.flow.on_click(click(MARA, token))).outcome == "already"
