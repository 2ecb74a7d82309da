"""Files that go with what is said, both ways: which are taken, where they are kept, and what becomes of them."""

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

import puremagic
from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    Select,
    delete,
    exists,
    func,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, undefer

from handoff import attachment_errors as errors
from handoff.base import Base, identity, now
from handoff.errors import FileGone
from handoff.models import Agent, Message

PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""Shown in place; everything else is a download."""

ENDINGS: Mapping[str, Sequence[str]] = {
    "image/png": ["png"],
    "image/jpeg": ["jpg", "jpeg", "jfif"],
    "image/gif": ["gif"],
    "image/webp": ["webp"],
    "application/pdf": ["pdf"],
    "text/plain": ["txt", "csv", "log", "md", "json"],
    "audio/mpeg": ["mp3"],
    "audio/mp4": ["m4a"],
    "application/ogg": ["ogg", "oga", "opus"],
    "video/mp4": ["mp4"],
    "video/webm": ["webm"],
}
"""The kinds of file that are taken, by what is in them: nothing that runs, holds other files, or is a page.

Each with the endings that its name may have: a computer goes by them when it opens what was downloaded.
"""

ACCEPTED = ",".join(f".{ending}" for endings in ENDINGS.values() for ending in endings)
"""What a browser is told to offer; what comes is looked at all the same."""

MOST = 5
"""Files of one message."""

ROOM = 100 * 1024 * 1024
"""Bytes of all files of a thread together."""

MB = 1024 * 1024

LONGEST_NAME = 120

OUTSIDE_TEXT = frozenset(map(chr, range(32))) - set("\t\n\r\f")
"""Characters that no text for reading has."""


class Attachment(Base):
    """A file of a message, or of the reply that an agent has begun. If it has a type, its content is here.

    `source` is the channel's own name for a file that is still to be fetched; `sent_as` the id it was delivered under.
    """

    __tablename__ = "attachments"
    __table_args__ = (
        CheckConstraint("(message_id IS NULL) = (agent_id IS NOT NULL)", name="said_or_begun"),
        CheckConstraint("(content IS NULL) = (type = '')", name="type_of_content"),
        Index("ix_attachments_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index("ix_attachments_begun", "thread_id", "agent_id", postgresql_where=text("message_id IS NULL")),
    )

    id: Mapped[int] = identity()
    thread_id: Mapped[int] = mapped_column(ForeignKey("threads.id"), index=True)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"), index=True)
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    name: Mapped[str]
    type: Mapped[str] = mapped_column(server_default="")
    size: Mapped[int] = mapped_column(server_default="0")
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True, deferred_raiseload=True)
    source: Mapped[str | None]
    due_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(server_default="0")
    trouble: Mapped[str | None]
    sent_as: Mapped[str | None]
    at: Mapped[datetime] = now()

    @property
    def is_picture(self) -> bool:
        """Whether it is shown in place."""
        return self.type in PICTURES

    @property
    def measure(self) -> str:
        """Its size, roughly."""
        return f"{round(self.size / MB)} MB" if self.size >= MB else f"{max(1, round(self.size / 1024))} kB"


@dataclass(frozen=True, slots=True)
class File:
    """A file as somebody handed it over: its name is theirs."""

    name: str
    content: bytes


def checked(file: File, largest: int) -> tuple[str, str]:
    """Name and type of a file that is taken. `largest`: bytes. Raises `TooLarge`, `Empty`, `NotTaken`."""
    name = clean_name(file.name)
    if len(file.content) > largest:
        raise errors.TooLarge(name=name, most=f"{largest / MB:g}")
    if not file.content:
        raise errors.Empty(name=name)
    kind = kind_of(file.content)
    if kind is None:
        raise errors.NotTaken(name=name)
    return named(name, kind), kind


def kind_of(content: bytes) -> str | None:
    """The type of a file, by what is in it and never by its name; `None` if it is none that is taken."""
    try:
        found = puremagic.magic_string(content)
    except (puremagic.PureError, ValueError):
        found = []
    kinds: list[str] = [match.mime_type for match in found if match.mime_type]
    if kinds and kinds[0] in ENDINGS:
        return kinds[0]
    return "text/plain" if _is_text(content) else None


def _is_text(content: bytes) -> bool:
    """Words for reading: no markup, no script, nothing unprintable."""
    try:
        words = content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    head = words[:4096].lstrip("\ufeff \t\r\n").lower()
    is_code = head.startswith(("<", "#!", "%!", "mz")) or any(
        mark in head for mark in ("<html", "<script", "<svg", "<?")
    )
    return not is_code and OUTSIDE_TEXT.isdisjoint(words)


def clean_name(name: str) -> str:
    """A name to show: no folders, nothing invisible and nothing that turns the direction of reading."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(letter for letter in last if unicodedata.category(letter)[0] != "C").strip(" .")
    if len(shown) > LONGEST_NAME:
        stem, dot, ending = shown.rpartition(".")
        shown = (
            stem[: LONGEST_NAME - len(ending) - 1] + dot + ending if dot and len(ending) < 10 else shown[:LONGEST_NAME]
        )
    return shown or "file"


def named(name: str, kind: str) -> str:
    """The name with an ending that is true: a picture called "setup.exe" becomes "setup.exe.png"."""
    has_one = name.rpartition(".")[2].lower() in ENDINGS[kind]
    return name if has_one else f"{name}.{ENDINGS[kind][0]}"


