"""After a close the customer is asked once whether it was solved, and is taken at their word; silence is no word."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.ask_solved import AskSolved, answer
from bot.channel import Blocked, NeverDeliverable
from bot.say import say
from handoff import cases, hands, verdicts
from handoff.models import Agent
from handoff.verdicts import Week
from tests.bot.test_choose import choices
from tests.bot.town import Town, line
from tests.cast import ANA, JOSE, MARA

UNDO = timedelta(seconds=60)
QUESTION = say("ask_solved", "en", agent="Ana", brand="Northwind")
YES, NO = say("yes_solved", "en"), say("no_not_solved", "en")


async def closed(town: Town) -> tuple[int, Agent]:
    """Ana has closed Mara's case a while ago."""
    thread_id, ana = await town.handed_off(MARA), await town.hired(ANA)
    await close(town, thread_id, ana)
    await town.pass_time(2 * UNDO)
    return thread_id, ana


async def close(town: Town, thread_id: int, ana: Agent) -> None:
    async with town.database.transaction("test") as session:
        await cases.close(session, thread_id, ana)


async def ask(town: Town) -> None:
    """What the bot does every two seconds."""
    await AskSolved(town.database, "Northwind", UNDO).all()
    await town.work()


async def weeks(town: Town) -> list[Week]:
    async with town.database.reading() as session:
        return list(await verdicts.weeks(session, date(2000, 1, 1), date(2100, 1, 1)))


async def test_who_was_helped_by_an_agent_is_asked_once_whether_it_was_solved(town: Town) -> None:
    await closed(town)
    for _ in range(3):
        await ask(town)
    assert town.heard_by(MARA).count(QUESTION) == 1
    assert town.street.lines[-1].buttons == (YES, NO)


async def test_two_processes_ask_once(town: Town) -> None:
    await closed(town)
    await asyncio.gather(ask(town), ask(town), ask(town))
    assert town.heard_by(MARA).count(QUESTION) == 1


async def test_a_yes_is_kept_with_the_case_and_the_thread_stays_over(town: Town) -> None:
    thread_id, ana = await closed(town)
    await ask(town)
    await town.do(line(MARA, YES))
    thread = await town.thread(thread_id)
    assert (thread.solved, thread.ended_at is not None, len(thread.cases)) == (True, True, 1)
    assert town.heard_by(MARA)[-1] == say("solved_thanks", "en")
    (week,) = await weeks(town)
    assert (week.agent_id, week.solved, week.not_solved, week.silent) == (ana.id, 1, 0, 0)


async def test_a_no_gives_the_whole_thread_to_the_team_again(town: Town) -> None:
    thread_id, ana = await closed(town)
    await ask(town)
    await town.do(line(MARA, "no"))
    thread = await town.thread(thread_id)
    assert [case.reason for case in thread.cases] == ["asked for a person", "not solved"]
    assert (thread.speaker, thread.solved, thread.ended_at) == ("team", False, None)
    await close(town, thread_id, ana)
    await town.pass_time(2 * UNDO)
    await ask(town)
    await town.do(line(MARA, "Yes"))
    assert [(week.solved, week.not_solved, week.silent) for week in await weeks(town)] == [(1, 1, 0)]


async def test_whoever_writes_anything_else_goes_on_as_always(town: Town) -> None:
    thread_id, _ = await closed(town)
    await ask(town)
    await town.do(line(MARA, "no idea, the lamp is dark again"))
    thread = await town.thread(thread_id)
    assert (thread.ended_at, thread.solved) == (None, None)
    assert [(week.solved, week.not_solved, week.silent) for week in await weeks(town)] == [(0, 0, 1)], "no word"


async def test_a_yes_to_anything_else_is_no_answer_to_the_question(town: Town) -> None:
    thread_id, _ = await closed(town)
    await town.do(line(MARA, "yes"))
    thread = await town.thread(thread_id)
    assert (thread.solved, await weeks(town)) == (None, []), "nobody had asked yet"


async def test_silence_is_neither_yes_nor_no(town: Town) -> None:
    await closed(town)
    await ask(town)
    (week,) = await weeks(town)
    assert (week.agent, week.solved, week.not_solved, week.silent) == ("Ana", 0, 0, 1)
    today = datetime.now(UTC).date()
    assert week.week in (today - timedelta(days=today.weekday()), today - timedelta(days=today.weekday() + 7))


