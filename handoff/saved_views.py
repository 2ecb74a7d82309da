"""Views of the list that an agent has given a name, to come back to."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from handoff import errors
from handoff.base import Base, clean, identity, now
from handoff.models import Agent

LONGEST_NAME, MOST = 40, 30


class SavedView(Base):
    """A view of one agent. `query` is the end of its address, as the inbox made it."""

    __tablename__ = "saved_views"
    __table_args__ = (UniqueConstraint("agent_id", "name"),)

    id: Mapped[int] = identity()
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id"))
    name: Mapped[str]
    query: Mapped[str]
    saved_at: Mapped[datetime] = now()


async def of(session: AsyncSession, me: Agent) -> Sequence[SavedView]:
    """An agent's, by name."""
    return list(await session.scalars(select(SavedView).where(SavedView.agent_id == me.id).order_by(SavedView.name)))


async def save(session: AsyncSession, me: Agent, name: str, query: str) -> None:
    """Keep a view under a name; what had the name before is replaced. Raises `ViewWithoutName`, `TooManyViews`."""
    name = " ".join(str(clean(name)).split())[:LONGEST_NAME].strip()
    if not name:
        raise errors.ViewWithoutName
    saved = insert(SavedView).values(agent_id=me.id, name=name, query=query)
    await session.execute(
        saved.on_conflict_do_update(index_elements=["agent_id", "name"], set_={"query": saved.excluded.query})
    )
    if (await session.scalar(select(func.count(SavedView.id)).where(SavedView.agent_id == me.id)) or 0) > MOST:
        raise errors.TooManyViews


async def remove(session: AsyncSession, me: Agent, view_id: int) -> None:
    """Forget one of an agent's own; one that is gone already needs nothing more."""
    await session.execute(delete(SavedView).where(SavedView.id == view_id, SavedView.agent_id == me.id))