def headers(attachment: Attachment) -> Mapping[str, str]:
    """How a file is handed out: by itself it may do nothing, and only a picture is shown in place."""
    how = "inline" if attachment.is_picture else "attachment"
    return {
        "Content-Type": "text/plain; charset=utf-8" if attachment.type == "text/plain" else attachment.type,
        "Content-Disposition": f"{how}; filename*=UTF-8''{quote(attachment.name, safe='')}",
        "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "private, no-store",
    }


def expect(session: AsyncSession, message: Message, name: str, source: str, size: int) -> None:
    """A file of what a customer says that the channel still has. `size`: bytes, as the channel tells them."""
    theirs = {"thread_id": message.thread_id, "message_id": message.id, "size": min(size, 2**31 - 1)}
    session.add(Attachment(name=clean_name(name), source=source, due_at=func.clock_timestamp(), **theirs))


async def add(session: AsyncSession, message: Message, files: Sequence[File], largest: int = ROOM) -> None:
    """Files of what a customer says. Raises `AttachmentError` for the first that is not taken."""
    await _add(session, files, largest, thread_id=message.thread_id, message_id=message.id)


async def begin(session: AsyncSession, thread_id: int, agent: Agent, files: Sequence[File], largest: int) -> None:
    """Files of the reply that an agent has begun, as many as go with one. Raises `AttachmentError`."""
    if len(await begun(session, thread_id, agent)) + len(files) > MOST:
        raise errors.TooMany(most=MOST)
    await _add(session, files, largest, thread_id=thread_id, agent_id=agent.id)


async def _add(session: AsyncSession, files: Sequence[File], largest: int, **whose: int) -> None:
    if len(files) > MOST:
        raise errors.TooMany(most=MOST)
    looked_at = [(file, *checked(file, largest)) for file in files]
    if not await has_room(session, whose["thread_id"], sum(len(file.content) for file in files)):
        raise errors.NoRoom
    for file, name, kind in looked_at:
        session.add(Attachment(name=name, type=kind, size=len(file.content), content=file.content, **whose))
    await session.flush()


async def has_room(session: AsyncSession, thread_id: int, size: int) -> bool:
    """Whether so many bytes more may be kept with a thread."""
    here = (Attachment.thread_id == thread_id, Attachment.type != "")
    kept = await session.scalar(select(func.sum(Attachment.size)).where(*here))
    return (kept or 0) + size <= ROOM


async def drop(session: AsyncSession, thread_id: int, agent: Agent, attachment_id: int) -> None:
    """Take a file away from the reply that an agent has begun."""
    theirs = (Attachment.thread_id == thread_id, Attachment.agent_id == agent.id, Attachment.id == attachment_id)
    await session.execute(delete(Attachment).where(*theirs))


async def send(session: AsyncSession, message: Message, agent: Agent, ids: Collection[int]) -> None:
    """Let the files of an agent's draft go with a message. Raises `TooMany`, and `FileGone` if one is not there."""
    if len(set(ids)) > MOST:  # those that were taken back are beside the ones attached since
        raise errors.TooMany(most=MOST)
    theirs = (Attachment.thread_id == message.thread_id, Attachment.agent_id == agent.id, Attachment.id.in_(ids))
    sent = update(Attachment).where(*theirs).values(message_id=message.id, agent_id=None).returning(Attachment.id)
    if len((await session.scalars(sent)).all()) < len(set(ids)):
        raise FileGone


async def give_back(session: AsyncSession, message: Message, agent: Agent) -> None:
    """The files of a reply that was taken back are in the agent's draft again."""
    back = update(Attachment).where(Attachment.message_id == message.id)
    await session.execute(back.values(message_id=None, agent_id=agent.id))


async def begun(session: AsyncSession, thread_id: int, agent: Agent) -> Sequence[Attachment]:
    """The files of the reply that an agent has begun, without their contents."""
    theirs = (Attachment.thread_id == thread_id, Attachment.agent_id == agent.id)
    return (await session.scalars(select(Attachment).where(*theirs).order_by(Attachment.id))).all()


async def of(session: AsyncSession, messages: Collection[Message]) -> Mapping[int, Sequence[Attachment]]:
    """The files of messages, by the message's id, without their contents."""
    query = select(Attachment).where(Attachment.message_id.in_([message.id for message in messages]))
    found: dict[int, list[Attachment]] = {}
    for one in await session.scalars(query.order_by(Attachment.id)):
        found.setdefault(one.message_id or 0, []).append(one)
    return found


def whole(thread_id: int, attachment_id: int) -> Select[Attachment]:
    """A file of a thread with its content, if the content is here."""
    there = (Attachment.thread_id == thread_id, Attachment.id == attachment_id, Attachment.type != "")
    return select(Attachment).where(*there).options(undefer(Attachment.content))


async def next_unsent(session: AsyncSession, message_id: int) -> Attachment | None:
    """The first file of a message that is still to be delivered, with its content."""
    unsent = (Attachment.message_id == message_id, Attachment.sent_as.is_(None), Attachment.type != "")
    query = select(Attachment).where(*unsent).order_by(Attachment.id).limit(1)
    return (await session.scalars(query.options(undefer(Attachment.content)))).first()


async def more(session: AsyncSession, message_id: int) -> bool:
    """Whether a file of a message is still to be delivered."""
    unsent = exists().where(Attachment.message_id == message_id, Attachment.sent_as.is_(None), Attachment.type != "")
    return bool(await session.scalar(select(unsent)))


async def forget(session: AsyncSession, thread_ids: Collection[int]) -> None:
    """Delete every file of threads, also what agents have begun. With a single message the database deletes its own."""
    await session.execute(delete(Attachment).where(Attachment.thread_id.in_(thread_ids)))
