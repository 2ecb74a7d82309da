"""Matches: customers who may be one person with somebody. They are only shown; a person decides.

Only what customers agreed may be looked up is compared, theirs and the other's: the consent "link".
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Boolean, ColumnElement, Index, Select, exists, func, literal, or_, select, union
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, drafts, errors, people, persons, receipts, search
from handoff.models import Agent, Case, Customer, Message, OptIn, Promise, Thread
from handoff.receipts import Receipt

MOST = 20
"""Customers that are shown at once."""

ENOUGH = 1000
"""People of a name that are looked through: of a name that very many have, some are shown."""

HANDLE = func.lower(Customer.handle)
ORDER = func.lower(Case.found["order_number"].astext)
Index("ix_customers_handle", HANDLE)
Index("ix_cases_order_number", ORDER)


@dataclass(frozen=True, slots=True)
class Match:
    """A customer, and what they have in common with whoever is looked at."""

    customer: Customer
    why: str


async def suggested(session: AsyncSession, customer_id: int) -> Sequence[Match]:
    """Who has the handle of this person on another channel, or has named the same order."""
    ours = list(await session.scalars(persons.same(customer_id)))
    handles = [
        (customer.channel, customer.handle.lower())
        for customer in await session.scalars(select(Customer).where(Customer.id.in_(ours), _agreed()))
        if customer.handle
    ]
    same_handle = [HANDLE.in_([name]) & (Customer.channel != channel) for channel, name in handles]
    others = (Customer.id.not_in(ours), Customer.id.in_(persons.with_cases()), _agreed())
    by_handle = select(Customer.id, literal("the same handle")).where(*others, or_(False, *same_handle))
    numbers = list(await session.scalars(_orders().where(Thread.customer_id.in_(ours))))
    named = _orders().with_only_columns(Thread.customer_id).where(ORDER.in_(numbers))
    by_order = select(Customer.id, literal("the same order number")).where(*others, Customer.id.in_(named))
    rows = await session.execute(union(by_handle, by_order).limit(MOST))
    found: dict[int, list[str]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row[1])
    shown = await session.scalars(select(Customer).where(Customer.id.in_(found)).order_by(Customer.id))
    return [Match(customer, " and ".join(sorted(found[customer.id]))) for customer in shown]


async def named(session: AsyncSession, words: str, but: int = 0, most: int = MOST) -> Sequence[Customer]:
    """Who is called that by name or handle, and had a case with the team, the newest first; `but`: and is not they."""
    wanted = search.words(words)
    if not wanted:
        return []
    query = func.to_tsquery("simple", " & ".join(f"'{word}':*" for word in wanted))
    others = (Customer.id.not_in(persons.same(but)), Customer.id.in_(persons.with_cases()))
    called = list(await session.scalars(select(Customer.id).where(search.NAMED.op("@@")(query)).limit(ENOUGH)))
    if not called:
        return []
    found = select(Customer).where(Customer.id.in_(called), *others)
    return (await session.scalars(found.order_by(Customer.id.desc()).limit(most))).all()


async def other_ways(session: AsyncSession, thread: Thread) -> Sequence[Thread]:
    """Threads of the same person on other channels in which a reply can be written instead, the newest first.

    Each was opted into by itself and is in the team's hands. None after a STOP in this one.
    """
    if not await people.may_talk(session, thread):
        return []
    may_talk = Promise.stopped_at.is_(None) | (Promise.stopped_at < OptIn.at)
    is_open = exists().where(Case.thread_id == Thread.id, Case.closed_at.is_(None))
    query = select(Thread).join(OptIn).join(Customer, Customer.id == Thread.customer_id)
    query = query.join(Promise, Promise.account == Customer.account).where(
        Thread.customer_id.in_(persons.same(thread.customer_id)),
        Thread.channel != thread.channel,
        Thread.ended_at.is_(None),
        Customer.external_id.is_not(None),
        may_talk,
        is_open,
    )
    return (await session.scalars(query.order_by(Thread.id.desc()))).all()


async def carry(session: AsyncSession, thread_id: int, message_id: int, to_id: int, agent: Agent) -> None:
    """Put the words of a reply that did not arrive into the agent's draft in another thread of the person.

    Nothing is sent. Raises `NotThere` when that thread is no way any more, `NoSuchCase` for what is no such reply.
    """
    thread, _ = await cases.locked(session, thread_id)
    theirs = (Message.id == message_id, Message.thread_id == thread_id, Message.by == "agent")
    text = await session.scalar(select(Message.text).where(*theirs, Message.delivery == "failed"))
    if text is None:
        raise errors.NoSuchCase
    if to_id not in {way.id for way in await other_ways(session, thread)}:
        raise errors.NotThere
    await drafts.give_back(session, to_id, agent, "reply", text)


def _agreed() -> ColumnElement[bool]:
    """Whether the customer lets us look them up: their newest word on it, in whichever thread."""
    theirs = (Thread.customer_id == Customer.id, Receipt.purpose == "link")
    turns = func.array_agg(aggregate_order_by(Receipt.given, Receipt.id.desc()), type_=ARRAY(Boolean))
    newest = select(turns[1]).select_from(Receipt).join(Thread, Thread.id == Receipt.thread_id).where(*theirs)
    return func.coalesce(newest.correlate(Customer).scalar_subquery(), False)


def _orders() -> Select[str]:
    """The order numbers that were named in threads that may be looked up."""
    numbers = select(ORDER).select_from(Case).join(Case.thread).join(Thread.customer)
    return numbers.where(ORDER != "", receipts.holds("link"), _agreed())
