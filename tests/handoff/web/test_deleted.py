"""What a customer had deleted stays so: nothing that an agent did or was doing brings it back."""

import asyncio
from collections.abc import AsyncIterator

import httpx
from sqlalchemy import func, select

from bot import forget
from handoff.attachments import Attachment
from handoff.drafts import Draft
from handoff.models import Case, Customer, Message
from tests.files import PNG
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.story import handed_off


async def deleted(inbox: Inbox) -> None:
    """The only customer has everything deleted."""
    async with inbox.database.transaction("test.delete") as session:
        customer = (await session.scalars(select(Customer))).one()
        await forget.person(session, customer.account, customer.external_id or "")


async def test_a_file_that_was_on_its_way_meanwhile_is_not_kept(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    begun, goes_on = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\nMara of Orchard Lane\r\n'
        yield b'--x\r\nContent-Disposition: form-data; name="attach"; filename="mara.png"\r\n\r\n' + PNG
        begun.set()
        await goes_on.wait()
        yield b"\r\n--x--\r\n"

    form = {"Content-Type": "multipart/form-data; boundary=x"}
    attaching = asyncio.create_task(ben.post(f"/inbox/{thread_id}/files", content=slow(), headers=form))
    await begun.wait()
    await deleted(inbox)
    goes_on.set()
    assert (await attaching).status_code == 404
    async with inbox.database.reading() as session:
        assert await session.scalar(select(func.count(Attachment.id))) == 0
        assert await session.scalar(select(func.count()).select_from(Draft)) == 0


async def test_a_draft_that_is_kept_meanwhile_waits_and_is_not_kept(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    async with inbox.database.transaction("test.delete") as session:
        customer = (await session.scalars(select(Customer))).one()
        await forget.person(session, customer.account, customer.external_id or "")
        form = {"mode": "note", "text": "Mara of Orchard Lane"}
        keeping = asyncio.create_task(ben.post(f"/inbox/{thread_id}/draft", data=form))
        await asyncio.wait([keeping], timeout=0.5)
    assert (await keeping).status_code == 404
    async with inbox.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Draft)) == 0


async def test_the_tags_of_who_was_deleted_go_too_and_are_not_proposed(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    await ben.post(f"/inbox/{thread_id}/tag", data={"tag": "orchard lane"})
    await deleted(inbox)
    assert "orchard" not in (await ben.get("/inbox?view=all&q=orchart")).text
    assert "orchard" not in (await ben.get(f"/inbox/{thread_id}?view=all")).text
    async with inbox.database.reading() as session:
        assert await session.scalar(select(Case.tags)) == []
        assert await session.scalar(select(func.count(Message.id)).where(Message.text.contains("orchard"))) == 0
