"""The bot, the team, and whose turn it is: given back, taken from who is gone, and nobody there at all."""

from datetime import timedelta

from sqlalchemy import func, select, update

from bot.say import say
from handoff import agents, cases, hands
from handoff.models import Agent, Case
from handoff.sign_ins import SignIn
from tests.bot.town import Town, line
from tests.cast import ANA, MARA


async def seen(town: Town, agent: Agent, minutes: int) -> None:
    """The agent did something in a browser so many minutes ago."""
    async with town.database.transaction("test.seen") as session:
        await agents.sign_in(session, agent, "a test")
        ago = func.clock_timestamp() - timedelta(minutes=minutes)
        await session.execute(update(SignIn).values(seen_at=ago))


async def case(town: Town, thread_id: int) -> Case:
    async with town.database.reading() as session:
        newest = select(Case).where(Case.thread_id == thread_id).order_by(Case.id.desc()).limit(1)
        return (await session.scalars(newest)).one()


async def test_i25_the_bot_is_silent_after_the_handoff_until_it_is_given_the_thread_back(town: Town) -> None:
    thread_id, ana = await town.handed_off(MARA), await town.hired(ANA)
    before = len(town.heard_by(MARA))
    await town.do(line(MARA, "Hello, bot?"))
    assert len(town.heard_by(MARA)) == before, "the bot is silent"
    epoch = (await town.thread(thread_id)).epoch
    async with town.database.transaction("test.give back") as session:
        await hands.give_back(session, thread_id, ana)
    assert (await town.thread(thread_id)).epoch == epoch + 1
    await town.work()
    assert len(town.heard_by(MARA)) > before, "the bot greets"
    assert (await town.thread(thread_id)).speaker == "bot"
    assert (await case(town, thread_id)).closed_at is not None
    await town.do(line(MARA, "A person please"))
    assert (await town.thread(thread_id)).ended_at is None


async def test_a_customer_is_told_honestly_when_nobody_is_there(town: Town) -> None:
    await town.handed_off(MARA)
    assert town.heard_by(MARA)[-1].endswith(say("nobody_here", "en"))


async def test_a_customer_is_not_told_so_while_somebody_is_at_their_desk(town: Town) -> None:
    await seen(town, await town.hired(ANA), minutes=1)
    await town.handed_off(MARA)
    assert say("nobody_here", "en") not in town.heard_by(MARA)[-1]


async def test_the_case_of_an_agent_who_is_gone_waits_for_everybody_again(town: Town) -> None:
    thread_id, ana = await town.handed_off(MARA), await town.hired(ANA)
    async with town.database.transaction("test.claim") as session:
        await cases.claim(session, thread_id, ana)
    await town.do(line(MARA, "Is anybody there?"))
    await seen(town, ana, minutes=5)
    await town.bot.queue_again()
    assert (await case(town, thread_id)).claimed_by == ana.id, "they were here a moment ago"
    async with town.database.transaction("test.an hour later") as session:
        hour = timedelta(hours=1)
        await session.execute(update(SignIn).values(seen_at=SignIn.seen_at - hour))
        await session.execute(update(Case).values(claimed_at=Case.claimed_at - hour, opened_at=Case.opened_at - hour))
        thread = await town.thread(thread_id)
        for message in thread.messages:
            await session.execute(
                update(type(message)).where(type(message).id == message.id).values(written_at=message.written_at - hour)
            )
    await town.bot.queue_again()
    assert (await case(town, thread_id)).claimed_by is None
    last = (await town.thread(thread_id)).messages[-1]
    assert (last.kind, last.text) == (
        "event",
        "Back in the queue: the customer waits, and Ana has not been here for a while",
    )
