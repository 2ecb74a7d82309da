"""Delete what we may not keep: the words of strangers after a day, of customers after the brand's retention time."""

from datetime import timedelta

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import threads
from handoff.models import Case, Customer, Message, Offer, OptIn, Thread, Update

STRANGERS = timedelta(hours=24)
"""How long the text and handle of somebody who did not opt in are kept (the invariants, number 9)."""


async def strangers(session: AsyncSession) -> int:
    """Empty the posts and names of threads without an opt-in that are older than a day. How many threads."""
    old = Thread.opened_at < func.clock_timestamp() - STRANGERS
    said = exists().where(Message.thread_id == Thread.id, Message.deleted_at.is_(None), Message.kind == "post")
    ids = await _locked(session, old, ~_opted_in(), said)
    await _empty(session, ids)
    return len(ids)


async def chats(session: AsyncSession, retention: timedelta) -> int:
    """Empty what was said in threads that ended longer ago than `retention`. How many threads."""
    old = Thread.ended_at < func.clock_timestamp() - retention
    said = exists().where(Message.thread_id == Thread.id, Message.deleted_at.is_(None), Message.kind != "event")
    ids = await _locked(session, old, said)
    await _empty(session, ids)
    return len(ids)


async def links(session: AsyncSession, life: timedelta) -> int:
    """End threads whose link nobody used in its life. How many."""
    old = select(Thread).join(Offer).where(Thread.ended_at.is_(None), Offer.created_at < func.clock_timestamp() - life)
    found = (await session.scalars(old.where(~_opted_in()).with_for_update(of=Thread, skip_locked=True))).all()
    for thread in found:
        await threads.end(session, thread, "the link was not used")
    return len(found)


async def updates(session: AsyncSession) -> None:
    """Empty updates that could not be read, once they are a day old."""
    old = Update.received_at < func.clock_timestamp() - STRANGERS
    await session.execute(update(Update).where(old, Update.handled_at.is_not(None)).values(payload=None))


def _opted_in() -> ColumnElement[bool]:
    return exists().where(OptIn.thread_id == Thread.id)


async def _locked(session: AsyncSession, *which: ColumnElement[bool]) -> list[int]:
    """Threads that nobody is at work on (the others come next time), locked before their messages, as everywhere."""
    query = select(Thread.id).where(*which).order_by(Thread.id)
    return list(await session.scalars(query.with_for_update(of=Thread, skip_locked=True)))


async def _empty(session: AsyncSession, ids: list[int]) -> None:
    if not ids:
        return
    words = update(Message).where(Message.thread_id.in_(ids), Message.kind != "event", Message.deleted_at.is_(None))
    await session.execute(
        words.values(text="", url=None, author_name=None, buttons=None, deleted_at=func.clock_timestamp())
    )
    await session.execute(update(Thread).where(Thread.id.in_(ids)).values(talk=None))
    await session.execute(update(Case).where(Case.thread_id.in_(ids)).values(summary="", found={}))
    others = exists().where(
        Thread.customer_id == Customer.id,
        Thread.id == Message.thread_id,
        Message.deleted_at.is_(None),
        Message.kind != "event",
    )
    names = update(Customer).where(Customer.id.in_(select(Thread.customer_id).where(Thread.id.in_(ids))), ~others)
    await session.execute(names.values(handle=None, name=None, external_id=None))
