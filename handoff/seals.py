"""The seal: which secret the record was made with. Under another one its STOPs would not be recognised."""

import hashlib
import hmac

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from handoff.base import Base


class WrongSecret(Exception):
    """The database was made with another secret, and its STOPs and links depend on it.

    Set KNOCK_SECRET back, or put the file `secret` back into KNOCK_HOME.
    """


class Seal(Base):
    """The one row: a keyed hash of nothing, which only the same secret gives."""

    __tablename__ = "seals"

    digest: Mapped[str] = mapped_column(primary_key=True)


async def check(session: AsyncSession, key: bytes) -> None:
    """Keep the mark of the first secret; later ones must leave the same. Raises `WrongSecret`."""
    digest = hmac.new(key, b"seal", hashlib.sha256).hexdigest()
    first = (await session.scalars(select(Seal.digest))).one_or_none()
    if first is None:
        await session.execute(insert(Seal).values(digest=digest).on_conflict_do_nothing())
    elif not hmac.compare_digest(first, digest):
        raise WrongSecret
