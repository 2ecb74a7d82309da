"""The whole public thread: what was said in public around the post, as far as the channel lets us read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from bot.channel import Deleted, Post
from handoff import people, threads
from handoff.models import Customer, Message, OptIn, Thread

AGAIN = timedelta(hours=1)
"""After how long somebody looks again at posts that could not be read."""


async def attach(session: AsyncSession, key: bytes, thread: Thread, posts: Sequence[Post | Deleted]) -> bool:
    """Bring a locked thread up to the public posts as they are now: added, changed, or made a tombstone.

    Whether anything changed. What is not among them may just be out of reach (another place, too far back): only the
    channel's word buries it. Of a thread that has ended less is kept, never more.
    """
    if thread.ended_why == threads.ERASED:
        return False
    grows, changed = thread.ended_at is None, False
    customer = await session.scalar(select(Customer.account).where(Customer.id == thread.customer_id))
    kept = {message.external_id: message for message in await _posts(session, thread)}
    for post in posts:
        message = kept.get(post.id)
        if isinstance(post, Deleted):
            changed |= message is not None and bury(message)
        elif message is None:
            changed |= grows and await _add(session, key, thread, post, customer)
        elif _differs(message, post) and (grows or message.deleted_at is None):
            message.text, message.edited_at, message.deleted_at = post.text, datetime.now(UTC), None
            message.account, changed = _account(key, post), True
    await session.flush()
    return changed


def _differs(message: Message, post: Post) -> bool:
    return message.text != post.text and message.trouble != threads.ERASED


@dataclass(frozen=True, slots=True)
class Stale:
    """A thread whose public posts were last looked at a while ago."""

    thread_id: int
    channel: str
    place: str | None
    known: Sequence[str]
    is_over: bool


async def next_stale(session: AsyncSession, ages: Mapping[str, timedelta]) -> Stale | None:
    """Take the thread that was looked at the longest ago, if that is longer than its channel's age in `ages`.

    Those that have ended come last. For `AGAIN` nobody else looks, and for its whole age once it was `looked_at`.
    """
    for channel, age in ages.items():
        last = func.coalesce(Thread.gathered_at, Thread.opened_at)
        query = select(Thread).join(OptIn).where(Thread.channel == channel, exists().where(_still_there(Thread.id)))
        old = query.where(last < func.clock_timestamp() - age).order_by(Thread.ended_at.is_not(None), last)
        thread = (await session.scalars(old.limit(1).with_for_update(of=Thread, skip_locked=True))).first()
        if thread is not None:
            thread.gathered_at = func.clock_timestamp() - age + AGAIN
            posts, is_over = await known(session, thread.id), thread.ended_at is not None
            return Stale(thread.id, channel, thread.place, posts, is_over)
    return None


def looked_at(thread: Thread) -> None:
    """The public posts of a locked thread were looked at in their place just now."""
    thread.gathered_at = func.clock_timestamp()


async def known(session: AsyncSession, thread_id: int) -> Sequence[str]:
    """The ids of the public posts that are attached and, as far as we know, still there."""
    query = select(Message.external_id).where(_still_there(thread_id))
    return [found for found in await session.scalars(query) if found]


def _still_there(thread_id: int | InstrumentedAttribute[int]) -> ColumnElement[bool]:
    said = and_(Message.kind == "post", Message.external_id.is_not(None), Message.deleted_at.is_(None))
    return and_(Message.thread_id == thread_id, said)


def bury(message: Message) -> bool:
    """Make a tombstone of a message that its author deleted, or that we may not keep. Whether it was none yet."""
    if message.deleted_at is not None:
        return False
    message.text, message.url, message.deleted_at = "", None, datetime.now(UTC)
    return True


async def _posts(session: AsyncSession, thread: Thread) -> Sequence[Message]:
    query = select(Message).where(
        Message.thread_id == thread.id, Message.kind == "post", Message.external_id.is_not(None)
    )
    return (await session.scalars(query)).all()


def _account(key: bytes, post: Post) -> str:
    return people.account_hash(key, post.channel, post.author.id)


async def _add(session: AsyncSession, key: bytes, thread: Thread, post: Post, customer: str | None) -> bool:
    account = _account(key, post)
    ours = account == customer
    if post.author.is_bot and not ours:
        return False
    added = await threads.append(
        session,
        thread,
        "post",
        "customer" if ours else "other",
        post.text,
        at=post.at,
        author_name=post.author.name,
        account=account,
        external_id=post.id,
        url=post.url,
    )
    return added is not None


async def said_in(session: AsyncSession, channel: str, external_id: str) -> Sequence[tuple[Thread, Message]]:
    """A post or private line wherever it is attached, with its thread, which is locked."""
    query = select(Thread).join(Thread.messages).where(Thread.channel == channel, Message.external_id == external_id)
    found = await session.scalars(query.order_by(Thread.id).with_for_update(of=Thread))
    said = select(Message).where(Message.external_id == external_id)
    return [(thread, (await session.scalars(said.where(Message.thread_id == thread.id))).one()) for thread in found]


async def count(session: AsyncSession, thread_id: int) -> tuple[int, int]:
    """How many entries of a thread are attached, and how many of them are tombstones."""
    query = select(func.count(), func.count(Message.deleted_at)).where(
        Message.thread_id == thread_id, Message.kind.in_(("post", "offer", "chat"))
    )
    attached, deleted = (await session.execute(query)).one()
    return attached, deleted
