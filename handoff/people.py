"""Customers, and what we promised their accounts."""

import hashlib
import hmac

from sqlalchemy import select
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
    """The promise to an account, locked: an offer's claim and a STOP wait for each other here."""
    await session.execute(insert(Promise).values(account=account).on_conflict_do_nothing())
    return (await session.scalars(select(Promise).where(Promise.account == account).with_for_update())).one()


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
    found = (await session.scalars(select(Customer).where(Customer.account == account).with_for_update())).one_or_none()
    if found is None:
        found = Customer(account=account, channel=channel, language=language)
        session.add(found)
    found.handle, found.name = handle or found.handle, name or found.name
    await session.flush()
    return found


async def find(session: AsyncSession, account: str) -> Customer | None:
    """The customer of an account, if we know one."""
    return (await session.scalars(select(Customer).where(Customer.account == account))).one_or_none()


async def out_of_reach(session: AsyncSession, thread: Thread) -> errors.CaseError | None:
    """Why no word of ours can reach the customer of a thread; `None` when nothing is in the way."""
    if not await may_talk(session, thread):
        is_blocked = select(Promise.stopped_by == BLOCKED).join(Customer)
        blocked = await session.scalar(is_blocked.where(Customer.id == thread.customer_id))
        return errors.Blocked() if blocked else errors.Stopped()
    address = await session.scalar(select(Customer.external_id).where(Customer.id == thread.customer_id))
    return errors.NoAddress() if address is None and thread.ended_at is None else None


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
