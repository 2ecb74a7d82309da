"""/threads/{id}/messages: what was said; and replies and notes in the name of an agent."""

import hashlib
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi import Query as FromQuery
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from handoff import cases, errors, threads
from handoff.api import cursor, shapes
from handoff.api.cursor import Page, Paging
from handoff.api.deed import ByAgent, Key, by_agent
from handoff.api.gate import Record, Saying, integration
from handoff.api.threads import ThreadId
from handoff.models import Agent, Message, OptIn

router = APIRouter(prefix="/threads/{thread_id}", tags=["messages"])

Text = Annotated[str, Field(min_length=1, max_length=cases.LONGEST_REPLY)]


class Note(ByAgent):
    """What the team shall read, and nobody else."""

    text: Text


class Reply(Note):
    """What the customer shall read."""

    seen_seq: Annotated[
        int,
        Field(ge=0, le=2**31 - 1, description="`last_seq` of the thread as you read it: 409 if a colleague replied."),
    ]


@router.get("/messages", response_model=Page[shapes.Message])
async def listed(
    record: Record, say: Saying, thread_id: ThreadId, asked: Annotated[Paging, FromQuery()]
) -> Page[shapes.Message]:
    """List what was said in a thread, the newest first."""
    query = select(Message).where(Message.thread_id == thread_id).options(joinedload(Message.agent))
    async with record.reading() as session:
        await _known(session, thread_id)
        return await cursor.read(session, query, cursor.newest(Message.id), partial(shapes.message, say=say), asked)


@router.post("/replies", response_model=shapes.Written, status_code=201)
async def reply(request: Request, thread_id: ThreadId, body: Reply, key: Key) -> Any:
    """Say something to the customer. Who replies to a waiting case claims it."""
    client_id = _client_id(request, key)

    async def work(session: AsyncSession, agent: Agent) -> shapes.Written:
        await _known(session, thread_id)
        said = await cases.reply(session, thread_id, agent, body.text, client_id=client_id, seen_seq=body.seen_seq)
        return await _written(session, said, client_id)

    return await by_agent(request, key, "reply", body, work)


@router.post("/notes", response_model=shapes.Written, status_code=201)
async def note(request: Request, thread_id: ThreadId, body: Note, key: Key) -> Any:
    """Tell the team something."""
    client_id = _client_id(request, key)

    async def work(session: AsyncSession, agent: Agent) -> shapes.Written:
        await _known(session, thread_id)
        said = await cases.note(session, thread_id, agent, body.text, client_id=client_id)
        return await _written(session, said, client_id)

    return await by_agent(request, key, "note", body, work)


async def _known(session: AsyncSession, thread_id: int) -> None:
    if await session.get(OptIn, thread_id) is None:
        raise errors.NoSuchCase


async def _written(session: AsyncSession, said: Message | None, client_id: str) -> shapes.Written:
    """What was written now; or, when the same was said longer ago than we keep answers, what was written then."""
    if said is None:
        said = (await session.scalars(select(Message).where(Message.client_id == client_id))).one()
    thread = await threads.locked(session, said.thread_id)
    return shapes.Written(message_id=said.id, thread_id=thread.id, seq=said.seq, last_seq=thread.last_seq)


def _client_id(request: Request, key: str) -> str:
    """What makes a message the only one of its kind: who sent it, and the key under which."""
    return f"api-{hashlib.sha256(f'{integration(request).id} {key}'.encode()).hexdigest()[:48]}"
