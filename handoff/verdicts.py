"""Verdicts: whether a closed case was solved, in the customer's own word. Silence is neither yes nor no."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Date, ForeignKey, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from handoff.base import Base, now
from handoff.models import Agent, Case, Thread


class Verdict(Base):
    """That the customer was asked, once for each case, and what they said last; `solved` is empty while they do not."""

    __tablename__ = "verdicts"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    asked_at: Mapped[datetime] = now()
    solved: Mapped[bool | None]
    said_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Week:
    """What was said of the cases that one agent closed in one week (from Monday, UTC)."""

    week: date
    agent_id: int | None
    agent: str | None
    email: str | None
    """Nobody: the customer ended the chat before anybody had claimed the case."""
    solved: int
    not_solved: int
    silent: int


async def ask(session: AsyncSession, case_id: int) -> bool:
    """Write down that the customer is asked. `False`: they were before."""
    row = insert(Verdict).values(case_id=case_id).on_conflict_do_nothing().returning(Verdict.case_id)
    return await session.scalar(row) is not None


async def say(session: AsyncSession, thread: Thread, solved: bool) -> None:
    """Write down what the customer says of the newest case of a locked thread, if it has one."""
    newest = select(Case.id).where(Case.thread_id == thread.id, Case.closed_at.is_not(None))
    case_id = await session.scalar(newest.order_by(Case.id.desc()).limit(1))
    if case_id is None:
        return
    said = {"solved": solved, "said_at": func.clock_timestamp()}
    row = insert(Verdict).values(case_id=case_id, **said)
    await session.execute(row.on_conflict_do_update(index_elements=[Verdict.case_id], set_=said))


async def is_asked(session: AsyncSession, thread: Thread) -> bool:
    """Whether the customer of a thread that has ended was asked about its newest case, and has not answered yet."""
    newest = select(func.max(Case.id)).where(Case.thread_id == thread.id).scalar_subquery()
    open_ones = select(Verdict.case_id).where(Verdict.case_id == newest, Verdict.solved.is_(None))
    return thread.ended_at is not None and await session.scalar(open_ones) is not None


async def weeks(session: AsyncSession, first: date, last: date, channel: str | None = None) -> Sequence[Week]:
    """What was said of the cases closed from `first` to `last`, the newest week first, each agent by name."""
    week = cast(func.date_trunc("week", _utc(Case.closed_at)), Date).label("week")
    who = func.coalesce(Case.closed_by, Case.claimed_by)
    numbers = [
        func.count().filter(Verdict.solved.is_(True)),
        func.count().filter(Verdict.solved.is_(False)),
        func.count().filter(Verdict.solved.is_(None)),
    ]
    by = (week, who, Agent.name, Agent.email)
    query = select(*by, *numbers).join_from(Verdict, Case).outerjoin(Agent, Agent.id == who)
    query = query.where(cast(_utc(Case.closed_at), Date).between(first, last))
    if channel is not None:
        query = query.join(Thread, Thread.id == Case.thread_id).where(Thread.channel == channel)
    rows = await session.execute(query.group_by(*by).order_by(week.desc(), Agent.name, who))
    return [Week(*tuple(row)) for row in rows]


def _utc(time: ColumnElement[datetime] | Mapped[datetime | None]) -> ColumnElement[datetime]:
    return func.timezone(literal_column("'UTC'"), time)
