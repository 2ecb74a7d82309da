"""Who had which case, ever: a trigger writes it down, however the case came to them. And whether Knock gives cases."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from handoff.base import Base, identity, now
from handoff.models import Agent

GIVING = "give cases"
"""The switch for giving cases to agents automatically."""


class Claim(Base):
    """An agent got a case: took it, was given it by a colleague, or by Knock. Only ever added."""

    __tablename__ = "claims"
    __table_args__ = (Index("ix_claims_agent_id", "agent_id", "at"),)

    id: Mapped[int] = identity()
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id"))
    at: Mapped[datetime] = now()


class Switch(Base):
    """Something that an admin has switched on; without a row it is off."""

    __tablename__ = "switches"

    name: Mapped[str] = mapped_column(primary_key=True)
    by: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    at: Mapped[datetime] = now()


async def are_given(session: AsyncSession) -> bool:
    """Whether cases are given to agents automatically."""
    return await session.scalar(select(Switch.name).where(Switch.name == GIVING)) is not None


async def switch(session: AsyncSession, me: Agent, *, on: bool) -> None:
    """Let cases be given automatically, or not any more."""
    if on:
        await session.execute(insert(Switch).values(name=GIVING, by=me.id).on_conflict_do_nothing())
    else:
        await session.execute(delete(Switch).where(Switch.name == GIVING))
