"""The whole public thread: what was said in public around the post, as far as the channel lets us read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channel import Deleted, Post
from handoff import people, threads
from handoff.models import Customer, Message, OptIn, Thread


async def attach(session: AsyncSession, key: bytes, thread: Thread, posts: Sequence[Post | Deleted]) -> None:
    """Bring a locked thread up to the public posts as they are now: added, changed, or made a tombstone.

    What is not among them may just be out of reach (another place, too far back): only the channel's word buries it.
    """
    if thread.ended_why == threads.ERASED:
        return
    customer = await session.scalar(select(Customer.account).where(Customer.id == thread.customer_id))
    kept = {message.external_id: message for message in await _posts(session, thread)}
    for post in posts:
        message = kept.get(post.id)
        if isinstance(post, Deleted):
            if message is not None:
                bury(message)
        elif message is None:
            await _add(session, key, thread, post, customer)
        elif message.text != post.text and message.trouble != threads.ERASED:
            message.text, message.edited_at, message.deleted_at = post.text, datetime.now(UTC), None
            message.account = _account(key, post)
    await session.flush()


@dataclass(frozen=True, slots=True)
class Stale:
    """A thread whose public posts were last looked at a while ago."""

    thread_id: int
    channel: str
    place: str | None
    known: Sequence[str]


async def next_stale(session: AsyncSession, ages: Mapping[str, timedelta]) -> Stale | None:
    """Take the open thread that was looked at the longest ago, if that is longer than its channel's age in `ages`.

    It counts as looked at from now on, so that nobody else looks, and a failure waits for the next time.
    """
    for channel, age in ages.items():
        looked_at = func.coalesce(Thread.gathered_at, Thread.opened_at)
        query = select(Thread).join(OptIn).where(Thread.channel == channel, Thread.ended_at.is_(None))
        old = query.where(looked_at < func.clock_timestamp() - age).order_by(looked_at).limit(1)
        thread = (await session.scalars(old.with_for_update(of=Thread, skip_locked=True))).first()
        if thread is not None:
            thread.gathered_at = func.clock_timestamp()
            return Stale(thread.id, channel, thread.place, await known(session, thread.id))
    return None


async def known(session: AsyncSession, thread_id: int) -> Sequence[str]:
    """The ids of the public posts that are attached and, as far as we know, still there."""
    query = select(Message.external_id).where(
        Message.thread_id == thread_id,
        Message.kind == "post",
        Message.external_id.is_not(None),
        Message.deleted_at.is_(None),
    )
    return [found for found in await session.scalars(query) if found]


def bury(message: Message) -> None:
    """Make a tombstone of a message that its author deleted, or that we may not keep."""
    if message.deleted_at is None:
        message.text, message.url, message.deleted_at = "", None, datetime.now(UTC)


async def _posts(session: AsyncSession, thread: Thread) -> Sequence[Message]:
    query = select(Message).where(
        Message.thread_id == thread.id, Message.kind == "post", Message.external_id.is_not(None)
    )
    return (await session.scalars(query)).all()


def _account(key: bytes, post: Post) -> str:
    return people.account_hash(key, post.channel, post.author.id)


async def _add(session: AsyncSession, key: bytes, thread: Thread, post: Post, customer: str | None) -> None:
    account = _account(key, post)
    ours = account == customer
    if post.author.is_bot and not ours:
        return
    await threads.append(
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
