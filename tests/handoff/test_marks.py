"""Tags, priorities and snoozes; since when a customer waits; how far somebody has read."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import bookmarks, cases, errors, marks, threads
from handoff.database import Database
from handoff.models import Agent, Case
from tests.cast import ANA, BEN, NOOR, Colleague
from tests.handoff.web.story import Story, handed_off, says


async def hired(database: Database, who: Colleague) -> Agent:
    async with database.transaction("test.hire") as session:
        agent = Agent(email=who.email, name=who.name, password_hash="")
        session.add(agent)
    return agent


async def the_case(database: Database, thread_id: int) -> Case:
    async with database.reading() as session:
        return (await session.scalars(select(Case).where(Case.thread_id == thread_id))).one()


async def answered(database: Database, thread_id: int, agent: Agent, number: int = 1) -> None:
    async with database.transaction("test.reply") as session:
        await cases.reply(session, thread_id, agent, "Hello", client_id=f"client-id-{number}", seen_seq=99)


async def test_a_customer_waits_from_the_handoff_and_from_the_first_line_after_our_reply(database: Database) -> None:
    thread_id, ben = await handed_off(database), await hired(database, BEN)
    case = await the_case(database, thread_id)
    assert case.waiting_since == case.opened_at
    await says(database, thread_id, "Hello?")
    assert (await the_case(database, thread_id)).waiting_since == case.opened_at, "still the same wait"
    await answered(database, thread_id, ben)
    assert (await the_case(database, thread_id)).waiting_since is None
    await says(database, thread_id, "Thank you, but")
    since = (await the_case(database, thread_id)).waiting_since
    await says(database, thread_id, "one more thing")
    assert since is not None
    assert since > case.opened_at
    assert (await the_case(database, thread_id)).waiting_since == since


async def test_whoever_had_a_reply_that_was_taken_back_waits_as_before(database: Database) -> None:
    thread_id, ben = await handed_off(database), await hired(database, BEN)
    async with database.transaction("test.reply") as session:
        wait = timedelta(minutes=1)
        message = await cases.reply(session, thread_id, ben, "Oops", client_id="client-id-1", seen_seq=99, undo=wait)
    assert message is not None
    async with database.transaction("test.take back") as session:
        await cases.take_back(session, thread_id, message.id, ben)
    case = await the_case(database, thread_id)
    assert case.waiting_since == case.opened_at


async def test_a_snoozed_case_comes_back_when_the_customer_writes(database: Database) -> None:
    thread_id, ben = await handed_off(database), await hired(database, BEN)
    async with database.transaction("test.snooze") as session:
        await marks.snooze(session, thread_id, ben, datetime.now(UTC) + timedelta(hours=3))
    assert (await the_case(database, thread_id)).snoozed_until is not None
    await says(database, thread_id, "It is urgent now")
    assert (await the_case(database, thread_id)).snoozed_until is None


@pytest.mark.parametrize("hours", [-1, 0, 24 * 400])
async def test_a_snooze_ends_within_a_year_and_not_in_the_past(database: Database, hours: int) -> None:
    thread_id, ben = await handed_off(database), await hired(database, BEN)
    with pytest.raises(errors.NotAhead):
        async with database.transaction("test.snooze") as session:
            await marks.snooze(session, thread_id, ben, datetime.now(UTC) + timedelta(hours=hours))


async def test_a_case_of_a_colleague_is_not_snoozed(database: Database) -> None:
    thread_id, ben = await handed_off(database), await hired(database, BEN)
    ana = await hired(database, ANA)
    async with database.transaction("test.claim") as session:
        await cases.claim(session, thread_id, ana)
    with pytest.raises(errors.ClaimedBySomebodyElse):
        async with database.transaction("test.snooze") as session:
            await marks.snooze(session, thread_id, ben, datetime.now(UTC) + timedelta(hours=1))


async def test_a_tag_is_kept_in_small_letters_and_once(database: Database) -> None:
    thread_id, ben = await handed_off(database), await hired(database, BEN)
    async with database.transaction("test.tag") as session:
        for word in ("  Double   CHARGE ", "double charge", "refund\x00"):
            await marks.tag(session, thread_id, ben, word)
        await marks.untag(session, thread_id, ben, "refund")
    assert (await the_case(database, thread_id)).tags == ["double charge"]
    with pytest.raises(errors.NoTag):
        async with database.transaction("test.tag") as session:
            await marks.tag(session, thread_id, ben, "   ")


async def test_a_case_has_at_most_twenty_tags(database: Database) -> None:
    thread_id, ben = await handed_off(database), await hired(database, BEN)
    async with database.transaction("test.tag") as session:
        for number in range(20):
            await marks.tag(session, thread_id, ben, f"tag {number}")
        with pytest.raises(errors.TooManyTags):
            await marks.tag(session, thread_id, ben, "one more")


@pytest.mark.parametrize(("urgency", "priority"), [("urgent", "urgent"), ("High", "high"), ("soon", "normal")])
async def test_a_case_is_as_urgent_as_triage_found_it(database: Database, urgency: str, priority: str) -> None:
    thread_id = await handed_off(database, Story(found={"urgency": urgency}))
    assert (await the_case(database, thread_id)).priority == priority


async def unread(session: AsyncSession, who: Agent, thread_ids: list[int]) -> set[int]:
    """Those of the threads in which there is something for them to read."""
    found = await bookmarks.of_all(session, thread_ids)
    return {thread_id for thread_id, of_thread in found.items() if of_thread.is_unread(who.id)}


async def test_unread_is_what_somebody_else_said_since_one_looked(database: Database) -> None:
    mara, noor = await handed_off(database), await handed_off(database, Story(author=NOOR))
    ben, ana = await hired(database, BEN), await hired(database, ANA)
    async with database.transaction("test.look") as session:
        await bookmarks.put(session, ben, mara, (await threads.locked(session, mara)).last_seq)
        assert await unread(session, ben, [mara, noor]) == {noor}
        await marks.tag(session, mara, ana, "refund")
        assert await unread(session, ben, [mara]) == set(), "an event is nothing to read"
    await answered(database, mara, ben)
    await says(database, noor, "Hello?")
    async with database.transaction("test.look") as session:
        assert await unread(session, ben, [mara]) == set(), "one's own words are read"
        assert await unread(session, ana, [mara, noor]) == {mara, noor}
        await bookmarks.put(session, ben, mara, 1)
        assert await unread(session, ben, [mara]) == set(), "a bookmark never moves back"
    await says(database, mara, "Thanks")
    async with database.reading() as session:
        assert await unread(session, ben, [mara]) == {mara}
