"""Persons: customers on several channels whom the team holds for one and the same.

A merge says so of two customers and changes nothing else: each keeps their account, threads, consents and address. Who
hangs together by merges is one person; a merge that is taken back leaves all as if it had not been said.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from sqlalchemy import (
    CTE,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    case,
    delete,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from handoff import database, errors, people, threads
from handoff.base import Base, identity, now
from handoff.models import Agent, Case, Customer, Promise, Thread


class Merge(Base):
    """Somebody's word that two customers are one person; it stands until it is taken back."""

    __tablename__ = "merges"
    __table_args__ = (
        CheckConstraint("one_id < other_id", name="in_order"),
        Index("uq_merges_standing", "one_id", "other_id", unique=True, postgresql_where=text("undone_at IS NULL")),
        Index("ix_merges_other_id", "other_id", postgresql_where=text("undone_at IS NULL")),
    )

    id: Mapped[int] = identity()
    one_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    other_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    at: Mapped[datetime] = now()
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))

    agent: Mapped[Agent | None] = relationship(lazy="raise", foreign_keys=[agent_id])


def same(customer_id: int) -> Select[int]:
    """The ids of all customers who are one person with this one, who is among them."""
    return select(_reached([customer_id]).c.id)


async def of(session: AsyncSession, customer_ids: Collection[int]) -> Mapping[int, Sequence[int]]:
    """For each customer, all who are one person with them, the oldest first: its id stands for the person."""
    reached = _reached(customer_ids)
    found: dict[int, list[int]] = {}
    for row in await session.execute(select(reached.c.root, reached.c.id).order_by(reached.c.root, reached.c.id)):
        found.setdefault(row.root, []).append(row.id)
    return found


async def merge(session: AsyncSession, one_id: int, other_id: int, agent: Agent) -> None:
    """Hold two customers for one person. Repeating it changes nothing. Raises `NoSuchCustomer`, `NotTwo`."""
    if one_id == other_id:
        raise errors.NotTwo
    one, other = sorted((one_id, other_id))
    await _locked(session, one, other)
    said = insert(Merge).values(one_id=one, other_id=other, agent_id=agent.id)
    await session.execute(said.on_conflict_do_nothing())
    await _touch(session, one)


async def unmerge(session: AsyncSession, customer_id: int, agent: Agent) -> None:
    """Take back every merge of a customer. Who was one person only by way of them is so no more: nobody said it."""
    await _touch(session, customer_id)
    gone = {"undone_at": func.clock_timestamp(), "undone_by": agent.id}
    await session.execute(update(Merge).where(_standing(customer_id)).values(gone))


async def leave(session: AsyncSession, customer_id: int) -> None:
    """A customer is deleted and goes without a trace; the others, of whom nobody said that they are two, stay one."""
    await _touch(session, customer_id)
    pairs = (await session.scalars(select(Merge).where(_standing(customer_id)))).all()
    theirs = or_(Merge.one_id == customer_id, Merge.other_id == customer_id)
    await session.execute(delete(Merge).where(theirs))
    for one, other in pairwise(sorted({pair.one_id + pair.other_id - customer_id for pair in pairs})):
        said = insert(Merge).values(one_id=one, other_id=other, agent_id=pairs[0].agent_id)
        await session.execute(said.on_conflict_do_nothing())


async def merges(session: AsyncSession, customer_ids: Collection[int]) -> Sequence[Merge]:
    """What somebody said of these customers and nobody has taken back, the oldest first, each with its agent."""
    query = select(Merge).where(Merge.one_id.in_(customer_ids), Merge.undone_at.is_(None))
    return (await session.scalars(query.options(joinedload(Merge.agent)).order_by(Merge.id))).all()


async def promises(session: AsyncSession, account: str) -> Sequence[Promise]:
    """What we promised all accounts of whoever has this one, locked in one order; this account's is the first."""
    ids = select(Customer.id).where(Customer.account == account)
    known = await session.scalar(ids)
    accounts = {account}
    if known is not None:
        accounts.update(await session.scalars(select(Customer.account).where(Customer.id.in_(same(known)))))
    found = {one: await people.promise(session, one) for one in sorted(accounts)}
    return [found.pop(account), *found.values()]


async def known(session: AsyncSession, customer_id: int) -> Customer:
    """A customer with whom the team has had a thread, of which something is left. Raises `NoSuchCustomer`."""
    query = select(Customer).where(Customer.id == customer_id, Customer.id.in_(with_cases()))
    found = (await session.scalars(query)).one_or_none()
    if found is None:
        raise errors.NoSuchCustomer
    return found


def with_cases() -> Select[int]:
    """The ids of all customers with whom the team has had a thread, of which something is left."""
    left = Thread.ended_why.is_distinct_from(threads.ERASED)
    return select(Thread.customer_id).join(Case, Case.thread_id == Thread.id).where(left)


def _standing(customer_id: int) -> ColumnElement[bool]:
    return Merge.undone_at.is_(None) & or_(Merge.one_id == customer_id, Merge.other_id == customer_id)


def _reached(customer_ids: Collection[int]) -> CTE:
    """Pairs of each of these customers (`root`) and whoever hangs together with them (`id`)."""
    start = select(Customer.id.label("root"), Customer.id.label("id")).where(Customer.id.in_(customer_ids))
    reached = start.cte("reached", recursive=True)
    touching = or_(Merge.one_id == reached.c.id, Merge.other_id == reached.c.id)
    beyond = case((Merge.one_id == reached.c.id, Merge.other_id), else_=Merge.one_id)
    step = select(reached.c.root, beyond).join(Merge, touching).where(Merge.undone_at.is_(None))
    return reached.union(step)


async def _locked(session: AsyncSession, one: int, other: int) -> None:
    """Wait for whoever stops, deletes or merges one of the two, and let them wait for us."""
    accounts = [(await known(session, customer_id)).account for customer_id in (one, other)]
    for account in sorted(accounts):
        await people.promise(session, account)
    for customer_id in (one, other):  # one of them may have been deleted while we waited
        await known(session, customer_id)


async def _touch(session: AsyncSession, customer_id: int) -> None:
    """Let the open pages of all their threads look again."""
    for thread_id in await session.scalars(select(Thread.id).where(Thread.customer_id.in_(same(customer_id)))):
        database.changed(session, thread_id)
