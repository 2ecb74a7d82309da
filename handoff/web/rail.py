"""What the rail beside every page counts: cases that nobody has, and lines of customers that wait for review."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import review_queue
from handoff.models import Agent, Case
from handoff.web.views import shown_in


@dataclass(frozen=True, slots=True)
class Rail:
    """For one agent: who does not train is not told of reviews."""

    waiting: int
    reviews: int


async def rail_of(session: AsyncSession, me: Agent) -> Rail:
    """As it is now, for pages that show nothing of the list."""
    waiting = await session.scalar(select(func.count(Case.id)).where(*shown_in("waiting"))) or 0
    return Rail(waiting, await review_queue.size(session) if me.may("train") else 0)
