"""How far each agent has read in each thread."""

from collections.abc import Iterable

from sqlalchemy import ForeignKey, and_, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from handoff.base import Base
from handoff.models import Agent, Message, Thread


class Bookmark(Base):
    """The last entry of a thread that an agent has had before their eyes."""

    __tablename__ = "bookmarks"

    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id"), primary_key=True)
    thread_id: Mapped[int] = mapped_column(ForeignKey("threads.id"), primary_key=True)
    seq: Mapped[int]


async def put(session: AsyncSession, agent: Agent, thread_id: int, seq: int) -> None:
    """The agent has read the thread up to here. A bookmark never moves back."""
    new = insert(Bookmark).values(agent_id=agent.id, thread_id=thread_id, seq=seq)
    farther = {"seq": func.greatest(Bookmark.seq, new.excluded.seq)}
    await session.execute(new.on_conflict_do_update(index_elements=["agent_id", "thread_id"], set_=farther))


async def unread(session: AsyncSession, agent: Agent, thread_ids: Iterable[int]) -> set[int]:
    """Those of the threads in which somebody else said, or the customer did, something since the agent looked."""
    own = and_(Bookmark.thread_id == Thread.id, Bookmark.agent_id == agent.id)
    later = exists().where(
        Message.thread_id == Thread.id,
        Message.seq > func.coalesce(Bookmark.seq, 0),
        or_(Message.kind != "event", Message.by == "customer"),
        Message.agent_id.is_distinct_from(agent.id),
    )
    query = select(Thread.id).outerjoin(Bookmark, own).where(Thread.id.in_(list(thread_ids)), later)
    return set(await session.scalars(query))
