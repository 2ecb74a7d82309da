"""Giving cases: in turn, to whoever is here, fits and has room; off by default; never twice, never to nobody's loss."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import select, text, update

from bot import look
from bot.channel import Author
from bot.give import Give
from handoff import agents, cases, claims, errors, hands, skills, teams
from handoff.database import Database
from handoff.mentions import Mention
from handoff.models import Agent, Case, Message
from tests.bot.town import Town
from tests.cast import ANA, BEN, LENA, MARA, YUKI, Colleague
from tests.handoff.web.story import Story, handed_off

CLEO = Colleague("Cleo", "cleo@northwind.example", "a pass word of cleo")


async def at_work(database: Database, *colleagues: Colleague, on: bool = True) -> list[Agent]:
    """People who are signed in, and cases are given to them automatically."""
    people = []
    for who in colleagues:
        async with database.transaction("test.hire") as session:
            people.append(await agents.create(session, who.email, who.name, "-", role=who.role))
            await agents.sign_in(session, people[-1], "a test")
    if on:
        async with database.transaction("test.switch") as session:
            await claims.switch(session, people[0], on=True)
    return people


async def waiting(database: Database, number: int, **told: object) -> list[int]:
    """The threads of so many customers, each with a case that nobody has, the oldest first."""
    told = {"posts": ()} | told
    story = Story(**told)  # type: ignore[arg-type]
    return [
        await handed_off(database, replace(story, author=Author(f"c-{i}-{id(told)}", None, "C"))) for i in range(number)
    ]


async def give_all(database: Database) -> None:
    """Give until nothing fits any more, as the bot's loop does."""
    bot = Give(database)
    for _ in range(100):
        if not await bot.next():
            return
    raise AssertionError("giving never ends")


async def holders(database: Database, threads: Sequence[int]) -> list[str | None]:
    """Who has the case of each thread, by name."""
    async with database.reading() as session:
        query = select(Case.thread_id, Agent.name).outerjoin(Case.claimer).where(Case.closed_at.is_(None))
        found = dict((await session.execute(query)).all())
    return [found[thread_id] for thread_id in threads]


async def can(
    database: Database, agent: Agent, languages: Sequence[str] = (), intents: Sequence[str] = (), capacity: int = 5
) -> None:
    async with database.transaction("test.skills") as session:
        await skills.say(session, agent.id, languages, intents, capacity)


async def test_nothing_is_given_until_an_admin_switches_it_on(database: Database) -> None:
    (ana,) = await at_work(database, ANA, on=False)
    threads = await waiting(database, 1)
    await give_all(database)
    assert await holders(database, threads) == [None]
    async with database.reading() as session:
        assert "cases" not in await look.look(session)
    async with database.transaction("test") as session:
        await claims.switch(session, ana, on=True)
        assert "cases" in await look.look(session)
    await give_all(database)
    assert await holders(database, threads) == ["Ana"]
    async with database.transaction("test") as session:
        await claims.switch(session, ana, on=False)
    threads = await waiting(database, 1)
    await give_all(database)
    assert await holders(database, threads) == [None]


async def test_cases_go_round_and_whoever_got_one_longest_ago_is_next(database: Database) -> None:
    await at_work(database, ANA, BEN, CLEO)
    threads = await waiting(database, 7)
    await give_all(database)
    assert await holders(database, threads) == ["Ana", "Ben", "Cleo", "Ana", "Ben", "Cleo", "Ana"]


async def test_who_is_given_a_case_is_told_in_the_thread_and_among_their_mentions(database: Database) -> None:
    (ben,) = await at_work(database, BEN)
    (thread_id,) = await waiting(database, 1)
    await give_all(database)
    async with database.reading() as session:
        event = (await session.scalars(select(Message).order_by(Message.id.desc()).limit(1))).one()
        assert (event.text, event.kind, event.by) == ("Given to Ben automatically", "event", "bot")
        mention = (await session.scalars(select(Mention))).one()
        assert (mention.agent_id, mention.thread_id, mention.message_id) == (ben.id, thread_id, event.id)


async def test_nobody_gets_more_than_they_have_room_for_and_the_oldest_comes_when_there_is_room(
    database: Database,
) -> None:
    (ben,) = await at_work(database, BEN)
    threads = await waiting(database, 7)
    await give_all(database)
    assert await holders(database, threads) == ["Ben"] * 5 + [None] * 2
    async with database.transaction("test.close") as session:
        await cases.close(session, threads[0], ben)
    await give_all(database)
    assert await holders(database, threads[1:]) == ["Ben"] * 5 + [None]
    await can(database, ben, capacity=6)
    await give_all(database)
    assert await holders(database, threads[1:]) == ["Ben"] * 6


async def test_an_urgent_case_comes_before_older_ones(database: Database) -> None:
    (ben,) = await at_work(database, BEN)
    await can(database, ben, capacity=1)
    threads = await waiting(database, 2)
    threads += await waiting(database, 1, found={"urgency": "urgent"})
    await give_all(database)
    assert await holders(database, threads) == [None, None, "Ben"]


async def test_a_case_goes_to_somebody_who_knows_its_language_and_its_intent(database: Database) -> None:
    ana, ben, cleo = await at_work(database, ANA, BEN, CLEO)
    await can(database, ana, languages=["de"])
    await can(database, ben, languages=["en", "de"], intents=["refund"])
    await can(database, cleo, intents=["app_crash"], languages=["en"])
    threads = [
        *await waiting(database, 1, intent="refund"),
        *await waiting(database, 1, intent="app_crash"),
        *await waiting(database, 1, intent="outage"),
        *await waiting(database, 1, intent=None),
    ]
    await give_all(database)
    assert await holders(database, threads) == ["Ben", "Cleo", None, "Ben"], "English; what nobody understood fits all"
    async with database.transaction("test") as session:
        await session.execute(text("UPDATE threads SET language = 'de' WHERE id = :id"), {"id": threads[2]})
    await give_all(database)
    assert await holders(database, threads[2:3]) == ["Ana"]


