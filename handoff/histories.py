"""What stands beside a thread: earlier threads of the same person, and open cases that are about the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import contains_eager

from handoff import persons, threads
from handoff.models import Case, Thread

LATELY = timedelta(hours=24)
"""Cases with one intent that are not farther apart than this may have one cause."""

SHOWN = 5

MOST = 200
"""Customers who are told the same at once."""


@dataclass(frozen=True, slots=True)
class History:
    """The neighbours of a thread: each by its newest case."""

    earlier: Sequence[Case]
    similar: Sequence[Case]
    similar_count: int


async def history(session: AsyncSession, thread: Thread, case: Case) -> History:
    """What an agent should know besides the thread itself. Of the same person are all accounts merged with this one.

    Threads that were never handed off are not in it, nor what was deleted.
    """
    left = Thread.ended_why.is_distinct_from(threads.ERASED)
    others = (Thread.customer_id.in_(persons.same(thread.customer_id)), Thread.id != thread.id, left)
    newest = select(func.max(Case.id)).join(Case.thread).where(*others).group_by(Case.thread_id)
    query = select(Case).join(Case.thread).options(contains_eager(Case.thread)).where(Case.id.in_(newest))
    earlier = await session.scalars(query.order_by(Case.opened_at.desc()).limit(SHOWN))
    count, similar = await _similar(session, case)
    return History(list(earlier), similar, count)


async def about_the_same(session: AsyncSession, thread_id: int) -> Sequence[int]:
    """The threads of the open cases that are about the same as the newest of this one, itself not among them."""
    newest = select(Case).where(Case.thread_id == thread_id).order_by(Case.id.desc()).limit(1)
    case = await session.scalar(newest)
    if case is None or case.intent is None:
        return []
    query = select(Case.thread_id).where(*_same(case)).order_by(Case.opened_at).limit(MOST)
    return list(await session.scalars(query))


def _same(case: Case) -> Sequence[ColumnElement[bool]]:
    lately = func.clock_timestamp() - LATELY
    return Case.intent == case.intent, Case.closed_at.is_(None), Case.opened_at > lately, Case.id != case.id


async def _similar(session: AsyncSession, case: Case) -> tuple[int, Sequence[Case]]:
    if case.intent is None:
        return 0, []
    query = select(Case, func.count().over()).join(Case.thread).join(Thread.customer).where(*_same(case))
    loaded = query.options(contains_eager(Case.thread).contains_eager(Thread.customer))
    found = (await session.execute(loaded.order_by(Case.opened_at.desc()).limit(SHOWN))).all()
    return (found[0][1] if found else 0), [row.Case for row in found]
