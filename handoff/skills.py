"""What an agent can take on: languages, intents, and how many cases at once. Nothing said means everything."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ForeignKey, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from handoff import intents as known
from handoff.base import Base
from handoff.models import Case
from nlu.triage_result import TALK_INTENTS

CAPACITY = 5
"""Open cases that an agent has at most when Knock gives them, unless a lead says otherwise."""

MOST = 100
"""A folder for each language, and in it a file for each intent."""


class Skill(Base):
    """What a lead said of an agent. An empty list is every language, or every intent; 0 cases is none by itself."""

    __tablename__ = "skills"

    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id"), primary_key=True)
    languages: Mapped[list[Any]] = mapped_column(server_default="[]")
    intents: Mapped[list[Any]] = mapped_column(server_default="[]")
    capacity: Mapped[int] = mapped_column(server_default=str(CAPACITY))


async def everything(session: AsyncSession) -> Mapping[int, Skill]:
    """What was said, by the agent's number."""
    return {skill.agent_id: skill for skill in await session.scalars(select(Skill))}


async def known_intents(session: AsyncSession) -> list[str]:
    """Every intent that the bot knows, that a case has had, or that somebody is said to know, by name."""
    taught = set(await known.names(session)) - TALK_INTENTS
    met = set(await session.scalars(select(Case.intent).where(Case.intent.is_not(None)).distinct()))
    said = {intent for skill in (await everything(session)).values() for intent in skill.intents}
    return sorted(str(intent) for intent in taught | met | said)


async def say(
    session: AsyncSession, agent_id: int, languages: Collection[str], intents: Collection[str], capacity: int
) -> None:
    """Say what an agent can take on from now on."""
    values = {"languages": sorted(set(languages)), "intents": sorted(set(intents)), "capacity": capacity}
    row = insert(Skill).values(agent_id=agent_id, **values)
    await session.execute(row.on_conflict_do_update(index_elements=["agent_id"], set_=values))