@pytest.mark.parametrize("why", ["away", "long gone", "signed out", "shut out", "analyst"])
async def test_who_is_not_here_gets_nothing_and_the_case_waits_for_everybody(database: Database, why: str) -> None:
    (ben,) = await at_work(database, YUKI if why == "analyst" else BEN)
    (thread_id,) = await waiting(database, 1)
    deeds = {
        "away": "UPDATE agents SET away_at = now()",
        "long gone": "UPDATE sign_ins SET seen_at = now() - interval '6 minutes'",
        "signed out": "UPDATE sign_ins SET revoked_at = now()",
        "shut out": "UPDATE agents SET disabled_at = now()",
        "analyst": "SELECT 1",
    }
    async with database.transaction("test.leave") as session:
        await session.execute(text(deeds[why]))
    await give_all(database)
    assert await holders(database, [thread_id]) == [None]
    async with database.transaction("test.come back") as session:
        await agents.sign_in(session, ben, "a test")
        await session.execute(update(Agent).values(away_at=None, disabled_at=None, role="agent"))
    await give_all(database)
    assert await holders(database, [thread_id]) == ["Ben" if why != "analyst" else "Yuki"]


async def test_a_case_that_somebody_let_go_comes_back_to_others_only(database: Database) -> None:
    ana, ben = await at_work(database, ANA, BEN)
    (thread_id,) = await waiting(database, 1)
    await give_all(database)
    for agent, then in ((ana, "Ben"), (ben, None)):
        async with database.transaction("test.release") as session:
            await cases.release(session, thread_id, agent)
        await give_all(database)
        assert await holders(database, [thread_id]) == [then]
    async with database.transaction("test.claim") as session:
        await cases.claim(session, thread_id, ana)
    assert await holders(database, [thread_id]) == ["Ana"], "by hand they may"


async def test_a_teams_case_is_given_to_its_members_only_and_to_everybody_when_the_team_is_removed(
    database: Database,
) -> None:
    ana, _, cleo = await at_work(database, ANA, BEN, CLEO)
    (thread_id,) = await waiting(database, 1)
    async with database.transaction("test.team") as session:
        team = await teams.make(session, "Billing")
        await teams.fill(session, team.id, [cleo.id])
        await hands.give_to_team(session, thread_id, ana, team.id)
        cleo_now = await session.get_one(Agent, cleo.id)
        cleo_now.away_at = (await session.execute(text("SELECT now()"))).scalar_one()
    await give_all(database)
    assert await holders(database, [thread_id]) == [None]
    async with database.transaction("test.remove") as session:
        await teams.remove(session, team.id)
    await give_all(database)
    assert await holders(database, [thread_id]) == ["Ana"]


async def test_a_snoozed_case_is_left_alone(database: Database) -> None:
    await at_work(database, BEN)
    (thread_id,) = await waiting(database, 1)
    async with database.transaction("test.snooze") as session:
        await session.execute(text("UPDATE cases SET snoozed_until = now() + interval '1 hour'"))
    await give_all(database)
    assert await holders(database, [thread_id]) == [None]


async def test_two_bots_at_once_give_each_case_once_and_nobody_more_than_they_have_room_for(database: Database) -> None:
    await at_work(database, ANA, BEN)
    threads = await waiting(database, 12)
    bots = [Give(database) for _ in range(4)]
    for _ in range(20):
        await asyncio.gather(*(bot.next() for bot in bots))
    held = await holders(database, threads)
    assert (held.count("Ana"), held.count("Ben"), held.count(None)) == (5, 5, 2)
    async with database.reading() as session:
        told = list(await session.scalars(select(Message.text).where(Message.text.like("Given to %"))))
    assert len(told) == 10


async def test_who_claims_at_the_same_moment_wins_or_loses_cleanly(database: Database) -> None:
    await at_work(database, ANA, BEN)
    lena = (await at_work(database, LENA, on=False))[0]
    await can(database, lena, capacity=0)
    threads = await waiting(database, 8)

    async def claim(thread_id: int) -> object:
        try:
            async with database.transaction("test.claim") as session:
                return await cases.claim(session, thread_id, lena)
        except errors.ClaimedBySomebodyElse as refusal:
            return refusal

    bot = Give(database)
    results = await asyncio.gather(*(bot.next() for _ in threads), *(claim(thread_id) for thread_id in threads))
    won = [one for one in results if isinstance(one, Case)]
    held = await holders(database, threads)
    assert held.count("Lena") == len(won)
    await give_all(database)
    assert None not in await holders(database, threads)
    async with database.reading() as session:
        count = await session.scalar(
            text("SELECT max(n) FROM (SELECT count(*) AS n FROM claims GROUP BY case_id) AS c")
        )
    assert count == 1, "no case was had by two"


async def test_a_case_that_comes_through_the_flow_is_given(town: Town) -> None:
    await at_work(town.database, BEN)
    thread_id = await town.handed_off(MARA)
    await give_all(town.database)
    assert await holders(town.database, [thread_id]) == ["Ben"]
    assert await town.value("SELECT count(*) FROM claims") == 1
