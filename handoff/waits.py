"""How long people wait for a person: each of them, how many do now, and how long it took lately, by the record."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import case, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clocks
from handoff.models import Case, Message

LATELY = timedelta(days=7)
ENOUGH = 5
"""Answered cases, below which we say nothing about how long it takes. A rule of ours, not measured."""


@dataclass(frozen=True, slots=True)
class Wait:
    """How many cases nobody has claimed, and how long half of the lately answered waited at most, if that is known."""

    waiting: int
    usually: timedelta | None


async def wait(session: AsyncSession, but: int | None = None) -> Wait:
    """The wait for a person now, as if the thread `but` were not there."""
    others = Case.thread_id.is_distinct_from(but)
    waiting = await session.scalar(
        select(func.count(Case.id)).where(Case.closed_at.is_(None), Case.claimed_by.is_(None), others)
    )
    took = func.extract("epoch", Case.first_reply_at - Case.opened_at)
    lately = (Case.first_reply_at.is_not(None), Case.opened_at > func.clock_timestamp() - LATELY, others)
    answered = select(func.count(Case.id), func.percentile_cont(0.5).within_group(took)).where(*lately)
    count, seconds = (await session.execute(answered)).one()
    return Wait(waiting or 0, timedelta(seconds=float(seconds)) if count >= ENOUGH else None)


async def measure(session: AsyncSession, thread_id: int, *, wake: bool = False) -> None:
    """Write down since when the customer of an open case waits: the handoff, or their first line after our last reply.

    Whoever adds a line of a chat, or takes one back, calls this; the clocks follow. `wake` ends a snooze as well.
    """
    ours = select(func.max(Message.seq)).where(
        Message.thread_id == Case.thread_id,
        Message.kind == "chat",
        Message.by == "agent",
        Message.written_at > Case.opened_at,
        Message.deleted_at.is_(None),
        or_(Message.delivery.is_(None), Message.delivery.in_(("pending", "sent"))),
    )
    replied = ours.correlate(Case).scalar_subquery()
    theirs = select(func.min(Message.written_at)).where(
        Message.thread_id == Case.thread_id, Message.kind == "chat", Message.by == "customer", Message.seq > replied
    )
    since = case((replied.is_(None), Case.opened_at), else_=theirs.correlate(Case).scalar_subquery())
    values = {"waiting_since": since} | ({"snoozed_until": None} if wake else {})
    measuring = update(Case).where(Case.thread_id == thread_id, Case.closed_at.is_(None)).values(values)
    await session.execute(measuring.execution_options(synchronize_session=False))
    await clocks.measure(session, thread_id)
