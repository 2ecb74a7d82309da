"""Integrations: programs of the brand that use the API, each with a token of its own that an admin can revoke."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy import ForeignKey, String, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from handoff import integration_errors as errors
from handoff.base import Base, identity, now, one_of
from handoff.models import Agent
from handoff.tokens import digest

Access = Literal["read", "write"]

MARK = "knock_"
"""What our tokens begin with, so that scanners of leaked secrets know them."""

LONGEST_NAME = 80


class Integration(Base):
    """A program and what it may do: read, or write too. Of its token we keep the hash."""

    __tablename__ = "integrations"
    __table_args__ = (one_of("access", Access),)

    id: Mapped[int] = identity()
    name: Mapped[str]
    access: Mapped[Access] = mapped_column(String)
    token_hash: Mapped[str] = mapped_column(unique=True)
    made_by: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    made_at: Mapped[datetime] = now()
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


async def make(session: AsyncSession, name: str, access: Access, by: Agent | None = None) -> str:
    """A new integration. Its token (256 bits) is shown once; afterwards nobody can read it. Raises `NoNameForIt`."""
    if not (name := " ".join(name.split())[:LONGEST_NAME]):
        raise errors.NoNameForIt
    token = MARK + secrets.token_urlsafe(32)
    session.add(Integration(name=name, access=access, token_hash=digest(token), made_by=by.id if by else None))
    await session.flush()
    return token


async def of_token(session: AsyncSession, token: str) -> Integration | None:
    """Whose token it is, unless it was revoked."""
    query = select(Integration).where(Integration.token_hash == digest(token), Integration.revoked_at.is_(None))
    return (await session.scalars(query)).one_or_none()


def is_stale(found: Integration) -> bool:
    """Whether it is time to write down again that it is in use: once a minute is enough."""
    return found.used_at is None or datetime.now(UTC) - found.used_at > timedelta(minutes=1)


async def used(session: AsyncSession, integration_id: int) -> None:
    """The integration asked for something."""
    mine = update(Integration).where(Integration.id == integration_id)
    await session.execute(mine.values(used_at=func.clock_timestamp()))


async def revoke(session: AsyncSession, integration_id: int) -> None:
    """Its token opens nothing from this commit on."""
    standing = update(Integration).where(Integration.id == integration_id, Integration.revoked_at.is_(None))
    await session.execute(standing.values(revoked_at=func.clock_timestamp()))


async def everything(session: AsyncSession) -> list[Integration]:
    """All integrations, the revoked ones last, the newest first."""
    query = select(Integration).order_by(Integration.revoked_at.is_not(None), Integration.id.desc())
    return list(await session.scalars(query))
