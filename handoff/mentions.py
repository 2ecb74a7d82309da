"""Colleagues who are named: by `@` in a note, or because a case was given to them."""

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from handoff.base import Base, now
from handoff.models import Agent, Message


class Mention(Base):
    """A message that names an agent, who has something to look at."""

    __tablename__ = "mentions"

    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"), primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id"), primary_key=True, index=True)
    thread_id: Mapped[int] = mapped_column(ForeignKey("threads.id"), index=True)
    at: Mapped[datetime] = now()


async def colleagues(session: AsyncSession, me: Agent) -> Sequence[Agent]:
    """Everybody else who works here, by name."""
    query = select(Agent).where(Agent.disabled_at.is_(None), Agent.id != me.id).order_by(Agent.name, Agent.id)
    return list(await session.scalars(query))


async def write_down(session: AsyncSession, message: Message, author: Agent) -> None:
    """One mention of each colleague whose name follows an `@` in the message."""
    if "@" in message.text:
        for agent in named(message.text, await colleagues(session, author)):
            mention(session, message, agent)


def mention(session: AsyncSession, message: Message, agent: Agent) -> None:
    """The message is for this agent to look at."""
    session.add(Mention(message_id=message.id, agent_id=agent.id, thread_id=message.thread_id))


def named(text: str, agents: Sequence[Agent]) -> list[Agent]:
    """Whose name follows an `@`: of "Ana" and "Ana Maria" the one that is there in full."""
    names = {agent.name.casefold() for agent in agents}
    if not names:
        return []
    either = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    found = set(re.findall(rf"(?<!\w)@({either})(?!\w)", text.casefold()))
    return [agent for agent in agents if agent.name.casefold() in found]
