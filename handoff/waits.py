"""How long people wait for a person: how many do now, and how long it took lately. Only what the record knows."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff.models import Case

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
