"""Clocks start, stop, pause and go on with what happens to a case; and what happened is kept."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from handoff import cases, clocks, hands, marks, targets, threads, waits
from handoff.clocks import Clock
from handoff.database import Database
from handoff.hours import Hours
from handoff.models import Agent, Case, Message, Thread
from handoff.targets import ChangedMeanwhile, Target
from tests.cast import BEN, NOOR
from tests.handoff.test_marks import answered, hired, the_case
from tests.handoff.time_of_targets import ask_of_ourselves, clocks_of, passes, told
from tests.handoff.web.story import Story, handed_off, in_public, says

HOUR = timedelta(hours=1)


async def closed(database: Database, thread_id: int, agent: Agent) -> None:
    async with database.transaction("test.close") as session:
        await cases.close(session, thread_id, agent)


async def one(database: Database, thread_id: int, what: str) -> Clock:
    return next(clock for clock in await clocks_of(database, thread_id) if clock.what == what)


async def test_clocks_start_at_the_handoff_and_never_earlier(database: Database) -> None:
    await ask_of_ourselves(database)
    assert await clocks_of(database, await in_public(database, Story(author=NOOR))) == []
    thread_id = await handed_off(database)
    case = await the_case(database, thread_id)
    assert [(clock.what, clock.began_at) for clock in await clocks_of(database, thread_id)] == [
        ("first_reply", case.opened_at),
        ("close", case.opened_at),
    ]
    assert case.due_at == case.opened_at + HOUR
    assert case.soon_at == case.opened_at + 0.75 * HOUR


async def test_the_first_reply_is_met_by_a_reply_and_not_by_a_note(database: Database) -> None:
    await ask_of_ourselves(database)
    thread_id, ben = await handed_off(database), await hired(database, BEN)
    async with database.transaction("test.note") as session:
        await cases.note(session, thread_id, ben, "Who knows this one?", client_id="client-id-note")
    assert (await told(database, thread_id))["first_reply"] == "runs"
    await answered(database, thread_id, ben)
    assert await told(database, thread_id) == {"first_reply": "met", "close": "runs"}


async def test_a_late_first_reply_stays_missed_by_as_much(database: Database) -> None:
    await ask_of_ourselves(database)
    thread_id, ben = await handed_off(database), await hired(database, BEN)
    await passes(database, thread_id, 72)
    await answered(database, thread_id, ben)
    await passes(database, thread_id, 500)
    await closed(database, thread_id, ben)
    assert await told(database, thread_id) == {"first_reply": "missed by 12 min", "close": "missed by 512 min"}


async def test_a_reply_that_was_taken_back_does_not_count(database: Database) -> None:
    await ask_of_ourselves(database)
    thread_id, ben = await handed_off(database), await hired(database, BEN)
    async with database.transaction("test.reply") as session:
        wait = timedelta(minutes=1)
        message = await cases.reply(session, thread_id, ben, "Oops", client_id="client-id-1", seen_seq=99, undo=wait)
    assert message is not None
    await says(database, thread_id, "What?")
    assert (await told(database, thread_id))["next_reply"] == "runs"
    async with database.transaction("test.take back") as session:
        await cases.take_back(session, thread_id, message.id, ben)
    assert await told(database, thread_id) == {"first_reply": "runs", "close": "runs"}
    case = await the_case(database, thread_id)
    assert case.due_at == case.opened_at + HOUR


async def test_a_reply_that_did_not_reach_the_customer_is_none_until_it_is_tried_again(database: Database) -> None:
    await ask_of_ourselves(database)
    thread_id, ben = await handed_off(database), await hired(database, BEN)
    await answered(database, thread_id, ben)
    async with database.transaction("test.failed") as session:
        failed = update(Message).where(Message.client_id == "client-id-1").values(delivery="failed")
        message_id = (await session.scalars(failed.returning(Message.id))).one()
        await waits.measure(session, thread_id)
    assert await told(database, thread_id) == {"first_reply": "runs", "close": "runs"}
    async with database.transaction("test.again") as session:
        await cases.try_again(session, thread_id, message_id)
    assert await told(database, thread_id) == {"first_reply": "met", "close": "runs"}


async def test_the_next_reply_is_due_from_the_first_line_after_ours_until_we_reply(database: Database) -> None:
    await ask_of_ourselves(database)
    thread_id, ben = await handed_off(database), await hired(database, BEN)
    await answered(database, thread_id, ben)
    await says(database, thread_id, "Thank you, but")
    began = (await one(database, thread_id, "next_reply")).began_at
    await says(database, thread_id, "one more thing")
    assert (await one(database, thread_id, "next_reply")).began_at == began, "still the same wait"
    await passes(database, thread_id, 61)
    await answered(database, thread_id, ben, 2)
    assert (await told(database, thread_id))["next_reply"] == "missed by 1 min"
    await says(database, thread_id, "And another")
    assert [clock.what for clock in await clocks_of(database, thread_id)].count("next_reply") == 2
    await answered(database, thread_id, ben, 3)
    assert (await told(database, thread_id))["next_reply"] == "met"


async def test_the_answer_of_a_wait_that_was_taken_back_lets_the_same_clock_go_on(database: Database) -> None:
    await ask_of_ourselves(database)
    thread_id, ben = await handed_off(database), await hired(database, BEN)
    await answered(database, thread_id, ben)
    await says(database, thread_id, "Thank you, but")
    async with database.transaction("test.reply") as session:
        wait = timedelta(minutes=1)
        message = await cases.reply(session, thread_id, ben, "Oops", client_id="client-id-2", seen_seq=99, undo=wait)
    assert message is not None
    assert (await told(database, thread_id))["next_reply"] == "met"
    async with database.transaction("test.take back") as session:
        await cases.take_back(session, thread_id, message.id, ben)
    assert (await told(database, thread_id))["next_reply"] == "runs"
    assert len(await clocks_of(database, thread_id)) == 3


async def test_after_close_nothing_runs_and_nothing_is_due(database: Database) -> None:
    await ask_of_ourselves(database)
    thread_id, ben = await handed_off(database), await hired(database, BEN)
    await closed(database, thread_id, ben)
    assert await told(database, thread_id) == {"first_reply": "not needed", "close": "met"}
    assert (await the_case(database, thread_id)).due_at is None
    await ask_of_ourselves(database, 1)
    async with database.reading() as session:
        assert await clocks.stale(session, 10) == []


async def test_a_first_reply_that_never_came_is_missed_when_it_was_overdue_at_the_close(database: Database) -> None:
    await ask_of_ourselves(database)
    thread_id, ben = await handed_off(database), await hired(database, BEN)
    await passes(database, thread_id, 63)
    await closed(database, thread_id, ben)
    assert await told(database, thread_id) == {"first_reply": "missed by 3 min", "close": "missed by 3 min"}


async def test_a_close_that_is_undone_with_its_reply_lets_the_clocks_go_on(database: Database) -> None:
    await ask_of_ourselves(database)
    thread_id, ben = await handed_off(database), await hired(database, BEN)
    async with database.transaction("test.reply") as session:
        wait = timedelta(minutes=1)
        message = await cases.reply(session, thread_id, ben, "Bye", client_id="client-id-1", seen_seq=99, undo=wait)
    assert message is not None
    await closed(database, thread_id, ben)
    async with database.transaction("test.take back") as session:
        await cases.take_back(session, thread_id, message.id, ben)
    assert await told(database, thread_id) == {"first_reply": "runs", "close": "runs"}
    assert (await the_case(database, thread_id)).due_at is not None


async def test_a_snooze_stops_the_clocks_and_waking_goes_on_with_what_was_left(database: Database) -> None:
    await ask_of_ourselves(database)
    thread_id, ben = await handed_off(database), await hired(database, BEN)
    until = datetime.now(UTC) + 5 * HOUR
    async with database.transaction("test.snooze") as session:
        await marks.snooze(session, thread_id, ben, until)
    due = (await the_case(database, thread_id)).due_at
    assert due is not None
    assert until + 0.99 * HOUR < due <= until + HOUR, "when it comes back by itself"
    await passes(database, thread_id, 30)
    async with database.transaction("test.wake") as session:
        await marks.wake(session, thread_id, ben)
    case = await the_case(database, thread_id)
    assert case.due_at is not None
    assert abs(case.due_at - (case.opened_at + 1.5 * HOUR)) < timedelta(minutes=1), "half an hour did not count"


async def test_a_customer_who_writes_wakes_the_clocks_too(database: Database) -> None:
    await ask_of_ourselves(database)
    thread_id, ben = await handed_off(database), await hired(database, BEN)
    async with database.transaction("test.snooze") as session:
        await marks.snooze(session, thread_id, ben, datetime.now(UTC) + 5 * HOUR)
    await says(database, thread_id, "Anybody?")
    case = await the_case(database, thread_id)
    assert case.due_at is not None
    assert case.due_at - case.opened_at < HOUR + timedelta(minutes=1)


async def test_a_change_of_priority_changes_what_is_due(database: Database) -> None:
    await ask_of_ourselves(database)
    thread_id, ben = await handed_off(database), await hired(database, BEN)
    async with database.transaction("test.targets") as session:
        await session.execute(update(Target).where(Target.priority == "urgent").values(minutes=5))
        await marks.prioritise(session, thread_id, ben, "urgent")
    case = await the_case(database, thread_id)
    assert case.due_at == case.opened_at + timedelta(minutes=5)


async def test_what_has_no_target_is_never_due(database: Database) -> None:
    await ask_of_ourselves(database, None, close=60)
    thread_id, ben = await handed_off(database), await hired(database, BEN)
    await answered(database, thread_id, ben)
    assert await told(database, thread_id) == {"first_reply": "not needed", "close": "runs"}


async def test_a_change_of_the_hours_changes_what_is_open_and_not_what_is_over(database: Database) -> None:
    await ask_of_ourselves(database)
    ben = await hired(database, BEN)
    over = await handed_off(database)
    await closed(database, over, ben)
    before = [(clock.due_at, clock.rules) for clock in await clocks_of(database, over)]
    still_open = await handed_off(database)
    async with database.transaction("test.hours") as session:
        await session.execute(update(Target).values(in_hours=True))
        seen = (await targets.calendar(session)).version
        await targets.set_hours(session, Hours(ZoneInfo("UTC"), ((),) * 7), seen=seen)
    async with database.transaction("test.measure") as session:
        assert await clocks.stale(session, 10) == [still_open]
        await threads.locked(session, still_open)
        await clocks.measure(session, still_open)
        assert await clocks.stale(session, 10) == []
    assert (await the_case(database, still_open)).due_at is None, "nobody ever works"
    assert await told(database, still_open) == {"first_reply": "off", "close": "off"}
    assert [(clock.due_at, clock.rules) for clock in await clocks_of(database, over)] == before


async def test_two_who_change_the_hours_at_once_do_not_overwrite_each_other(database: Database) -> None:
    async with database.transaction("test.hours") as session:
        seen = (await targets.calendar(session)).version
        await targets.set_hours(session, Hours(ZoneInfo("UTC"), ((),) * 7), seen=seen)
        with pytest.raises(ChangedMeanwhile):
            await targets.set_hours(session, Hours(ZoneInfo("UTC"), ((),) * 7), seen=seen)


async def test_giving_back_to_the_bot_stops_the_clocks(database: Database) -> None:
    await ask_of_ourselves(database)
    thread_id, ben = await handed_off(database), await hired(database, BEN)
    async with database.transaction("test.give back") as session:
        await hands.give_back(session, thread_id, ben)
    assert await told(database, thread_id) == {"first_reply": "not needed", "close": "met"}


async def test_a_clock_that_was_left_running_is_stopped_before_it_is_told_of(database: Database) -> None:
    await ask_of_ourselves(database)
    thread_id = await handed_off(database)
    async with database.transaction("test.wrong code") as session:
        await session.execute(update(Case).values(closed_at=Case.opened_at + timedelta(minutes=2)))
        await session.execute(update(Thread).values(ended_at=datetime.now(UTC), ended_why="closed"))
        await session.execute(update(Clock).values(due_at=Clock.began_at, soon_at=Clock.began_at))
        assert await clocks.due(session, 10) == [thread_id]
        await clocks.measure(session, thread_id)
        assert await clocks.due(session, 10) == []
    assert await told(database, thread_id) == {"first_reply": "not needed", "close": "met"}
