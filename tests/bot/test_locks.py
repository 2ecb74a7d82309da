"""Who waits for whom: two who write to the same people never wait for each other."""

import asyncio

from bot.brand import read_brand
from bot.choose import Choose
from handoff import offers, people, threads
from tests.bot.town import BRAND, Town
from tests.cast import MARA


async def test_whoever_writes_to_a_thread_does_not_wait_for_who_has_its_customer(town: Town) -> None:
    """PostgreSQL asks for the customer when a thread is changed a second time, and who has them may want the thread."""
    thread_id = await town.handed_off(MARA)
    account = str(await town.value("SELECT account FROM customers"))
    async with town.database.transaction("test.click") as one, asyncio.timeout(60):
        await people.promise(one, account)
        await people.customer(one, account, "telegram", "en", name="Mara K.")
        async with town.database.transaction("test.settle") as other:
            thread = await threads.locked(other, thread_id)
            for line in ("One moment.", "I am looking."):
                await threads.append(other, thread, "chat", "bot", line)
        assert (await threads.locked(one, thread_id)).last_seq == thread.last_seq


async def test_who_is_deleted_with_a_stop_does_not_wait_for_who_settles_their_offer_and_the_other_way_round(
    town: Town,
) -> None:
    thread_id = await town.handed_off(MARA)
    choose = Choose(town.database, read_brand(BRAND), await town.value("SELECT account FROM customers"))
    async with asyncio.TaskGroup() as tasks, town.database.transaction("test.settle") as settling:
        await offers.locked(settling, await town.value("SELECT id FROM offers"))
        tasks.create_task(choose.be_forgotten(MARA.id, stopped=True))
        waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        while not await town.value(waits):
            await asyncio.sleep(0.05)
        await threads.locked(settling, thread_id)
    assert await town.value("SELECT ended_why FROM threads") == threads.ERASED
