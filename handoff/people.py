"""Customers, and what we promised their accounts."""

import hashlib
import hmac

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import errors
from handoff.models import Customer, OptIn, Promise, Thread

BLOCKED = "blocked us"
"""How a STOP was said by somebody whom no confirmation can reach."""


def account_hash(key: bytes, channel: str, external_id: str) -> str:
    """The keyed hash of an account (HMAC-SHA256, hex): all that we keep of it for ever."""
    return hmac.new(key, f"account|{channel}|{external_id}".encode(), hashlib.sha256).hexdigest()


async def promise(session: AsyncSession, account: str) -> Promise:
    """The promise to an account, locked: an offer's claim and a STOP wait for each other here.

    `key_share`, here and for a customer: whoever changes a row twice that refers to this one asks whether it is there,
    and would wait for us, while we wait for that row.
    """
    await session.execute(insert(Promise).values(account=account).on_conflict_do_nothing())
    mine = select(Promise).where(Promise.account == account)
    return (await session.scalars(mine.with_for_update(key_share=True))).one()


async def customer(
    session: AsyncSession,
    account: str,
    channel: str,
    language: str,
    *,
    handle: str | None = None,
    name: str | None = None,
) -> Customer:
    """The customer of an account, made when new; the newest handle and name win. The promise row must exist."""
    theirs = select(Customer).where(Customer.account == account).with_for_update(key_share=True)
    found = (await session.scalars(theirs)).one_or_none()
    if found is None:
        found = Customer(account=account, channel=channel, language=language)
        session.add(found)
    found.handle, found.name = handle or found.handle, name or found.name
    await session.flush()
    return found


async def find(session: AsyncSession, account: str) -> Customer | None:
    """The customer of an account, if we know one."""
    return (await session.scalars(select(Customer).where(Customer.account == account))).one_or_none()


async def called(session: AsyncSession, channel: str, who: str) -> Customer | None:
    """The customer who has this handle on a channel, the newest if several had it."""
    names = (Customer.channel == channel, func.lower(Customer.handle) == who.lower())
    query = select(Customer).where(*names).order_by(Customer.id.desc()).limit(1)
    return (await session.scalars(query)).one_or_none()


async def out_of_reach(session: AsyncSession, thread: Thread) -> errors.CaseError | None:
    """Why no word of ours can reach the customer of a thread; `None` when nothing is in the way."""
    theirs = select(Promise.stopped_at, Promise.stopped_by, OptIn.at, Customer.external_id).select_from(Customer)
    theirs = (
        theirs.join(Promise).outerjoin(OptIn, OptIn.thread_id == thread.id).where(Customer.id == thread.customer_id)
    )
    found = (await session.execute(theirs)).one()
    if found.at is None or (found.stopped_at is not None and found.stopped_at >= found.at):
        return errors.Blocked() if found.stopped_by == BLOCKED else errors.Stopped()
    return errors.NoAddress() if found.external_id is None and thread.ended_at is None else None


async def stands_stopped(session: AsyncSession, promise: Promise) -> bool:
    """Whether the last word of an account was its STOP: no opt-in came after it, not even in a chat that is deleted."""
    if promise.stopped_at is None:
        return False
    later = select(OptIn.thread_id).join(Thread).join(Customer)
    later = later.where(Customer.account == promise.account, OptIn.at > promise.stopped_at)
    return await session.scalar(later.limit(1)) is None


async def may_talk(session: AsyncSession, thread: Thread) -> bool:
    """Whether we may write to the customer: there is an opt-in, and no STOP came after it."""
    query = (
        select(Promise.stopped_at.is_(None) | (Promise.stopped_at < OptIn.at))
        .select_from(OptIn)
        .join(Thread)
        .join(Customer)
        .join(Promise)
        .where(Thread.id == thread.id)
    )
    return bool(await session.scalar(query))
