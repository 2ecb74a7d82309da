"""Everything said, in one order without a gap, however many write at once."""

import asyncio

import pytest
from sqlalchemy import func
from sqlalchemy.exc import NoResultFound

from handoff import threads
from handoff.base import clean
from handoff.database import Database
from tests.bot.town import Town, line
from tests.cast import JOSE, MARA


async def test_many_who_write_at_once_leave_no_gap_and_no_two_in_one_place(town: Town) -> None:
    thread_id = await town.opted_in(MARA)

    async def write(number: int) -> None:
        async with town.database.transaction("test") as session:
            thread = await threads.locked(session, thread_id)
            await threads.append(session, thread, "chat", "customer", f"line {number}")

    await asyncio.gather(*(write(number) for number in range(12)))
    thread = await town.thread(thread_id)
    assert [message.seq for message in thread.messages] == list(range(1, thread.last_seq + 1))
    assert len([message for message in thread.messages if message.text.startswith("line ")]) == 12


async def test_what_is_said_again_with_the_same_id_is_there_once(town: Town) -> None:
    thread_id = await town.opted_in(MARA)
    async with town.database.transaction("test") as session:
        thread = await threads.locked(session, thread_id)
        before = thread.last_seq
        said = [
            await threads.append(session, thread, "chat", "customer", "hi", external_id="x", client_id=client)
            for client in ("c", None, "c")
        ]
        assert [message is not None for message in said] == [True, False, False]
        assert thread.last_seq == before + 1


async def test_a_line_that_is_rolled_back_leaves_no_gap(town: Town) -> None:
    thread_id = await town.opted_in(MARA)
    async with town.database.transaction("test") as session:
        await threads.append(session, await threads.locked(session, thread_id), "chat", "customer", "lost")
        await session.rollback()
    await town.do(line(MARA, "kept"))
    thread = await town.thread(thread_id)
    assert [message.seq for message in thread.messages] == list(range(1, thread.last_seq + 1))
    assert "lost" not in [message.text for message in thread.messages]


async def test_a_thread_that_is_not_there_is_told(database: Database) -> None:
    with pytest.raises(NoResultFound):
        async with database.transaction("test") as session:
            await threads.locked(session, 404)
    async with database.reading() as session:
        assert await threads.whole(session, -1) is None


async def test_giving_the_floor_outdates_what_was_written_before(town: Town) -> None:
    thread_id = await town.opted_in(MARA)
    async with town.database.transaction("test") as session:
        thread = await threads.locked(session, thread_id)
        said = await threads.append(session, thread, "chat", "bot", "hm")
        threads.give_floor(thread, "bot", func.clock_timestamp())
        assert said is not None
        assert said.epoch == thread.epoch - 1


async def test_two_people_have_two_threads_whose_messages_do_not_mix(town: Town) -> None:
    mara, jose = await town.opted_in(MARA), await town.opted_in(JOSE)
    await town.do(line(MARA, "from Mara"), line(JOSE, "from José"))
    assert "from José" not in [message.text for message in (await town.thread(mara)).messages]
    assert "from Mara" not in [message.text for message in (await town.thread(jose)).messages]


def test_what_cannot_be_written_down_is_cleaned_and_all_else_left_alone() -> None:
    assert clean({"a\x00": ["\ud83d", "🌸 نور", 1, None, True]}) == {"a": ["?", "🌸 نور", 1, None, True]}
