"""What an integration was answered under an `Idempotency-Key`: asked the same again, it gets the same answer."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, Index, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from handoff import integration_errors as errors
from handoff.base import Base, now

KEPT = timedelta(hours=24)
"""How long the same key gets the same answer."""


class Answer(Base):
    """One answer to one key. It holds ids, times and states only, never what anybody said."""

    __tablename__ = "answers"
    __table_args__ = (Index("ix_answers_at", "at"),)

    integration_id: Mapped[int] = mapped_column(ForeignKey("integrations.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[str]
    body: Mapped[dict[str, Any] | None]
    at: Mapped[datetime] = now()


async def take(session: AsyncSession, integration_id: int, key: str, request: str) -> Answer:
    """The answer to a key; without a `body` it is ours to give, in this transaction. Who comes second waits for it.

    `request` says what was asked for, in full. Raises `KeyUsedForSomethingElse`.
    """
    await session.execute(delete(Answer).where(Answer.at < func.clock_timestamp() - KEPT))
    request_hash = hashlib.sha256(request.encode()).hexdigest()
    new = {"integration_id": integration_id, "key": key, "request_hash": request_hash}
    await session.execute(insert(Answer).values(**new).on_conflict_do_nothing())
    query = select(Answer).where(Answer.integration_id == integration_id, Answer.key == key)
    answer = (await session.scalars(query)).one()
    if answer.request_hash != request_hash:
        raise errors.KeyUsedForSomethingElse
    return answer
