"""Members of the square: joining under a name, being known by a cookie, being silenced."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from handoff import names, tokens
from handoff.base import Base, identity, now
from handoff.square_errors import PickAnotherName


class Member(Base):
    """Somebody who posts on the square. The cookie proves who they are; we keep its hash."""

    __tablename__ = "square_members"

    id: Mapped[int] = identity()
    name: Mapped[str]
    folded_name: Mapped[str] = mapped_column(unique=True)
    token_hash: Mapped[str | None] = mapped_column(unique=True)
    is_bot: Mapped[bool] = mapped_column(server_default="false")
    joined_at: Mapped[datetime] = now()
    silenced_at: Mapped[datetime | None]


async def join(session: AsyncSession, name: str, token: str, house: Sequence[str] = ()) -> Member:
    """A new member, who will be known by the cookie `token`. Raises `PickAnotherName`."""
    name = names.tidy(name)
    if objection := names.objection(name, house):
        raise PickAnotherName(objection)
    values = {"name": name, "folded_name": names.folded(name), "token_hash": tokens.digest(token)}
    inserted = insert(Member).values(values).on_conflict_do_nothing().returning(Member)
    member = (await session.scalars(inserted)).one_or_none()
    if member is None:
        raise PickAnotherName
    return member


async def known(session: AsyncSession, token: str | None) -> Member | None:
    """The member whose browser holds the cookie `token`."""
    if not token:
        return None
    return (await session.scalars(select(Member).where(Member.token_hash == tokens.digest(token)))).one_or_none()


async def called(session: AsyncSession, name: str) -> Member | None:
    """The member who has this name."""
    return (await session.scalars(select(Member).where(Member.folded_name == names.folded(name)))).one_or_none()


async def bot_member(session: AsyncSession, name: str) -> Member:
    """The member in whose name the bot posts, made when missing. No person can have its folded name."""
    own = f"bot:{name}"
    values = {"name": name, "folded_name": own, "is_bot": True}
    await session.execute(insert(Member).values(values).on_conflict_do_nothing())
    return (await session.scalars(select(Member).where(Member.folded_name == own))).one()


async def leave(session: AsyncSession, member_id: int) -> None:
    """Let a member go: the name is free again, the cookie is nobody's, and nobody can take the row's new name."""
    gone = {"name": "…", "folded_name": f"gone:{member_id}", "token_hash": None}
    await session.execute(update(Member).where(Member.id == member_id).values(gone))


async def silence(session: AsyncSession, member_id: int) -> None:
    """Let a member read, but not post."""
    await session.execute(update(Member).where(Member.id == member_id).values(silenced_at=func.clock_timestamp()))
