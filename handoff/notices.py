"""What an agent wants to be told of outside of the page: every case, their own, or none; with a sound or without."""

from typing import Literal

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from handoff.base import Base, one_of
from handoff.models import Agent

About = Literal["all", "mine", "none"]


class Notice(Base):
    """An agent's wish. Who never said anything is told of their own cases, without a sound."""

    __tablename__ = "notices"
    __table_args__ = (one_of("about", About),)

    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id"), primary_key=True)
    about: Mapped[str]
    sound: Mapped[bool]


async def of(session: AsyncSession, agent: Agent) -> Notice:
    """What the agent wishes."""
    return await session.get(Notice, agent.id) or Notice(agent_id=agent.id, about="mine", sound=False)


async def wish(session: AsyncSession, agent: Agent, about: About, *, sound: bool) -> None:
    """Remember what the agent wishes from now on."""
    values = {"about": about, "sound": sound}
    wished = insert(Notice).values(agent_id=agent.id, **values)
    await session.execute(wished.on_conflict_do_update(constraint="pk_notices", set_=values))
