"""/cases: threads in human hands; claiming, releasing and closing them in the name of an agent."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi import Query as FromQuery
from pydantic import Field
from sqlalchemy import ColumnElement, Select, any_, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from handoff import cases, errors, marks
from handoff.api import cursor, shapes, tag
from handoff.api.cursor import Order, Page, Paging, Query
from handoff.api.deed import ByAgent, IfMatch, Key, by_agent
from handoff.api.gate import Record, Saying
from handoff.api.threads import Since, Word
from handoff.base import Priority
from handoff.models import Agent, Case, OptIn, Thread

router = APIRouter(prefix="/cases", tags=["cases"])

CaseId = Annotated[int, Path(ge=1, le=2**62)]
Deed = Callable[[AsyncSession, int, Agent], Awaitable[object]]
Tags = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=marks.LONGEST_TAG)]], Field(max_length=marks.MOST_TAGS)
]

_NEWEST = cursor.newest(Case.id)
_CHANGES = cursor.changes(Thread.changed_at, Case.id, lambda row: (row.thread.changed_at, row.id))
_STATES: dict[str, ColumnElement[bool]] = {
    "closed": Case.closed_at.is_not(None),
    "claimed": Case.closed_at.is_(None) & Case.claimed_by.is_not(None),
    "waiting": Case.closed_at.is_(None) & Case.claimed_by.is_(None),
}


class Which(Query):
    """Which cases."""

    channel: Word = None
    state: shapes.CaseState | None = None
    intent: Word = None
    tag: Word = None
    claimed_by: Annotated[str | None, Field(max_length=254, description="Email address of the agent.")] = None
    changed_since: Since = None


class Asked(Which, Paging):
    """Which cases, and which page of them."""


class Tagging(ByAgent):
    """Tags to put on a case and to take off it."""

    add: Tags = []
    remove: Tags = []


class Prioritising(ByAgent):
    """How urgent a case is."""

    priority: Priority


@router.get("", response_model=Page[shapes.Case])
async def listed(record: Record, say: Saying, asked: Annotated[Asked, FromQuery()]) -> Page[shapes.Case]:
    """List cases."""
    query, order = sought(asked)
    async with record.reading() as session:
        return await cursor.read(session, query, order, partial(shapes.case, say=say), asked)


@router.get("/{case_id}", response_model=shapes.Case)
async def one(request: Request, record: Record, say: Saying, case_id: CaseId) -> Response:
    """Read one case."""
    async with record.reading() as session:
        found = await _found(session, case_id)
    return tag.answer(request, shapes.case(found, say))


@router.post("/{case_id}/claim", response_model=shapes.Done)
async def claim(request: Request, case_id: CaseId, body: ByAgent, key: Key, if_match: IfMatch = None) -> Any:
    """Claim a case for an agent."""
    return await _do(request, "claim", case_id, body, key, if_match, cases.claim)


@router.post("/{case_id}/release", response_model=shapes.Done)
async def release(request: Request, case_id: CaseId, body: ByAgent, key: Key, if_match: IfMatch = None) -> Any:
    """Give a case back to the queue."""
    return await _do(request, "release", case_id, body, key, if_match, cases.release)


@router.post("/{case_id}/close", response_model=shapes.Done)
async def close(request: Request, case_id: CaseId, body: ByAgent, key: Key, if_match: IfMatch = None) -> Any:
    """Close a case."""
    return await _do(request, "close", case_id, body, key, if_match, cases.close)


@router.post("/{case_id}/tags", response_model=shapes.Done)
async def tags(request: Request, case_id: CaseId, body: Tagging, key: Key, if_match: IfMatch = None) -> Any:
    """Put tags on a case, and take others off it."""

    async def deed(session: AsyncSession, thread_id: int, agent: Agent) -> None:
        for word in body.remove:
            await marks.untag(session, thread_id, agent, marks.tidy(word))
        for word in body.add:
            await marks.tag(session, thread_id, agent, word)

    return await _do(request, "tags", case_id, body, key, if_match, deed)


@router.post("/{case_id}/priority", response_model=shapes.Done)
async def prioritise(request: Request, case_id: CaseId, body: Prioritising, key: Key, if_match: IfMatch = None) -> Any:
    """Say how urgent a case is."""

    async def deed(session: AsyncSession, thread_id: int, agent: Agent) -> None:
        await marks.prioritise(session, thread_id, agent, body.priority)

    return await _do(request, "priority", case_id, body, key, if_match, deed)


def sought(which: Which) -> tuple[Select[Any], Order]:
    """The cases that are asked for, and their order."""
    query = select(Case).join(Case.thread).join(OptIn, OptIn.thread_id == Thread.id)
    query = query.options(contains_eager(Case.thread), joinedload(Case.claimer), selectinload(Case.clocks))
    if which.channel is not None:
        query = query.where(Thread.channel == which.channel)
    if which.state is not None:
        query = query.where(_STATES[which.state])
    if which.intent is not None:
        query = query.where(Case.intent == which.intent)
    if which.tag is not None:
        query = query.where(literal(marks.tidy(which.tag)) == any_(Case.tags))
    if which.claimed_by is not None:
        query = query.where(Case.claimer.has(Agent.email == which.claimed_by.strip().casefold()))
    if which.changed_since is None:
        return query, _NEWEST
    return query.where(Thread.changed_at >= which.changed_since), _CHANGES


async def _do(
    request: Request, name: str, case_id: int, body: ByAgent, key: str, if_match: str | None, deed: Deed
) -> dict[str, Any]:
    async def work(session: AsyncSession, agent: Agent) -> shapes.Done:
        thread_id = (await _found(session, case_id)).thread_id
        thread, newest = await cases.locked(session, thread_id)
        if newest.id != case_id:
            raise errors.AlreadyClosed
        tag.check(if_match, shapes.case(await _found(session, case_id)))
        await deed(session, thread_id, agent)
        state = shapes.case_state(await _found(session, case_id))
        return shapes.Done(case_id=case_id, thread_id=thread_id, state=state, last_seq=thread.last_seq)

    return await by_agent(request, key, name, body, work)


async def _found(session: AsyncSession, case_id: int) -> Case:
    query = select(Case).join(OptIn, OptIn.thread_id == Case.thread_id).where(Case.id == case_id)
    query = query.options(joinedload(Case.claimer), selectinload(Case.clocks)).execution_options(populate_existing=True)
    found = (await session.scalars(query)).one_or_none()
    if found is None:
        raise errors.NoSuchCase
    return found
