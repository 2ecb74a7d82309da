"""What an agent has begun to write: one draft for each thread and kind of text, seen by nobody else."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from sqlalchemy import ForeignKey, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from handoff.base import Base, now, one_of
from handoff.models import Agent
from handoff.sign_ins import SignIn
from handoff.tokens import digest

Mode = Literal["reply", "note"]

LONGEST = 20_000
"""Characters: more than can be sent at once, so that nothing is cut off while it is being shortened."""


class Draft(Base):
    """Words that an agent has not sent yet."""

    __tablename__ = "drafts"
    __table_args__ = (one_of("mode", Mode),)

    thread_id: Mapped[int] = mapped_column(ForeignKey("threads.id"), primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id"), primary_key=True)
    mode: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]
    saved_at: Mapped[datetime] = now()


async def keep(session: AsyncSession, thread_id: int, agent: Agent, mode: Mode, text: str) -> None:
    """Remember the words in place of those before; no words are no draft."""
    if not text:
        await drop(session, thread_id, agent, mode)
        return
    values = {"text": text, "saved_at": func.clock_timestamp()}
    place = {"thread_id": thread_id, "agent_id": agent.id, "mode": mode}
    kept = insert(Draft).values(**place, **values)
    await session.execute(kept.on_conflict_do_update(constraint="pk_drafts", set_=values))


async def give_back(session: AsyncSession, thread_id: int, agent: Agent, mode: Mode, text: str) -> None:
    """Put words that did not go out before whatever was begun since."""
    begun = (await of(session, thread_id, agent)).get(mode, "")
    if text not in begun:
        await keep(session, thread_id, agent, mode, f"{text}\n{begun}" if begun else text)


async def of(session: AsyncSession, thread_id: int, agent: Agent) -> Mapping[str, str]:
    """The agent's own drafts of a thread, by kind of text."""
    query = select(Draft.mode, Draft.text).where(Draft.thread_id == thread_id, Draft.agent_id == agent.id)
    return {row.mode: row.text for row in await session.execute(query)}


async def drop(session: AsyncSession, thread_id: int, agent: Agent, mode: Mode) -> None:
    """Forget a draft: it was sent, or there is nothing left of it."""
    gone = (Draft.thread_id == thread_id, Draft.agent_id == agent.id, Draft.mode == mode)
    await session.execute(delete(Draft).where(*gone))


async def writer(session: AsyncSession, token: str) -> Agent | None:
    """Whose browser this was, if their sign-in ran out while they wrote; nobody's if it was ended on purpose."""
    ran_out = (SignIn.token_hash == digest(token), SignIn.revoked_at.is_(None), Agent.disabled_at.is_(None))
    return (
        await session.scalars(select(Agent).join(SignIn, SignIn.agent_id == Agent.id).where(*ran_out))
    ).one_or_none()
