"""One person on several channels: merged, unmerged, and no reply ever goes to another address than the thread's own."""

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from bot.channel import Author
from handoff import cases, errors, matches, people, persons, receipts, threads
from handoff.database import Database
from handoff.models import Agent, Customer, Thread
from handoff.persons import Merge
from handoff.receipts import Purpose
from tests.cast import LENA, MARA
from tests.handoff.web.story import KEY, Story, handed_off

MARA_ON_X = Author("77", "Mara_K", "Mara K.")
MARA_ON_THE_SQUARE = Author("5", None, "Mara")
ORDER = {"order_number": "NW-20418"}


async def lena(database: Database) -> Agent:
    async with database.transaction("test") as session:
        agent = Agent(email=LENA.email, name=LENA.name, password_hash="-", role=LENA.role)
        session.add(agent)
    return agent


async def customer(database: Database, author: Author = MARA, channel: str = "telegram", order: str = "") -> int:
    """Somebody whose case the team has; their id."""
    thread_id = await handed_off(database, Story(author=author, channel=channel, found={"order_number": order}))
    async with database.reading() as session:
        return (await session.get_one(Thread, thread_id)).customer_id


async def three(database: Database) -> list[int]:
    """Mara on Telegram, on X and on the square."""
    found = [(MARA, "telegram"), (MARA_ON_X, "x"), (MARA_ON_THE_SQUARE, "square")]
    return [await customer(database, author, channel) for author, channel in found]


async def merge(database: Database, one: int, other: int, agent: Agent) -> None:
    async with database.transaction("test") as session:
        await persons.merge(session, one, other, agent)


async def unmerge(database: Database, customer_id: int, agent: Agent) -> None:
    async with database.transaction("test") as session:
        await persons.unmerge(session, customer_id, agent)


async def groups(database: Database, ids: Sequence[int]) -> list[list[int]]:
    async with database.reading() as session:
        return [list(found) for found in (await persons.of(session, ids)).values()]


