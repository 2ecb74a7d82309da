"""The list of cases: which an agent sees under each tab, in which order, and how long each customer waits."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Select, case, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased, contains_eager

from handoff.models import Agent, Case, Customer, Message, OptIn, Thread

View = Literal["mine", "waiting", "open", "closed"]

PAGE = 50
"""Rows before "Show more": 50 are drawn and merged in under 50 ms, 500 took 150."""


@dataclass(frozen=True, slots=True)
class Row:
    """A case in the list. `waiting_since` is empty when the last word is ours."""

    case: Case
    customer: Customer
    waiting_since: datetime | None


@dataclass(frozen=True, slots=True)
class Rows:
    """One tab of the list."""

    view: View
    search: str
    rows: list[Row]
    has_more: bool
    shown: int
    counts: dict[str, int]


async def rows(session: AsyncSession, me: Agent, view: View, search: str = "", shown: int = PAGE) -> Rows:
    """The first `shown` cases of a tab: who has waited longest comes first, or who was closed last."""
    since = _waiting_since()
    order = [Case.closed_at.desc()] if view == "closed" else [since.asc().nulls_last(), Case.opened_at]
    query = _cases(since).where(*_of(view, me)).order_by(*order, Case.id).limit(shown + 1)
    if search:
        query = query.where(_matches(search))
    found = [Row(case, case.thread.customer, moment) for case, moment in (await session.execute(query)).all()]
    return Rows(view, search, found[:shown], len(found) > shown, shown, await _counts(session, me))


async def next_thread(session: AsyncSession, me: Agent, view: View) -> int | None:
    """The thread to go on with: the first of the tab."""
    first = (await rows(session, me, view, shown=1)).rows
    return first[0].case.thread_id if first else None


async def _counts(session: AsyncSession, me: Agent) -> dict[str, int]:
    """How many cases each tab of open ones has."""
    count = func.count().filter
    tabs = {view: count(*_of(view, me)).label(view) for view in get_args(View) if view != "closed"}
    handed_off = select(*tabs.values()).select_from(Case).join(OptIn, OptIn.thread_id == Case.thread_id)
    return dict((await session.execute(handed_off.where(Case.closed_at.is_(None)))).one()._mapping)


def _cases(since: ColumnElement[Any]) -> Select[Case, datetime | None]:
    return (
        select(Case, since)
        .join(Case.thread)
        .join(Thread.customer)
        .join(OptIn, OptIn.thread_id == Thread.id)
        .outerjoin(Case.claimer)
        .options(
            contains_eager(Case.thread).contains_eager(Thread.customer),
            contains_eager(Case.claimer),
        )
    )


def _of(view: View, me: Agent) -> tuple[ColumnElement[bool], ...]:
    if view == "closed":
        later = aliased(Case)
        newest = ~exists().where(later.thread_id == Case.thread_id, later.id > Case.id)
        return Case.closed_at.is_not(None), newest
    whose = {"mine": Case.claimed_by == me.id, "waiting": Case.claimed_by.is_(None), "open": Case.id.is_not(None)}
    return Case.closed_at.is_(None), whose[view]


def _waiting_since() -> ColumnElement[Any]:
    """When the customer began to wait for us: at the handoff, or with the first line after our last reply."""
    line = aliased(Message)
    replied = select(func.max(line.seq)).where(
        line.thread_id == Case.thread_id, line.kind == "chat", line.by == "agent", line.written_at > Case.opened_at
    )
    last_reply = replied.correlate(Case).scalar_subquery()
    unanswered = select(func.min(line.written_at)).where(
        line.thread_id == Case.thread_id, line.kind == "chat", line.by == "customer", line.seq > last_reply
    )
    waiting = case((last_reply.is_(None), Case.opened_at), else_=unanswered.correlate(Case).scalar_subquery())
    return case((Case.closed_at.is_(None), waiting)).label("waiting_since")


def _matches(search: str) -> ColumnElement[bool]:
    """Whether the words are in the customer's name or handle, in the summary, or in anything said."""
    said = exists().where(Message.thread_id == Thread.id, Message.text.icontains(search, autoescape=True))
    named = (Customer.name, Customer.handle, Case.summary)
    return or_(said, *(column.icontains(search, autoescape=True) for column in named))


async def lately_changed(session: AsyncSession) -> set[int]:
    """The threads in human hands, now or once, that changed within a minute: longer than a hint is on its way."""
    recently = Thread.changed_at > func.clock_timestamp() - timedelta(minutes=1)
    return set(await session.scalars(select(Thread.id).where(recently, exists().where(Case.thread_id == Thread.id))))
