"""Fetch the files that came with private lines: looked at before they are kept, and never lost without a word."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channel import Channel, NeverDeliverable, TooLarge, TryLater
from bot.say import say
from handoff import attachment_errors, attachments, people, threads
from handoff.attachments import MB, Attachment, File
from handoff.database import Database
from handoff.failpoints import outside
from handoff.models import Message, Thread

LEASE = timedelta(seconds=60)
"""How long a file is left to who fetches it; longer than a fetch."""

MOST_TRIES = 6
"""Tries at a file, about 4 minutes in all."""

QUIET = timedelta(hours=1)
"""After we said that a file could not be opened we do not say it again for so long: five of them may come at once."""

TROUBLES = {
    TooLarge: "too large to show",
    attachment_errors.TooLarge: "too large to show",
    attachment_errors.NotTaken: "not a kind of file that is taken",
    attachment_errors.Empty: "empty",
    attachment_errors.NoRoom: "no room for more files in this thread",
}
"""What agents read in place of the file."""


@dataclass(frozen=True, slots=True)
class Due:
    """A file to be fetched now."""

    attachment_id: int
    thread_id: int
    channel: str
    source: str
    name: str
    is_too_large: bool


async def claim(session: AsyncSession, largest: int) -> Due | None:
    """Take the next file that is due. `None`: there is none."""
    due = Attachment.due_at <= func.clock_timestamp()
    query = select(Attachment, Thread.channel).join(Thread, Thread.id == Attachment.thread_id).where(due)
    next_one = query.order_by(Attachment.due_at).limit(1).with_for_update(of=Attachment, skip_locked=True)
    row = (await session.execute(next_one)).first()
    if row is None:
        return None
    attachment, channel = row
    attachment.due_at = func.clock_timestamp() + LEASE
    attachment.tries += 1
    is_too_large = attachment.size > largest
    return Due(attachment.id, attachment.thread_id, channel, attachment.source or "", attachment.name, is_too_large)


async def settle(session: AsyncSession, due: Due, outcome: bytes | Exception, largest: int) -> None:
    """Keep the file, or say in its place why it is not there. It may have been deleted meanwhile."""
    thread = await threads.locked(session, due.thread_id)
    query = select(Attachment).where(Attachment.id == due.attachment_id).with_for_update()
    attachment = (await session.scalars(query)).one_or_none()
    if attachment is None or attachment.type:
        return
    threads.touch(session, thread)
    if isinstance(outcome, bytes):
        outcome = await _kept(session, attachment, outcome, largest) or outcome
    if isinstance(outcome, bytes):
        attachment.due_at = attachment.trouble = None
    elif isinstance(outcome, NeverDeliverable | attachment_errors.AttachmentError) or attachment.tries >= MOST_TRIES:
        attachment.due_at, attachment.trouble = None, TROUBLES.get(type(outcome), "it could not be fetched")
        await _tell(session, thread, largest)
    else:
        wait = outcome.seconds if isinstance(outcome, TryLater) else 2.0 ** (attachment.tries + 1)
        attachment.due_at = func.clock_timestamp() + timedelta(seconds=wait)


async def _kept(
    session: AsyncSession, attachment: Attachment, content: bytes, largest: int
) -> attachment_errors.AttachmentError | None:
    try:
        name, kind = attachments.checked(File(attachment.name, content), largest)
    except attachment_errors.AttachmentError as error:
        return error
    if not await attachments.has_room(session, attachment.thread_id, len(content)):
        return attachment_errors.NoRoom()
    attachment.name, attachment.type, attachment.size, attachment.content = name, kind, len(content), content
    return None


async def _tell(session: AsyncSession, thread: Thread, largest: int) -> None:
    """Say once that a file could not be opened: an event, for the bot has no word after the handoff."""
    if not await people.may_talk(session, thread):
        return
    text = say("no_file", thread.language, most=f"{largest / MB:g}")
    lately = Message.written_at > func.clock_timestamp() - QUIET
    told = exists().where(Message.thread_id == thread.id, Message.kind == "event", Message.text == text, lately)
    if not await session.scalar(select(told)):
        await threads.append(session, thread, "event", "bot", text, delivery="pending")


class Fetch:
    """The loop's work: claim, call, settle. `largest`: bytes of one file."""

    def __init__(self, database: Database, channels: Mapping[str, Channel], largest: int) -> None:
        self._database, self._channels, self._largest = database, channels, largest

    async def claim(self) -> bool | Callable[[], Awaitable[None]]:
        """Claim the next file; the work is to fetch it."""
        async with self._database.transaction("fetch.claim") as session:
            due = await claim(session, self._largest)
        if due is None:
            return False
        return lambda: self._fetch(due)

    async def _fetch(self, due: Due) -> None:
        outcome = await self._try(due)
        async with self._database.transaction("fetch.settle") as session:
            await settle(session, due, outcome, self._largest)

    async def _try(self, due: Due) -> bytes | Exception:
        if due.is_too_large:
            return TooLarge("the channel says so")
        if due.channel not in self._channels:
            return NeverDeliverable("the channel is not set up any more")
        try:
            async with outside("fetch.call"):
                return await self._channels[due.channel].fetch(due.source, self._largest)
        except Exception as error:
            return error
