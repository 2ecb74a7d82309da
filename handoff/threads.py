"""Everything said, in one order: opening a thread, adding to it, reading it whole."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from handoff import database, errors, waits
from handoff.base import By, Delivery, Kind, Speaker
from handoff.models import Agent, Case, Customer, Message, OptIn, Thread

ERASED = "deleted at the customer's wish"
"""Why a thread ended of which nothing is left but that it was: it never begins anew."""

LONGEST = 200
"""Characters of the first words of a thread."""


async def opening(session: AsyncSession, customer: Customer, brand: str, language: str, place: str | None) -> Thread:
    """A new thread of a customer who has none open."""
    thread = Thread(customer_id=customer.id, channel=customer.channel, brand=brand, language=language, place=place)
    session.add(thread)
    await session.flush()
    await session.refresh(thread)
    return thread


async def locked(session: AsyncSession, thread_id: int) -> Thread:
    """A thread that nobody else changes until this transaction ends. Raises `NoResultFound`."""
    query = select(Thread).where(Thread.id == thread_id).with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(query)).one()


async def open_thread(session: AsyncSession, customer: Customer) -> Thread | None:
    """The customer's thread that has no end yet, locked."""
    query = select(Thread).where(Thread.customer_id == customer.id, Thread.ended_at.is_(None)).with_for_update()
    return (await session.scalars(query)).one_or_none()


async def has_newer(session: AsyncSession, customer: Customer, thread: Thread) -> bool:
    """Whether another problem of the customer is open, to which nobody said yes yet."""
    query = select(Thread.id).where(Thread.customer_id == customer.id, Thread.ended_at.is_(None), Thread.id > thread.id)
    return await session.scalar(query) is not None


async def is_talking(session: AsyncSession, customer: Customer) -> bool:
    """Whether a thread in which the customer opted in is open."""
    query = select(Thread.id).join(OptIn).where(Thread.customer_id == customer.id, Thread.ended_at.is_(None))
    return await session.scalar(query) is not None


async def latest_opted_in(session: AsyncSession, customer: Customer) -> Thread | None:
    """The customer's newest thread with an opt-in, ended or not, locked: where a private line belongs."""
    there = (Thread.customer_id == customer.id, Thread.ended_why.is_distinct_from(ERASED))
    query = select(Thread).join(OptIn).where(*there).order_by(Thread.id.desc()).limit(1)
    return (await session.scalars(query.with_for_update(of=Thread))).one_or_none()


async def first_words(session: AsyncSession, thread: Thread) -> str:
    """What the customer said first, of what still stands: it tells what a thread is about that nobody summed up."""
    said = (Message.thread_id == thread.id, Message.by == "customer", Message.kind.in_(("post", "chat")))
    words = select(Message.text).where(*said, Message.deleted_at.is_(None)).order_by(Message.seq).limit(1)
    text = await session.scalar(words) or "Nothing was said yet."
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


async def append(
    session: AsyncSession,
    thread: Thread,
    kind: Kind,
    by: By,
    text: str,
    *,
    at: datetime | None = None,
    agent: Agent | None = None,
    author_name: str | None = None,
    account: str | None = None,
    external_id: str | None = None,
    url: str | None = None,
    buttons: Sequence[str] = (),
    client_id: str | None = None,
    delivery: Delivery | None = None,
    wait: timedelta = timedelta(0),
) -> Message | None:
    """Add an entry at the end; `None` if it is there already (same external or client id).

    The thread must be locked. `account`: the keyed hash of whose post it is. `wait` keeps a pending message back, so
    that it can still be undone.
    """
    if await _is_there(session, thread, external_id, client_id):
        return None
    now = func.clock_timestamp()
    thread.last_seq += 1
    message = Message(
        thread_id=thread.id,
        seq=thread.last_seq,
        kind=kind,
        by=by,
        text=text,
        at=at or now,
        agent_id=agent.id if agent else None,
        author_name=author_name,
        account=account,
        external_id=external_id,
        url=url,
        buttons=list(buttons) or None,
        client_id=client_id,
        epoch=thread.epoch,
        delivery=delivery,
        due_at=now + wait if delivery == "pending" else None,
    )
    session.add(message)
    await session.flush()
    thread.changed_at = message.written_at
    database.changed(session, thread.id)
    if kind == "chat" and by in ("agent", "customer") and thread.speaker == "team":
        await waits.measure(session, thread.id, wake=by == "customer")
    return message


async def _is_there(session: AsyncSession, thread: Thread, external_id: str | None, client_id: str | None) -> bool:
    if external_id is None and client_id is None:
        return False
    same = Message.client_id == client_id if client_id else (Message.external_id == external_id)
    query = select(Message.id).where(same)
    return await session.scalar(query if client_id else query.where(Message.thread_id == thread.id)) is not None


def touch(session: AsyncSession, thread: Thread) -> None:
    """Mark the thread as changed, for the lists' order and for the open pages."""
    thread.changed_at = func.clock_timestamp()
    database.changed(session, thread.id)


def give_floor(thread: Thread, speaker: Speaker, due_at: datetime | ColumnElement[datetime] | None = None) -> None:
    """Let `speaker` speak from now on: what anybody wrote under the epoch before no longer goes out."""
    thread.speaker, thread.due_at = speaker, due_at
    thread.epoch += 1


async def end(session: AsyncSession, thread: Thread, why: str) -> None:
    """Nothing more happens on this thread by itself, until the customer writes again."""
    thread.ended_at, thread.ended_why, thread.due_at = func.clock_timestamp(), why, None
    touch(session, thread)
    await session.flush()


def is_with_bot(thread: Thread) -> bool:
    """Whether the bot answers what the customer writes."""
    return thread.ended_at is None and thread.speaker == "bot"


def why_closed(thread: Thread) -> errors.AlreadyClosed:
    """Why nobody of the team can write in a thread that has no open case."""
    return errors.WithTheBot() if is_with_bot(thread) else errors.AlreadyClosed()


async def withhold(session: AsyncSession, customer: Customer) -> None:
    """Keep back all that waits to be sent to a customer. What is being sent right now is not waited for."""
    query = select(Message.id).join(Thread).where(Thread.customer_id == customer.id, Message.delivery == "pending")
    ids = list(await session.scalars(query.with_for_update(of=Message, skip_locked=True)))
    await session.execute(update(Message).where(Message.id.in_(ids)).values(delivery="withheld", due_at=None))


async def whole(session: AsyncSession, thread_id: int) -> Thread | None:
    """A thread with all that belongs to it: customer, messages in order, offer, opt-in, cases and their agents."""
    query = (
        select(Thread)
        .where(Thread.id == thread_id)
        .options(
            joinedload(Thread.customer),
            joinedload(Thread.opt_in),
            joinedload(Thread.offer),
            selectinload(Thread.messages).joinedload(Message.agent),
            selectinload(Thread.cases).joinedload(Case.claimer),
            selectinload(Thread.cases).selectinload(Case.clocks),
        )
    )
    return (await session.scalars(query)).one_or_none()
