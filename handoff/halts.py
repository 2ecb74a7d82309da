"""Halts: a channel on which nothing is said until a time, or until a person has looked."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from handoff.base import Base, now


class Halt(Base):
    """Why a channel is silent, since when, and until when; without an end it waits for `knock resume`."""

    __tablename__ = "halts"

    channel: Mapped[str] = mapped_column(primary_key=True)
    why: Mapped[str]
    at: Mapped[datetime] = now()
    until: Mapped[datetime | None]


async def begin(session: AsyncSession, channel: str, why: str, until: datetime | None) -> None:
    """Silence a channel. A halt that waits for a person is not shortened by one that ends by itself."""
    row = insert(Halt).values(channel=channel, why=why, until=until)
    newer = row.on_conflict_do_update(
        index_elements=[Halt.channel],
        set_={"why": row.excluded.why, "until": row.excluded.until, "at": func.clock_timestamp()},
        where=Halt.until.is_not(None),
    )
    await session.execute(newer)


async def standing(session: AsyncSession) -> Sequence[Halt]:
    """The halts that are not over."""
    now = func.clock_timestamp()
    return (await session.scalars(select(Halt).where(Halt.until.is_(None) | (Halt.until > now)))).all()


async def end(session: AsyncSession, channel: str) -> bool:
    """Let a channel speak again. `False`: it was not silent."""
    return (await session.scalar(delete(Halt).where(Halt.channel == channel).returning(Halt.channel))) is not None
