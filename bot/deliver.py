"""Send what waits to be sent in private, whoever wrote it: in a thread's order, at least once, never after a STOP."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.channel import NeverDeliverable, PrivateFile, PrivateLine, TryLater
from handoff import attachments, database, people, threads, waits
from handoff.attachments import Attachment
from handoff.models import Customer, Message, Promise, Thread

MOST_TRIES = 8
"""Tries at a line whose fate is unknown, about 4 minutes in all, before it is shown as not sent."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A line that this worker sends now, on its thread's channel."""

    message_id: int
    thread_id: int
    account: str
    channel: str
    line: PrivateLine
    attachment_id: int | None = None
    """The file that is sent now; the words of its message went before it, each for itself."""


async def claim(session: AsyncSession, lease: timedelta) -> Claimed | bool:
    """Take the next line that is due, for as long as `lease`.

    `False`: there is none. `True`: one was due, but must not go out.
    """
    row = (await session.execute(_next())).first()
    if row is None:
        return False
    message, thread, customer = row
    if not await _may_go(session, message, thread, customer.account) or customer.external_id is None:
        message.delivery = "draft" if message.by == "bot" and thread.speaker == "team" else "withheld"
        message.due_at = None
        database.changed(session, thread.id)  # the thread itself is not written to: its lock comes before the message's
        return True
    message.due_at = func.clock_timestamp() + lease
    message.tries += 1
    attachment = await _next_file(session, message)
    if attachment is None and message.external_id is not None:  # what was left of it was deleted
        message.delivery, message.due_at = "sent", None
        return True
    line = PrivateLine(f"message-{message.id}", customer.external_id, message.text, tuple(message.buttons or ()))
    if attachment is not None:
        file = PrivateFile(attachment.name, attachment.type, attachment.content or b"")
        line = PrivateLine(f"attachment-{attachment.id}", line.to, "", file=file)
    attachment_id = attachment.id if attachment else None
    return Claimed(message.id, thread.id, customer.account, thread.channel, line, attachment_id)


async def _next_file(session: AsyncSession, message: Message) -> Attachment | None:
    """What is to be sent of a message now, if that is not its words: each part is settled before the next is sent."""
    if message.text and message.external_id is None:
        return None
    return await attachments.next_unsent(session, message.id)


def _next() -> Select[Message, Thread, Customer]:
    earlier = aliased(Message)
    in_order: ColumnElement[bool] = ~exists().where(
        earlier.thread_id == Message.thread_id, earlier.seq < Message.seq, earlier.delivery == "pending"
    )
    due = (Message.delivery == "pending", Message.due_at <= func.clock_timestamp(), in_order)
    rows = select(Message, Thread, Customer).join_from(Message, Thread).join(Customer)
    return rows.where(*due).order_by(Message.due_at).limit(1).with_for_update(of=Message, skip_locked=True)


async def _may_go(session: AsyncSession, message: Message, thread: Thread, account: str) -> bool:
    """A bot's line only while the bot has the floor it was written on; after a STOP only the event that confirms it."""
    if message.kind != "event" and message.by == "bot" and message.epoch != thread.epoch:
        return False
    if await people.may_talk(session, thread):
        return True
    stopped_at = await session.scalar(select(Promise.stopped_at).where(Promise.account == account))
    return message.kind == "event" and stopped_at is not None and message.written_at >= stopped_at


async def settle(session: AsyncSession, claimed: Claimed, outcome: str | BaseException) -> None:
    """Write down how a sending ended."""
    thread = await threads.locked(session, claimed.thread_id)
    if thread.ended_why == threads.ERASED:
        return
    message = (await session.scalars(select(Message).where(Message.id == claimed.message_id).with_for_update())).one()
    if isinstance(outcome, str):
        await _settle_part(session, message, claimed.attachment_id, outcome)
    elif isinstance(outcome, TryLater):
        message.due_at, message.trouble = func.clock_timestamp() + timedelta(seconds=outcome.seconds), str(outcome)
        message.tries -= 1
    elif isinstance(outcome, NeverDeliverable) or message.tries >= MOST_TRIES:
        file = f"{claimed.line.file.name}: " if claimed.line.file else ""
        message.delivery, message.due_at, message.trouble = "failed", None, f"{file}{outcome}"
        await session.flush()
        await waits.measure(session, thread.id)
    else:
        message.due_at = func.clock_timestamp() + timedelta(seconds=2 ** min(message.tries, 6))
        message.trouble = f"{type(outcome).__name__}: {outcome}"
    threads.touch(session, thread)


async def _settle_part(session: AsyncSession, message: Message, attachment_id: int | None, sent_as: str) -> None:
    """Write down what was sent of a message, which is sent when all of it is. A file may be deleted by then."""
    if attachment_id is None:
        message.external_id = sent_as
    elif attachment := await session.get(Attachment, attachment_id):
        attachment.sent_as = sent_as
    await session.flush()
    message.trouble = None
    if await attachments.more(session, message.id):
        message.tries, message.due_at = 0, func.clock_timestamp()
    else:
        message.delivery, message.due_at = "sent", None
        message.external_id = message.external_id or sent_as
