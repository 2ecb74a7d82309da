"""How far each agent has read in each thread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, ForeignKey, any_, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from handoff.base import Base
from handoff.models import Agent, Message


class Bookmark(Base):
    """The last entry of a thread that an agent has had before their eyes."""

    __tablename__ = "bookmarks"

    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id"), primary_key=True)
    thread_id: Mapped[int] = mapped_column(ForeignKey("threads.id"), primary_key=True, index=True)
    seq: Mapped[int]


async def put(session: AsyncSession, agent: Agent, thread_id: int, seq: int) -> None:
    """The agent has read the thread up to here. A bookmark never moves back."""
    new = insert(Bookmark).values(agent_id=agent.id, thread_id=thread_id, seq=seq)
    farther = {"seq": func.greatest(Bookmark.seq, new.excluded.seq)}
    await session.execute(new.on_conflict_do_update(index_elements=["agent_id", "thread_id"], set_=farther))


@dataclass(frozen=True, slots=True)
class Marks:
    """What there is to read in a thread, and who has read how far."""

    said: Sequence[tuple[int, int | None]]
    """The newest entry of each agent, and of everybody else (`None`), the newest first. What merely happened is nothing
    to read, unless the customer did it."""
    read: Mapping[int, int]

    def is_unread(self, agent_id: int) -> bool:
        """Whether somebody else said, or the customer did, something since the agent looked."""
        for seq, who in self.said:
            if who != agent_id:
                return seq > self.read.get(agent_id, 0)
        return False


NOTHING = Marks((), {})


async def of_all(session: AsyncSession, thread_ids: Sequence[int]) -> Mapping[int, Marks]:
    """The marks of threads, for all agents at once."""
    said: dict[int, list[tuple[int, int | None]]] = {}
    read: dict[int, dict[int, int]] = {}
    for thread_id, who, seq in await session.execute(_SAID, {"threads": thread_ids}):
        said.setdefault(thread_id, []).append((seq, who))
    for thread_id, agent_id, seq in await session.execute(_READ, {"threads": thread_ids}):
        read.setdefault(thread_id, {})[agent_id] = seq
    return {thread_id: Marks(of_thread, read.get(thread_id, {})) for thread_id, of_thread in said.items()}


_THREADS = bindparam("threads", type_=ARRAY(BigInteger))
_SAID = (
    select(Message.thread_id, Message.agent_id, func.max(Message.seq))
    .where(Message.thread_id == any_(_THREADS), or_(Message.kind != "event", Message.by == "customer"))
    .group_by(Message.thread_id, Message.agent_id)
    .order_by(func.max(Message.seq).desc())
)
_READ = select(Bookmark.thread_id, Bookmark.agent_id, Bookmark.seq).where(Bookmark.thread_id == any_(_THREADS))
