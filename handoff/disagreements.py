"""Where a version that reads beside the one at work would have said something else: which line, and what each said.

The line itself stays where it is, in the thread; it is read there by whom its customer allowed to.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, and_, case, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from handoff import receipts
from handoff.base import Base, identity, now
from handoff.models import Message, Thread
from handoff.utterances import Utterance
from handoff.versions import Model

MOST = 200


class Disagreement(Base):
    """A line of a customer that two versions understood differently."""

    __tablename__ = "disagreements"
    __table_args__ = (
        UniqueConstraint("message_id", "version"),
        Index("ix_disagreements_version", "version", "id"),
    )

    id: Mapped[int] = identity()
    at: Mapped[datetime] = now()
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"))
    version: Mapped[int] = mapped_column(ForeignKey("models.version"))
    live_version: Mapped[int] = mapped_column(ForeignKey("models.version"))
    said: Mapped[str]
    confidence: Mapped[float]
    live_said: Mapped[str]
    live_confidence: Mapped[float]


@dataclass(frozen=True, slots=True)
class Differing:
    """A disagreement, with the line if its customer lets us use it for training."""

    disagreement: Disagreement
    thread_id: int
    text: str | None


async def seen(session: AsyncSession, version: int, message_id: int, *, agreed: bool) -> None:
    """Remember how far a version has read beside the one at work, and count how often both said the same."""
    values = {"beside_seen": message_id, "beside_agreed": Model.beside_agreed + int(agreed)}
    await session.execute(update(Model).where(Model.version == version).values(values))


async def differ(
    session: AsyncSession,
    message_id: int,
    version: int,
    live: int,
    said: tuple[str, float],
    live_said: tuple[str, float],
) -> None:
    """Write down that they did not."""
    values = {"message_id": message_id, "version": version, "live_version": live, "said": said[0]}
    values |= {"confidence": said[1], "live_said": live_said[0], "live_confidence": live_said[1]}
    await session.execute(insert(Disagreement).values(**values).on_conflict_do_nothing())


async def found(session: AsyncSession, version: int) -> list[Differing]:
    """The newest disagreements of a version. Lines are shown of who agrees to training now, where policies allow it."""
    allowed = exists().where(Utterance.message_id == Message.id, Utterance.may_train)
    may_be_read = and_(receipts.holds("training"), allowed, Message.deleted_at.is_(None))
    query = (
        select(Disagreement, Message.thread_id, case((may_be_read, Message.text)).label("text"))
        .join(Message, Message.id == Disagreement.message_id)
        .join(Thread, Thread.id == Message.thread_id)
        .where(Disagreement.version == version)
        .order_by(Disagreement.id.desc())
        .limit(MOST)
    )
    return [Differing(row[0], row.thread_id, row.text) for row in await session.execute(query)]


async def count(session: AsyncSession, version: int) -> int:
    """How often a version disagreed."""
    counting = select(func.count(Disagreement.id)).where(Disagreement.version == version)
    return await session.scalar(counting) or 0
