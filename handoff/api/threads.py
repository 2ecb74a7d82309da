"""/threads: everything said between a customer and us; only of customers who opted in."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi import Query as FromQuery
from pydantic import AwareDatetime, Field
from sqlalchemy import ColumnElement, Select, exists, select

from handoff import errors, threads
from handoff.api import cursor, shapes, tag
from handoff.api.cursor import Order, Page, Paging, Query
from handoff.api.gate import Record, Saying
from handoff.models import Case, OptIn, Thread

router = APIRouter(prefix="/threads", tags=["threads"])

Word = Annotated[str | None, Field(max_length=80)]
Since = Annotated[
    AwareDatetime | None,
    Field(description="Only what changed since then, the earliest change first. Without it, the newest come first."),
]
ThreadId = Annotated[int, Path(ge=1, le=2**62)]

_NEWEST = cursor.newest(Thread.id)
_CHANGES = cursor.changes(Thread.changed_at, Thread.id, lambda row: (row.changed_at, row.id))
_STATES: dict[str, ColumnElement[bool]] = {
    "ended": Thread.ended_at.is_not(None),
    "team": Thread.ended_at.is_(None) & (Thread.speaker == "team"),
    "bot": Thread.ended_at.is_(None) & (Thread.speaker != "team"),
}


class Which(Query):
    """Which threads."""

    channel: Word = None
    state: shapes.ThreadState | None = None
    intent: Annotated[Word, Field(description="Threads of which a case has this intent.")] = None
    customer_id: cursor.Id | None = None
    changed_since: Since = None


class Asked(Which, Paging):
    """Which threads, and which page of them."""


@router.get("", response_model=Page[shapes.Thread])
async def listed(record: Record, asked: Annotated[Asked, FromQuery()]) -> Page[shapes.Thread]:
    """List threads."""
    query, order = sought(asked)
    async with record.reading() as session:
        return await cursor.read(session, query, order, shapes.thread, asked)


@router.get("/{thread_id}", response_model=shapes.WholeThread)
async def one(request: Request, record: Record, say: Saying, thread_id: ThreadId) -> Response:
    """Read one thread, whole and in order."""
    async with record.reading() as session:
        found = await threads.whole(session, thread_id)
    if found is None or found.opt_in is None:
        raise errors.NoSuchCase
    return tag.answer(request, shapes.whole_thread(found, say))


def sought(which: Which) -> tuple[Select[Any], Order]:
    """The threads that are asked for, and their order. Before an opt-in there is nothing to see."""
    query = select(Thread).join(OptIn, OptIn.thread_id == Thread.id)
    if which.channel is not None:
        query = query.where(Thread.channel == which.channel)
    if which.state is not None:
        query = query.where(_STATES[which.state])
    if which.intent is not None:
        query = query.where(exists().where(Case.thread_id == Thread.id, Case.intent == which.intent))
    if which.customer_id is not None:
        query = query.where(Thread.customer_id == which.customer_id)
    if which.changed_since is None:
        return query, _NEWEST
    return query.where(Thread.changed_at >= which.changed_since), _CHANGES
