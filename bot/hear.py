"""Hear what a customer says in private: into the thread, and the bot is woken if it has the floor."""

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channel import PrivateMessage
from handoff import attachments, threads
from handoff.models import Message, Thread
from nlu import language


async def hear(session: AsyncSession, thread: Thread, message: PrivateMessage) -> Message | None:
    """Write a customer's line down, with its files; `None` if it is there already. Raises `AttachmentError`.

    Who goes on in another language is answered in that one.
    """
    names = ", ".join(attachments.clean_name(file.name) for file in message.files)
    text, at, external_id = message.text or f"[{names}]", message.at, message.id
    said = await threads.append(session, thread, "chat", "customer", text, at=at, external_id=external_id)
    if said is not None:
        thread.language = language.heard(message.text or "", thread.language)
        await attachments.add(session, said, message.files)
        for file in message.attached:
            attachments.expect(session, said, file.name, file.source, file.size or 0)
    return said


def wake(thread: Thread, said: Message) -> None:
    """The bot looks at what was said now, unless a person has the thread. An ended thread begins anew."""
    if thread.ended_at is not None:
        thread.ended_at = thread.ended_why = thread.solved = None
        threads.give_floor(thread, "bot", func.clock_timestamp())
        thread.talk, thread.heard_seq = None, said.seq - 1
    elif thread.speaker == "bot":
        thread.due_at = func.clock_timestamp()
