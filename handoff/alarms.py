"""Alarms: that a case came while nobody was here to take it. A trigger tells the webhooks, `bot/alarm.py` writes."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from handoff.base import Base, identity, now

APART = timedelta(minutes=15)
"""Between two alarms: whoever is called twice in a minute stops listening."""


class Alarm(Base):
    """So many cases waited for a person, and nobody was here. `due_at`: when its mail is tried next, if it has one."""

    __tablename__ = "alarms"

    id: Mapped[int] = identity()
    at: Mapped[datetime] = now()
    waiting: Mapped[int]
    link: Mapped[str]
    due_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(server_default="0")
    mailed_at: Mapped[datetime | None]
    trouble: Mapped[str | None]


async def newest(session: AsyncSession) -> Alarm | None:
    """The last one."""
    return (await session.scalars(select(Alarm).order_by(Alarm.id.desc()).limit(1))).one_or_none()
