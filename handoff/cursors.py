"""Cursors: up to where a channel was read, so that a restart misses nothing."""

from datetime import datetime

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from handoff.base import Base, now


class Cursor(Base):
    """The id on a channel after which reading goes on."""

    __tablename__ = "cursors"

    channel: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
    moved_at: Mapped[datetime] = now()


async def at(session: AsyncSession, channel: str) -> str | None:
    """Where reading goes on; `None` if nothing was read yet."""
    found = await session.get(Cursor, channel)
    return found.value if found else None


async def move(session: AsyncSession, channel: str, value: str) -> None:
    """All up to `value` is written down."""
    row = insert(Cursor).values(channel=channel, value=value)
    moved = {"value": value, "moved_at": func.clock_timestamp()}
    await session.execute(row.on_conflict_do_update(index_elements=[Cursor.channel], set_=moved))