async def test_nothing_is_asked_while_the_close_can_be_taken_back(town: Town) -> None:
    thread_id, ana = await town.handed_off(MARA), await town.hired(ANA)
    async with town.database.transaction("test") as session:
        said = await cases.reply(session, thread_id, ana, "Bye", client_id="1", seen_seq=99, undo=UNDO)
        await cases.close(session, thread_id, ana)
    await ask(town)
    assert QUESTION not in town.heard_by(MARA), "it was closed a moment ago"
    await town.pass_time(2 * UNDO)
    await AskSolved(town.database, "Northwind", UNDO).all()
    assert await town.value("SELECT count(*) FROM verdicts") == 0, "the reply waits to be delivered still"
    assert said is not None
    async with town.database.transaction("test") as session:
        await cases.take_back(session, thread_id, said.id, ana)
    await ask(town)
    assert QUESTION not in town.heard_by(MARA), "the case is open again"
    async with town.database.transaction("test") as session:
        await cases.reply(session, thread_id, ana, "Good bye", client_id="2", seen_seq=99)
        await cases.close(session, thread_id, ana)
    await town.pass_time(2 * UNDO)
    await town.work()
    await ask(town)
    assert town.heard_by(MARA)[-2:] == ["Good bye", QUESTION]


async def test_nothing_is_asked_behind_a_reply_that_did_not_arrive(town: Town) -> None:
    thread_id, ana = await town.handed_off(MARA), await town.hired(ANA)
    town.street.outcomes.append(NeverDeliverable("no such chat"))
    async with town.database.transaction("test") as session:
        await cases.reply(session, thread_id, ana, "Bye", client_id="1", seen_seq=99)
        await cases.close(session, thread_id, ana)
    await town.work()
    await town.pass_time(2 * UNDO)
    await ask(town)
    assert await town.value("SELECT count(*) FROM verdicts") == 0


@pytest.mark.parametrize("how", ["a word", "a block", "deleted"])
async def test_nobody_is_asked_who_said_stop_or_was_deleted(town: Town, how: str) -> None:
    await closed(town)
    match how:
        case "a word":
            await town.do(line(MARA, "stop"))
        case "a block":
            await town.do(Blocked("telegram", "block", MARA, datetime.now(UTC)))
        case "deleted":
            await (await choices(town)).be_forgotten(MARA.id, stopped=False)
    await ask(town)
    assert QUESTION not in town.heard_by(MARA)
    assert await town.value("SELECT count(*) FROM verdicts") == 0


async def test_a_stop_after_the_question_still_stops(town: Town) -> None:
    thread_id, _ = await closed(town)
    await AskSolved(town.database, "Northwind", UNDO).all()
    await town.do(line(MARA, "stop"))
    assert QUESTION not in town.heard_by(MARA), "it was not sent yet"
    await town.do(line(MARA, "yes"))
    assert (await town.thread(thread_id)).solved is None


async def test_what_was_given_back_to_the_bot_or_ended_by_the_customer_is_not_asked_about(town: Town) -> None:
    thread_id, ana = await town.handed_off(MARA), await town.hired(ANA)
    async with town.database.transaction("test") as session:
        await hands.give_back(session, thread_id, ana)
    await town.handed_off(JOSE)
    await town.pass_time(2 * UNDO)
    await ask(town)
    assert await town.value("SELECT count(*) FROM verdicts") == 0


async def test_who_answered_on_the_page_is_not_asked_in_the_chat(town: Town) -> None:
    thread_id, _ = await closed(town)
    await (await choices(town)).answer(True)
    await ask(town)
    assert QUESTION not in town.heard_by(MARA)
    assert (await town.thread(thread_id)).solved is True
    assert [(week.solved, week.silent) for week in await weeks(town)] == [(1, 0)]


async def test_a_close_of_long_ago_is_not_asked_about(town: Town) -> None:
    await closed(town)
    await town.pass_time(timedelta(hours=1))
    await ask(town)
    assert QUESTION not in town.heard_by(MARA)


async def test_who_ends_and_says_no_again_and_again_has_one_case_of_it(town: Town) -> None:
    thread_id = await town.handed_off(MARA)
    choose = await choices(town)
    for _ in range(5):
        await choose.end()
        assert await choose.answer(False)
    thread = await town.thread(thread_id)
    assert [case.reason for case in thread.cases] == ["asked for a person", "not solved"]
    assert (thread.speaker, thread.cases[-1].closed_at) == ("team", None)
    await town.pass_time(timedelta(hours=2))
    await choose.end()
    await choose.answer(False)
    assert len((await town.thread(thread_id)).cases) == 3, "that is another day's trouble"


@pytest.mark.parametrize(
    ("said", "language", "means"),
    [
        ("Yes!", "en", True),
        ("no.", "de", False),
        ("JA", "de", True),
        ("si", "es", True),
        ("¡No!", "es", False),
        ("οχι", "el", False),
        ("Ναι, λύθηκε", "el", True),
        ("Non, pas encore", "fr", False),
        ("yes, but the lamp is dark", "en", None),
        ("", "en", None),
    ],
)
def test_yes_and_no_are_understood_in_the_language_of_the_thread(said: str, language: str, means: bool | None) -> None:
    assert answer(said, language) is means
