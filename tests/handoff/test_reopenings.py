"""A case that was closed is opened again, and a thread that the bot has is taken back, by whoever presses."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from bot.ask_solved import AskSolved
from bot.channel import Blocked
from bot.say import say
from handoff import cases, errors, hands, reopenings
from handoff.models import Agent
from tests.bot.town import Town, line
from tests.cast import ANA, BEN, MARA

UNDO = timedelta(seconds=60)
QUESTION = say("ask_solved", "en", agent="Ana", brand="Northwind")


@pytest.fixture
async def team(town: Town) -> tuple[Agent, Agent]:
    """Ana and Ben."""
    return await town.hired(ANA), await town.hired(BEN)


async def closed(town: Town, ana: Agent) -> int:
    thread_id = await town.handed_off(MARA)
    async with town.database.transaction("test.close") as session:
        await cases.close(session, thread_id, ana)
    return thread_id


async def with_the_bot(town: Town, ana: Agent) -> int:
    thread_id = await town.handed_off(MARA)
    async with town.database.transaction("test.give back") as session:
        await hands.give_back(session, thread_id, ana)
    await town.work()
    return thread_id


async def again(town: Town, thread_id: int, agent: Agent) -> str:
    """An agent presses the button; what came of it, by its name."""
    try:
        async with town.database.transaction("test.reopen") as session:
            return type(await reopenings.open_again(session, thread_id, agent)).__name__
    except errors.CaseError as refusal:
        return type(refusal).__name__


async def ask(town: Town) -> None:
    await AskSolved(town.database, "Northwind", UNDO).all()
    await town.work()


async def test_a_closed_case_goes_on_with_whoever_opens_it_again(town: Town, team: tuple[Agent, Agent]) -> None:
    thread_id = await closed(town, team[0])
    assert await again(town, thread_id, team[1]) == "Case"
    thread = await town.thread(thread_id)
    (case,) = thread.cases
    assert (case.closed_at, case.closed_by, case.claimed_by) == (None, None, team[1].id)
    assert (thread.speaker, thread.ended_at, thread.ended_why) == ("team", None, None)
    assert thread.messages[-1].text == "Ben opened the case again"
    assert all(clock.stopped_at is None for clock in case.clocks), "its clocks run on"
    await town.do(line(MARA, "Are you there?"))
    assert (await town.thread(thread_id)).speaker == "team"


async def test_what_was_closed_long_ago_is_a_new_case_with_new_clocks(town: Town, team: tuple[Agent, Agent]) -> None:
    thread_id = await closed(town, team[0])
    await town.pass_time(timedelta(days=3))
    assert await again(town, thread_id, team[0]) == "Case"
    before, now = (await town.thread(thread_id)).cases
    assert (before.closed_by, now.closed_at, now.claimed_by) == (team[0].id, None, team[0].id)
    assert (now.summary, now.reason) == (before.summary, "opened again by the team")
    assert {clock.began_at for clock in now.clocks} == {now.opened_at}


async def test_whether_it_was_solved_is_not_asked_of_what_is_open_again(town: Town, team: tuple[Agent, Agent]) -> None:
    thread_id = await closed(town, team[0])
    await town.pass_time(2 * UNDO)
    await AskSolved(town.database, "Northwind", UNDO).all()
    assert await again(town, thread_id, team[0]) == "Case"
    await ask(town)
    assert QUESTION not in town.heard_by(MARA), "the question that was on its way is kept back"
    await town.do(line(MARA, say("no_not_solved", "en")))
    assert len((await town.thread(thread_id)).cases) == 1, "and a no is a line as any other"


async def test_the_bot_is_silent_when_the_team_takes_the_thread_back(town: Town, team: tuple[Agent, Agent]) -> None:
    thread_id = await with_the_bot(town, team[0])
    epoch, heard = (await town.thread(thread_id)).epoch, len(town.heard_by(MARA))
    await town.hear(line(MARA, "Hello, bot?"))
    assert await again(town, thread_id, team[1]) == "Case"
    await town.work()
    thread = await town.thread(thread_id)
    assert (thread.speaker, thread.epoch, len(town.heard_by(MARA))) == ("team", epoch + 1, heard)
    assert thread.cases[-1].claimed_by == team[1].id
    assert [one.text for one in thread.messages].count("Ben took the thread back from the bot") == 1


@pytest.mark.parametrize("before", [closed, with_the_bot])
async def test_of_two_who_press_at_once_one_has_the_case(
    town: Town, team: tuple[Agent, Agent], before: Callable[..., object]
) -> None:
    thread_id = await before(town, team[0])  # type: ignore[misc]
    got = await asyncio.gather(*(again(town, thread_id, agent) for agent in team))
    assert sorted(got) == ["Case", "ClaimedBySomebodyElse"]
    assert len((await town.thread(thread_id)).cases) == 1


async def test_pressing_twice_opens_it_once(town: Town, team: tuple[Agent, Agent]) -> None:
    thread_id = await closed(town, team[0])
    assert set(await asyncio.gather(*(again(town, thread_id, team[0]) for _ in range(3)))) == {"Case"}
    said = [one.text for one in (await town.thread(thread_id)).messages]
    assert said.count("Ana opened the case again") == 1


async def test_a_stop_stays_a_stop(town: Town, team: tuple[Agent, Agent]) -> None:
    thread_id = await closed(town, team[0])
    await town.do(line(MARA, "STOP"))
    assert await again(town, thread_id, team[0]) in ("Stopped", "AlreadyClosed")
    assert (await town.thread(thread_id)).ended_at is not None


async def test_who_blocked_us_is_left_alone(town: Town, team: tuple[Agent, Agent]) -> None:
    thread_id = await closed(town, team[0])
    await town.do(Blocked("telegram", "a block", MARA, datetime.now(UTC)))
    assert await again(town, thread_id, team[0]) in ("Blocked", "AlreadyClosed")


async def test_a_stop_at_the_same_moment_wins_or_comes_after(town: Town, team: tuple[Agent, Agent]) -> None:
    thread_id = await closed(town, team[0])
    await town.hear(line(MARA, "STOP"))
    await asyncio.gather(again(town, thread_id, team[0]), town.flow.handle_next())
    await town.work()
    assert (await town.thread(thread_id)).ended_at is not None


async def test_what_was_offered_meanwhile_for_something_else_ends(town: Town, team: tuple[Agent, Agent]) -> None:
    thread_id = await closed(town, team[0])
    await town.pass_time(timedelta(days=40))
    await town.offered(MARA, "Help! Another Northwind parcel has not arrived.")
    assert await town.value("SELECT count(*) FROM threads WHERE ended_at IS NULL") == 1
    assert await again(town, thread_id, team[0]) == "Case"
    assert await town.value("SELECT id FROM threads WHERE ended_at IS NULL") == thread_id


async def test_a_case_that_the_customer_ended_waits_for_the_customer(town: Town, team: tuple[Agent, Agent]) -> None:
    thread_id = await town.handed_off(MARA)
    await town.run("UPDATE threads SET ended_at = now(), ended_why = 'ended by the customer'")
    await town.run("UPDATE cases SET closed_at = now()")
    assert await again(town, thread_id, team[0]) == "AlreadyClosed"
    assert await again(town, 10**6, team[0]) == "NoSuchCase"
