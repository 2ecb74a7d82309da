"""Where the name of an intent stands besides its examples: cases, what agents can take on, the source of the bot."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import skills
from handoff.models import Agent, Case
from nlu.uses import uses


@dataclass(frozen=True, slots=True)
class Traces:
    """What a change of the name does not change by itself."""

    open_cases: int
    cases: int
    agents: Sequence[str]
    """Who is said to know this intent, by name: given cases follow what is said there."""
    places: tuple[str, ...]
    """Parts of the bot that name it."""


async def of(session: AsyncSession, intent: str) -> Traces:
    """The traces of one intent."""
    counted = select(func.count(), func.count().filter(Case.closed_at.is_(None))).where(Case.intent == intent)
    cases, still_open = (await session.execute(counted)).one()
    knowing = [agent_id for agent_id, skill in (await skills.everything(session)).items() if intent in skill.intents]
    named = select(Agent.name).where(Agent.id.in_(knowing)).order_by(Agent.name)
    return Traces(still_open, cases, list(await session.scalars(named)), uses(intent))
