"""The whole public thread: what was said in public around the post, as far as the channel lets us read."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channel import Post
from handoff import people, threads
from handoff.models import Customer, Message, Thread


async def attach(session: AsyncSession, key: bytes, thread: Thread, posts: Sequence[Post]) -> None:
    """Bring a locked thread up to the public posts as they are now: new ones are added, changed ones changed.

    A post that is no longer there becomes a tombstone: its text goes, its entry stays and is counted.
    No posts at all means that the channel does not let us read, and changes nothing.
    """
    if not posts:
        return
    account = await session.scalar(select(Customer.account).where(Customer.id == thread.customer_id))
    kept = {message.external_id: message for message in await _posts(session, thread)}
    for post in posts:
        message = kept.pop(post.id, None)
        if message is None:
            await _add(session, key, thread, post, account)
        elif message.text != post.text:
            message.text, message.edited_at, message.deleted_at = post.text, datetime.now(UTC), None
    for gone in kept.values():
        bury(gone)
    await session.flush()


def bury(message: Message) -> None:
    """Make a tombstone of a message that its author deleted, or that we may not keep."""
    if message.deleted_at is None:
        message.text, message.url, message.deleted_at = "", None, datetime.now(UTC)


async def _posts(session: AsyncSession, thread: Thread) -> Sequence[Message]:
    query = select(Message).where(
        Message.thread_id == thread.id, Message.kind == "post", Message.external_id.is_not(None)
    )
    return (await session.scalars(query)).all()


async def _add(session: AsyncSession, key: bytes, thread: Thread, post: Post, account: str | None) -> None:
    ours = people.account_hash(key, post.channel, post.author.id) == account
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
        external_id=post.id,
        url=post.url,
    )


async def said_elsewhere(session: AsyncSession, channel: str, external_id: str) -> Sequence[Message]:
    """The messages that are this post or private line, in whatever threads they are attached to, locked."""
    query = select(Message).join(Thread).where(Thread.channel == channel, Message.external_id == external_id)
    return (await session.scalars(query.with_for_update(of=Message))).all()


async def count(session: AsyncSession, thread_id: int) -> tuple[int, int]:
    """How many entries of a thread are attached, and how many of them are tombstones."""
    query = select(func.count(), func.count(Message.deleted_at)).where(
        Message.thread_id == thread_id, Message.kind.in_(("post", "offer", "chat"))
    )
    attached, deleted = (await session.execute(query)).one()
    return attached, deleted
