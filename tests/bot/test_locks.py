"""Who waits for whom: two who write to the same people never wait for each other."""

import asyncio

from handoff import people, threads
from tests.bot.town import Town
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
