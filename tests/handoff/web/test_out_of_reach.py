"""A reply that cannot go says why, and what is left to do; the page offers a note in its place."""

import re
from collections.abc import Awaitable, Callable

import httpx
import pytest
from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, people, threads
from handoff.database import Database
from handoff.models import Agent, Case, Customer, Promise, Thread
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.story import handed_off

Happens = Callable[[AsyncSession, int, Agent], Awaitable[object]]


async def stopped(session: AsyncSession, thread_id: int, other: Agent) -> None:
    said = {"stopped_at": func.clock_timestamp(), "stopped_by": "a word in private"}
    await session.execute(update(Promise).values(said))


async def blocked(session: AsyncSession, thread_id: int, other: Agent) -> None:
    said = {"stopped_at": func.clock_timestamp(), "stopped_by": people.BLOCKED}
    await session.execute(update(Promise).values(said))


async def erased(session: AsyncSession, thread_id: int, other: Agent) -> None:
    await cases.end(session, await threads.locked(session, thread_id), threads.ERASED)


async def ended(session: AsyncSession, thread_id: int, other: Agent) -> None:
    await cases.end(session, await threads.locked(session, thread_id), "closed")


async def without_address(session: AsyncSession, thread_id: int, other: Agent) -> None:
    await session.execute(update(Customer).values(external_id=None))


async def claimed(session: AsyncSession, thread_id: int, other: Agent) -> None:
    await session.execute(update(Case).values(claimed_by=other.id, claimed_at=func.clock_timestamp()))


REASONS: dict[Happens, tuple[str, str]] = {
    stopped: ("The customer said STOP", "Leave a note, or close the case"),
    blocked: ("The customer blocked us", "Leave a note, or close the case"),
    erased: ("had everything about them deleted", "Go on with another case"),
    ended: ("This case is closed", "until then you can leave a note"),
    without_address: ("the address was forgotten", "Leave a note"),
    claimed: ("has claimed this case", "Leave a note, or ask them to release it"),
}


@pytest.mark.parametrize("happens", REASONS, ids=lambda happens: happens.__name__)
async def test_a_reply_that_cannot_go_says_why_and_what_is_left_to_do(
    inbox: Inbox, ben: httpx.AsyncClient, ana: httpx.AsyncClient, happens: Happens
) -> None:
    thread_id = await handed_off(inbox.database)
    async with inbox.database.transaction("test.happens") as session:
        await happens(session, thread_id, inbox.people["Ana"])
    page = (await ben.get(f"/inbox/{thread_id}")).text
    obstacle = re.search(r'<p id="obstacle"[^>]*>([^<]+)</p>', page)
    assert obstacle, "the composer says nothing"
    assert all(words in obstacle[1] for words in REASONS[happens])
    assert re.search(r'value="note" checked', page), "what can be written is a note"
    answer = await ben.post(
        f"/inbox/{thread_id}/reply", data={"client_id": "client-id-1", "seen_seq": "99", "text": "Hello?"}
    )
    assert (answer.status_code, "Hello?" in answer.text) == (409, True), "nothing is sent, and the words stay"
    assert not await _replied(inbox.database, thread_id)


async def test_nothing_stands_in_the_way_of_an_open_case(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    page = (await ben.get(f"/inbox/{thread_id}")).text
    assert re.search(r'<p id="obstacle"[^>]*></p>', page)


async def _replied(database: Database, thread_id: int) -> bool:
    async with database.reading() as session:
        thread = await threads.whole(session, thread_id)
    assert isinstance(thread, Thread)
    return any(message.by == "agent" and message.kind == "chat" for message in thread.messages)
