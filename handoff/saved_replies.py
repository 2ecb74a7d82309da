"""Replies that are written once and used often, by one agent or by the whole team."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, Index, delete, or_, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from handoff import errors
from handoff.base import Base, clean, identity, now
from handoff.models import Agent

LONGEST_KEY, LONGEST_TITLE, LONGEST_BODY = 40, 120, 4096

VALUES = ("customer", "agent", "brand")
"""What the server fills in: {{customer}} is what we call the customer, {{agent}} who writes, {{brand}} the brand."""

GAP = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")


class SavedReply(Base):
    """A reply to be used again. `agent_id` is whose it is; without one it is the team's."""

    __tablename__ = "saved_replies"
    __table_args__ = (
        Index("uq_saved_replies_team", "key", unique=True, postgresql_where=text("agent_id IS NULL")),
        Index("uq_saved_replies_own", "agent_id", "key", unique=True, postgresql_where=text("agent_id IS NOT NULL")),
    )

    id: Mapped[int] = identity()
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    key: Mapped[str]
    title: Mapped[str]
    body: Mapped[str]
    changed_at: Mapped[datetime] = now()


async def available(session: AsyncSession, me: Agent) -> Sequence[SavedReply]:
    """What an agent may use: their own and the team's, by key."""
    mine = or_(SavedReply.agent_id == me.id, SavedReply.agent_id.is_(None))
    return list(await session.scalars(select(SavedReply).where(mine).order_by(SavedReply.key, SavedReply.agent_id)))


async def of(session: AsyncSession, owner: Agent | None) -> Sequence[SavedReply]:
    """The saved replies of one agent, or the team's, by key."""
    query = select(SavedReply).where(SavedReply.agent_id.is_not_distinct_from(owner.id if owner else None))
    return list(await session.scalars(query.order_by(SavedReply.key)))


async def save(
    session: AsyncSession, owner: Agent | None, *, key: str, title: str, body: str, reply_id: int | None = None
) -> SavedReply:
    """Make or change one of the owner's. Raises `SavedReplyIncomplete`, `KeyIsTaken`, `NoSuchSavedReply`."""
    key = re.sub(r"\s+", "-", clean(key).strip().lstrip("/").casefold())[:LONGEST_KEY]
    title, body = clean(title).strip()[:LONGEST_TITLE], clean(body).strip()[:LONGEST_BODY]
    if not (key and title and body):
        raise errors.SavedReplyIncomplete
    saved = await one(session, owner, reply_id) if reply_id else SavedReply(agent_id=owner.id if owner else None)
    saved.key, saved.title, saved.body = key, title, body
    try:
        async with session.begin_nested():
            session.add(saved)
    except IntegrityError:
        raise errors.KeyIsTaken from None
    return saved


async def one(session: AsyncSession, owner: Agent | None, reply_id: int) -> SavedReply:
    """One of the owner's. Raises `NoSuchSavedReply`."""
    found = await session.get(SavedReply, reply_id)
    if found is None or found.agent_id != (owner.id if owner else None):
        raise errors.NoSuchSavedReply
    return found


async def remove(session: AsyncSession, owner: Agent | None, reply_id: int) -> None:
    """Delete one of the owner's; one that is gone already needs nothing more."""
    whose = SavedReply.agent_id.is_not_distinct_from(owner.id if owner else None)
    await session.execute(delete(SavedReply).where(SavedReply.id == reply_id, whose))


def filled(body: str, values: Mapping[str, str]) -> str:
    """The words with the values that are known in place of their names; what is not known stays to be seen."""
    return GAP.sub(lambda gap: values.get(gap[1].casefold()) or gap[0], body)


def gaps(said: str) -> list[str]:
    """The `{{…}}` that nobody has filled in."""
    return [gap[0] for gap in GAP.finditer(said)]
