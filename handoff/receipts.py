"""Consent receipts: what a customer agreed to or took back, in which words and when. They are only ever added."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import ColumnElement, ForeignKey, Index, String, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from handoff import threads
from handoff.base import Base, identity, now, one_of
from handoff.models import Customer, Thread

Purpose = Literal["talk", "link", "keep", "articles", "training"]
"""Talk to us; link the account to the customer record; keep the chat; use it for help articles; use it for training."""

PURPOSES: tuple[Purpose, ...] = get_args(Purpose)


class Receipt(Base):
    """One turn of one switch: the newest of a purpose holds."""

    __tablename__ = "receipts"
    __table_args__ = (one_of("purpose", Purpose), Index("ix_receipts_thread_id", "thread_id", "purpose", "id"))

    id: Mapped[int] = identity()
    thread_id: Mapped[int] = mapped_column(ForeignKey("threads.id"))
    purpose: Mapped[Purpose] = mapped_column(String)
    given: Mapped[bool]
    at: Mapped[datetime] = now()
    wording: Mapped[str]
    wording_version: Mapped[str]


async def turn(
    session: AsyncSession, thread: Thread, purpose: Purpose, given: bool, wording: str, version: str
) -> Receipt | None:
    """Turn one switch of a locked thread, in the words that were shown; `None` if it stands so already."""
    before = (await standing(session, thread.id)).get(purpose)
    if given == (before is not None and before.given):
        return None
    receipt = Receipt(thread_id=thread.id, purpose=purpose, given=given, wording=wording, wording_version=version)
    session.add(receipt)
    await session.flush()
    threads.touch(session, thread)
    return receipt


async def take_back(session: AsyncSession, customer: Customer, purpose: Purpose) -> None:
    """Take back a yes on each locked thread where it stood: nobody has to remember in which chat they gave it."""
    for thread in await session.scalars(select(Thread).where(Thread.customer_id == customer.id, holds(purpose))):
        given = (await standing(session, thread.id))[purpose]
        await turn(session, thread, purpose, False, given.wording, given.wording_version)


async def history(session: AsyncSession, thread_id: int) -> Sequence[Receipt]:
    """Every turn of every switch of a thread, the oldest first."""
    query = select(Receipt).where(Receipt.thread_id == thread_id).order_by(Receipt.id)
    return (await session.scalars(query)).all()


async def history_of(session: AsyncSession, customer_id: int) -> Sequence[Receipt]:
    """The same of all threads of a customer."""
    query = select(Receipt).join(Thread, Thread.id == Receipt.thread_id).where(Thread.customer_id == customer_id)
    return (await session.scalars(query.order_by(Receipt.id))).all()


async def standing(session: AsyncSession, thread_id: int) -> Mapping[Purpose, Receipt]:
    """The newest turn of each switch that was ever turned."""
    return {receipt.purpose: receipt for receipt in await history(session, thread_id)}


def holds(purpose: Purpose) -> ColumnElement[bool]:
    """Whether a thread's customer agrees to a purpose now, for a query over threads."""
    newest = select(Receipt.given).where(Receipt.thread_id == Thread.id, Receipt.purpose == purpose)
    return func.coalesce(newest.order_by(Receipt.id.desc()).limit(1).correlate(Thread).scalar_subquery(), False)
