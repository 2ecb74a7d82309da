"""On a channel without pages of ours, /delete and /privacy do in the chat what the page does elsewhere."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.ask_delete import LATELY
from bot.channel import Author, Command, PrivateMessage
from bot.say import say
from bot.stop import is_stop
from handoff import cases, threads
from tests.bot.test_forget import trace_of
from tests.bot.town import Town, click, line, post
from tests.cast import ANA, MARA, TROLL

SAID = "Help, Northwind, the parcel for Orchard Lane 5!"
QUESTION, YES = say("delete_ask", "en"), say("delete_yes", "en")


def command(author: Author, word: Command, line_id: str | None = None) -> PrivateMessage:
    return replace(line(author, word, line_id), command=word)


async def test_who_wishes_it_is_asked_once_and_then_all_is_deleted_without_a_word(town: Town) -> None:
    thread_id = await town.handed_off(MARA, SAID)
    await town.do(command(MARA, "delete"))
    assert town.heard_by(MARA)[-1] == QUESTION
    assert await trace_of(town, "Orchard")
    heard = town.heard_by(MARA)
    await town.do(line(MARA, YES))
    assert await trace_of(town, "Orchard", "mara", MARA.id) == []
    assert town.heard_by(MARA) == heard
    thread = await town.thread(thread_id)
    assert (thread.ended_why, thread.cases[0].closed_at is not None) == (threads.ERASED, True)


async def test_the_question_has_its_answer_as_a_button_and_no_clock_of_the_case_hears_of_it(town: Town) -> None:
    thread_id, _ = await town.handed_off(MARA), await town.hired(ANA)
    due = (await town.thread(thread_id)).cases[0].due_at
    await town.do(command(MARA, "delete"))
    assert town.street.lines[-1].buttons == (YES,)
    assert (await town.thread(thread_id)).cases[0].due_at == due


async def test_a_yes_to_nothing_and_a_yes_after_something_else_delete_nothing(town: Town) -> None:
    thread_id, ana = await town.handed_off(MARA, SAID), await town.hired(ANA)
    await town.do(line(MARA, YES))
    await town.do(command(MARA, "delete"))
    async with town.database.transaction("test") as session:
        await cases.reply(session, thread_id, ana, "Shall I send another?", client_id="1", seen_seq=99)
    await town.work()
    await town.do(line(MARA, YES))
    assert await trace_of(town, "Orchard")


async def test_a_yes_that_comes_much_later_deletes_nothing(town: Town) -> None:
    await town.handed_off(MARA, SAID)
    await town.do(command(MARA, "delete"))
    await town.pass_time(LATELY + timedelta(minutes=1))
    await town.do(line(MARA, YES))
    assert await trace_of(town, "Orchard")
    assert town.heard_by(MARA)[-1] == QUESTION, "or silence would be taken for a yes"


async def test_a_yes_that_is_pressed_twice_begins_nothing_anew(town: Town) -> None:
    await town.handed_off(MARA)
    await town.do(command(MARA, "delete"))
    heard = town.heard_by(MARA)
    await town.do(line(MARA, YES), line(MARA, YES))
    assert town.heard_by(MARA) == heard
    assert await trace_of(town, "mara", MARA.id) == []
    assert await town.value("SELECT count(*) FROM threads WHERE ended_at IS NULL") == 0


async def test_the_answer_is_known_in_languages_that_the_brand_does_not_speak(town: Town) -> None:
    await town.handed_off(MARA, SAID)
    await town.run("UPDATE threads SET language = 'it'")
    await town.do(command(MARA, "delete"))
    await town.do(line(MARA, town.street.lines[-1].buttons[0]))
    assert await trace_of(town, "Orchard") == []


@pytest.mark.parametrize("stopped", [False, True])
async def test_of_who_was_forgotten_long_ago_nothing_is_written_down_anew(town: Town, stopped: bool) -> None:
    await town.handed_off(MARA)
    await town.run("UPDATE threads SET ended_at = clock_timestamp(), ended_why = 'closed', speaker = 'bot'")
    await town.run("UPDATE cases SET closed_at = clock_timestamp()")
    if stopped:
        await town.do(line(MARA, "stop"))
    heard = town.heard_by(MARA)
    await town.pass_time(timedelta(days=400))
    await town.bot.forget()
    await town.do(command(MARA, "privacy"))
    assert await trace_of(town, "mara", MARA.id) == []
    await town.do(command(MARA, "delete"))
    assert await trace_of(town, "mara", MARA.id) == []
    assert await town.value("SELECT ended_why FROM threads") == threads.ERASED
    assert town.heard_by(MARA) == heard
    assert await town.value("SELECT count(*) FROM messages WHERE delivery IN ('pending', 'draft')") == 0


async def test_the_same_update_twice_asks_once(town: Town) -> None:
    await town.handed_off(MARA)
    await town.do(command(MARA, "delete", "line:twin"), command(MARA, "delete", "line:twin"))
    assert town.heard_by(MARA).count(QUESTION) == 1


async def test_after_a_stop_it_is_done_without_a_word(town: Town) -> None:
    await town.handed_off(MARA, SAID)
    await town.do(line(MARA, "stop"))
    heard = town.heard_by(MARA)
    await town.do(command(MARA, "delete"))
    assert await trace_of(town, "Orchard", "mara", MARA.id) == []
    assert town.heard_by(MARA) == heard


async def test_who_was_only_offered_help_can_have_it_too(town: Town) -> None:
    await town.offered(MARA, SAID)
    await town.do(command(MARA, "delete"))
    assert await trace_of(town, "Orchard", "mara", MARA.id) == []
    assert town.heard_by(MARA) == []
    await town.do(post(MARA, SAID))
    assert len(town.street.offers) == 1, "that we offered help is known for ever"


@pytest.mark.parametrize("word", ["delete", "privacy"])
async def test_a_command_is_no_yes_to_a_chat(town: Town, word: Command) -> None:
    await town.do(command(TROLL, word))
    assert town.heard_by(TROLL) == []
    assert await town.value("SELECT count(*) FROM opt_ins") == 0


async def test_a_stop_in_place_of_the_answer_is_a_stop_and_the_answer_after_it_counts(town: Town) -> None:
    await town.handed_off(MARA, SAID)
    await town.do(command(MARA, "delete"), line(MARA, "stop"))
    assert await town.value("SELECT stopped_at IS NOT NULL FROM promises")
    assert await trace_of(town, "Orchard")
    await town.do(line(MARA, YES))
    assert await trace_of(town, "Orchard", "mara", MARA.id) == []


async def test_what_was_agreed_to_is_told_with_both_ways_out(town: Town) -> None:
    await town.handed_off(MARA)
    await town.do(command(MARA, "privacy"))
    told = town.street.lines[-1]
    assert str(await town.value("SELECT at::date FROM opt_ins")) in told.text
    assert str(await town.value("SELECT wording FROM opt_ins")) in told.text
    assert told.buttons == ("STOP", "/delete")


async def test_whoever_comes_back_begins_anew(town: Town) -> None:
    await town.handed_off(MARA, SAID)
    await town.do(command(MARA, "delete"))
    await town.do(line(MARA, YES))
    await town.do(click(MARA, None))
    assert await town.value("SELECT count(*) FROM threads WHERE ended_at IS NULL") == 1


@pytest.mark.parametrize("language", ["en", "es", "de", "fr", "el"])
def test_the_answer_is_no_stop_in_any_language(language: str) -> None:
    assert not is_stop(say("delete_yes", language))
