"""Customers, and what we promised their accounts."""

import asyncio

from handoff import people
from handoff.database import Database
from handoff.models import Promise, Thread
from tests.bot.town import Town, line
from tests.cast import MARA


def test_an_account_is_kept_as_a_keyed_hash_of_its_channel_and_id() -> None:
    ours = people.account_hash(b"key", "telegram", "7")
    assert len(ours) == 64
    assert ours != "7"
    others = [(b"other", "telegram", "7"), (b"key", "square", "7"), (b"key", "telegram", "8")]
    assert ours not in [people.account_hash(*other) for other in others]


async def test_two_who_ask_for_a_promise_at_once_get_the_same_row_one_after_the_other(database: Database) -> None:
    order: list[str] = []

    async def ask(who: str) -> None:
        async with database.transaction("test") as session:
            await people.promise(session, "account")
            order.append(f"{who} has it")
            await asyncio.sleep(0.05)
            order.append(f"{who} gives it back")

    await asyncio.gather(ask("a"), ask("b"))
    assert [entry.split()[0] for entry in order] in (["a", "a", "b", "b"], ["b", "b", "a", "a"])


async def test_a_customer_is_made_once_and_the_newest_name_counts(database: Database) -> None:
    async with database.transaction("test") as session:
        await people.promise(session, "account")
        first = await people.customer(session, "account", "telegram", "en", handle="mara", name="Mara")
        again = await people.customer(session, "account", "telegram", "en", name="Mara K.")
        assert (again.id, again.handle, again.name) == (first.id, "mara", "Mara K.")


async def test_nobody_may_be_written_to_without_a_yes_or_after_a_stop(town: Town) -> None:
    async def may_talk(thread_id: int) -> bool:
        async with town.database.reading() as session:
            return await people.may_talk(session, await session.get_one(Thread, thread_id))

    await town.offered(MARA)
    first = await town.value("SELECT id FROM threads")
    assert not await may_talk(first)
    await town.do(line(MARA, "hello"))
    assert await may_talk(first)
    await town.do(line(MARA, "stop"))
    assert not await may_talk(first)


async def test_a_promise_survives_all_that_is_forgotten(database: Database) -> None:
    async with database.transaction("test") as session:
        await people.promise(session, "account")
    async with database.reading() as session:
        assert await session.get(Promise, "account") is not None
        assert await people.find(session, "account") is None