async def record(database: Database) -> list[object]:
    """Everything that is known of customers and threads, without who is merged."""
    async with database.reading() as session:
        rows: list[object] = []
        for table in ("customers", "threads", "messages", "opt_ins", "receipts", "promises"):
            rows += [tuple(row) for row in await session.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2"))]
        return rows


async def agreed(database: Database, customer_id: int, purpose: Purpose = "link", given: bool = True) -> None:
    async with database.transaction("test") as session:
        newest = select(Thread.id).where(Thread.customer_id == customer_id).order_by(Thread.id.desc()).limit(1)
        thread = await threads.locked(session, (await session.scalars(newest)).one())
        await receipts.turn(session, thread, purpose, given, "Look me up", "1")


async def suggestions(database: Database, customer_id: int) -> list[tuple[int, str]]:
    async with database.reading() as session:
        return [(match.customer.id, match.why) for match in await matches.suggested(session, customer_id)]


async def test_a_merge_changes_nothing_but_who_is_one_person_and_an_unmerge_takes_it_back(database: Database) -> None:
    ids, agent, before = await three(database), await lena(database), await record(database)
    one, other, third = ids
    await merge(database, other, one, agent)
    assert await groups(database, ids) == [[one, other], [one, other], [third]]
    assert await record(database) == before
    await unmerge(database, other, agent)
    assert await groups(database, ids) == [[one], [other], [third]]
    assert await record(database) == before
    async with database.reading() as session:
        merged = (await session.scalars(select(Merge))).one()
    assert (merged.agent_id, merged.undone_by, merged.undone_at is not None) == (agent.id, agent.id, True)


async def test_when_the_one_in_the_middle_is_unmerged_all_are_as_before(database: Database) -> None:
    ids, agent = await three(database), await lena(database)
    await merge(database, ids[0], ids[1], agent)
    await merge(database, ids[1], ids[2], agent)
    assert await groups(database, ids) == [ids, ids, ids]
    await unmerge(database, ids[1], agent)
    assert await groups(database, ids) == [[one] for one in ids], "nobody said that the first is the third"


async def test_unmerging_one_at_the_end_leaves_the_others_together(database: Database) -> None:
    ids, agent = await three(database), await lena(database)
    await merge(database, ids[0], ids[1], agent)
    await merge(database, ids[1], ids[2], agent)
    await unmerge(database, ids[2], agent)
    assert await groups(database, ids) == [ids[:2], ids[:2], ids[2:]]
    await merge(database, ids[2], ids[0], agent)
    assert await groups(database, ids) == [ids, ids, ids]


async def test_two_who_merge_at_once_merge_once(database: Database) -> None:
    ids, agent = await three(database), await lena(database)
    pairs = [(0, 1), (1, 0), (1, 2), (2, 1), (0, 2), (2, 0)] * 2
    await asyncio.gather(*(merge(database, ids[one], ids[other], agent) for one, other in pairs))
    assert await groups(database, ids) == [ids, ids, ids]
    async with database.reading() as session:
        assert len((await session.scalars(select(Merge))).all()) == 3


async def test_merging_and_unmerging_at_once_ends_in_one_of_the_two(database: Database) -> None:
    ids, agent = await three(database), await lena(database)
    await merge(database, ids[0], ids[1], agent)
    await asyncio.gather(
        unmerge(database, ids[1], agent), merge(database, ids[0], ids[1], agent), unmerge(database, ids[0], agent)
    )
    assert await groups(database, ids[:2]) in ([ids[:2], ids[:2]], [[ids[0]], [ids[1]]])


async def test_nobody_is_merged_with_themselves_or_with_a_stranger(database: Database) -> None:
    one, agent = await customer(database), await lena(database)
    with pytest.raises(errors.NotTwo):
        await merge(database, one, one, agent)
    with pytest.raises(errors.NoSuchCustomer):
        await merge(database, one, 999, agent)


@pytest.mark.parametrize(
    "wrong",
    [
        "UPDATE threads SET customer_id = :other WHERE customer_id = :one",
        "UPDATE threads SET channel = 'x' WHERE customer_id = :one",
        "UPDATE customers SET external_id = '77' WHERE id = :one",
        "UPDATE customers SET channel = 'x' WHERE id = :one",
    ],
)
async def test_a_reply_never_goes_to_another_address_even_by_wrong_code(database: Database, wrong: str) -> None:
    (one, other, _), agent = await three(database), await lena(database)
    await merge(database, one, other, agent)
    with pytest.raises(DBAPIError, match="keep"):
        async with database.transaction("test") as session:
            await session.execute(text(wrong), {"one": one, "other": other})


async def test_whoever_is_deleted_leaves_no_trace_and_the_others_stay_one(database: Database) -> None:
    ids, agent = await three(database), await lena(database)
    await merge(database, ids[0], ids[1], agent)
    await merge(database, ids[1], ids[2], agent)
    async with database.transaction("test") as session:
        await persons.leave(session, ids[1])
    assert await groups(database, ids) == [[ids[0], ids[2]], [ids[1]], [ids[0], ids[2]]]
    async with database.reading() as session:
        assert not (
            await session.scalars(select(Merge).where((Merge.one_id == ids[1]) | (Merge.other_id == ids[1])))
        ).all()


async def test_nobody_is_suggested_unless_both_let_us_look_them_up(database: Database) -> None:
    one, other = await customer(database), await customer(database, MARA_ON_X, "x")
    assert await suggestions(database, one) == []
    await agreed(database, one)
    assert await suggestions(database, one) == []
    await agreed(database, other)
    assert await suggestions(database, one) == [(other, "the same handle")]
    assert await suggestions(database, other) == [(one, "the same handle")]
    await agreed(database, other, given=False)
    assert await suggestions(database, one) == []


async def test_who_named_the_same_order_is_suggested_and_nobody_merges_by_themselves(database: Database) -> None:
    one = await customer(database, order="NW-20418")
    other = await customer(database, Author("9", "m", "M"), "x", order="nw-20418")
    await customer(database, Author("10", "n", "N"), "x", order="NW-1")
    for each in (one, other):
        await agreed(database, each)
    assert await suggestions(database, one) == [(other, "the same order number")]
    assert await groups(database, [one, other]) == [[one], [other]]
    await merge(database, one, other, await lena(database))
    assert await suggestions(database, one) == []


async def test_one_handle_on_one_channel_is_no_match(database: Database) -> None:
    one, other = await customer(database), await customer(database, Author("8", "MARA_K", "Other"))
    for each in (one, other):
        await agreed(database, each)
    assert await suggestions(database, one) == []


async def ways(database: Database, thread_id: int) -> list[int]:
    async with database.reading() as session:
        return [one.id for one in await matches.other_ways(session, await session.get_one(Thread, thread_id))]


async def test_another_way_is_an_open_thread_that_was_opted_into_on_another_channel(database: Database) -> None:
    first = await handed_off(database)
    second = await handed_off(database, Story(author=MARA_ON_X, channel="x"))
    agent = await lena(database)
    assert await ways(database, first) == []
    async with database.reading() as session:
        ids = list(await session.scalars(select(Customer.id).order_by(Customer.id)))
    await merge(database, ids[0], ids[1], agent)
    assert (await ways(database, first), await ways(database, second)) == ([second], [first])
    async with database.transaction("test") as session:
        account = people.account_hash(KEY, "x", MARA_ON_X.id)
        (await people.promise(session, account)).stopped_at = await session.scalar(select(text("clock_timestamp()")))
    assert (await ways(database, first), await ways(database, second)) == ([], []), "a STOP on either side"
    third = await handed_off(database, Story(author=MARA_ON_THE_SQUARE, channel="square"))
    async with database.reading() as session:
        square = (await session.get_one(Thread, third)).customer_id
    await merge(database, ids[0], square, agent)
    assert await ways(database, first) == [third]
    async with database.transaction("test") as session:
        await cases.close(session, third, agent)
    assert await ways(database, first) == [], "it is over"
