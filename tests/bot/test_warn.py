"""Somebody is told before it is too late, and the leads are when it is: each once, whoever looks and how often."""

import asyncio

from sqlalchemy import select

from bot.warn import Warn
from handoff import cases
from handoff.database import Database
from handoff.mentions import Mention
from handoff.models import Agent, Message
from handoff.webhooks import Telling, Webhook
from tests.cast import ANA, BEN, LENA, Colleague
from tests.handoff.time_of_targets import ask_of_ourselves, passes, told
from tests.handoff.web.story import handed_off


async def hired(database: Database, who: Colleague) -> Agent:
    async with database.transaction("test.hire") as session:
        agent = Agent(email=who.email, name=who.name, password_hash="", role=who.role)
        session.add(agent)
    return agent


async def events(database: Database, thread_id: int) -> list[str]:
    """What the bot wrote down about the clocks."""
    async with database.reading() as session:
        query = select(Message.text).where(Message.thread_id == thread_id, Message.text.regexp_match("due in|overdue"))
        return list(await session.scalars(query.order_by(Message.seq)))


async def named(database: Database) -> list[str]:
    """Who has something to look at, in order."""
    async with database.reading() as session:
        query = select(Agent.name).join(Mention).order_by(Mention.message_id, Agent.name)
        return list(await session.scalars(query))


async def test_whoever_has_the_case_is_warned_when_three_quarters_have_passed_and_once(database: Database) -> None:
    await ask_of_ourselves(database, close=None)
    thread_id, ben, warn = await handed_off(database), await hired(database, BEN), Warn(database)
    await hired(database, LENA)
    async with database.transaction("test.claim") as session:
        await cases.claim(session, thread_id, ben)
    await passes(database, thread_id, 44)
    await warn.look()
    assert await events(database, thread_id) == []
    await passes(database, thread_id, 4)
    await warn.look()
    await warn.look()
    assert await events(database, thread_id) == ["The first reply is due in 11 min"]
    assert await named(database) == ["Ben"]


async def test_of_a_case_that_nobody_has_the_thread_tells_everybody(database: Database) -> None:
    await ask_of_ourselves(database, close=None)
    thread_id, warn = await handed_off(database), Warn(database)
    await hired(database, BEN)
    await passes(database, thread_id, 50)
    await warn.look()
    assert await events(database, thread_id) == ["The first reply is due in 9 min"]
    assert await named(database) == []


async def test_what_is_overdue_goes_to_the_leads_and_to_whoever_has_it_once(database: Database) -> None:
    await ask_of_ourselves(database, close=None)
    thread_id, ben = await handed_off(database), await hired(database, BEN)
    await hired(database, LENA)
    await hired(database, ANA)
    async with database.transaction("test.claim") as session:
        await cases.claim(session, thread_id, ben)
    await passes(database, thread_id, 61)
    await Warn(database).look()
    await Warn(database).look()
    assert await events(database, thread_id) == ["The first reply is overdue. Lena was told."], "and no warning before"
    assert await named(database) == ["Ben", "Lena"]


async def test_where_nobody_leads_the_admins_are_told(database: Database) -> None:
    await ask_of_ourselves(database, close=None)
    thread_id = await handed_off(database)
    await hired(database, ANA)
    await passes(database, thread_id, 61)
    await Warn(database).look()
    assert await named(database) == ["Ana"]


async def test_two_processes_never_tell_twice(database: Database) -> None:
    await ask_of_ourselves(database)
    thread_id = await handed_off(database)
    await hired(database, LENA)
    await passes(database, thread_id, 61)
    await asyncio.gather(*(Warn(database).look() for _ in range(5)))
    assert sorted(await events(database, thread_id)) == [
        "Closing this case is overdue. Lena was told.",
        "The first reply is overdue. Lena was told.",
    ]


async def test_a_reply_that_came_meanwhile_makes_the_warning_needless(database: Database) -> None:
    await ask_of_ourselves(database, close=None)
    thread_id, ben = await handed_off(database), await hired(database, BEN)
    await passes(database, thread_id, 50)
    async with database.transaction("test.reply") as session:
        await cases.reply(session, thread_id, ben, "Hello", client_id="client-id-1", seen_seq=99)
    await Warn(database).look()
    assert await events(database, thread_id) == []


async def test_nobody_is_told_of_a_case_that_is_closed(database: Database) -> None:
    await ask_of_ourselves(database)
    thread_id, ben = await handed_off(database), await hired(database, BEN)
    async with database.transaction("test.close") as session:
        await cases.close(session, thread_id, ben)
    await passes(database, thread_id, 500)
    await Warn(database).look()
    assert await events(database, thread_id) == []


async def test_open_cases_follow_when_the_targets_change(database: Database) -> None:
    await ask_of_ourselves(database)
    thread_id = await handed_off(database)
    await ask_of_ourselves(database, None)
    assert await told(database, thread_id) == {"first_reply": "runs", "close": "runs"}
    await Warn(database).look()
    assert await told(database, thread_id) == {"first_reply": "off", "close": "off"}


async def test_webhooks_are_told_too_and_hear_no_word_of_the_customer(database: Database) -> None:
    await ask_of_ourselves(database, close=None)
    thread_id = await handed_off(database)
    async with database.transaction("test.webhook") as session:
        session.add(Webhook(url="http://127.0.0.1:1/", sealed_secret="", events=["case.due_soon", "case.overdue"]))
    await passes(database, thread_id, 50)
    await Warn(database).look()
    await passes(database, thread_id, 50)
    await Warn(database).look()
    async with database.reading() as session:
        tellings = list(await session.scalars(select(Telling).order_by(Telling.id)))
    assert [telling.type for telling in tellings] == ["case.due_soon", "case.overdue"]
    assert set(tellings[0].data) == {"case_id", "thread_id", "clock", "due_at"}
    assert tellings[0].data["clock"] == "first_reply"
