"""Hear what a customer says in private: into the thread, and the bot is woken if it has the floor."""

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channel import PrivateMessage
from handoff import threads
from handoff.models import Message, Thread


async def hear(session: AsyncSession, thread: Thread, message: PrivateMessage) -> Message | None:
    """Write a customer's line down; `None` if it is there already."""
    said = message.text
    return await threads.append(session, thread, "chat", "customer", said, at=message.at, external_id=message.id)


def wake(thread: Thread, said: Message) -> None:
    """The bot looks at what was said now, unless a person has the thread. An ended thread begins anew."""
    if thread.ended_at is not None:
        thread.ended_at = thread.ended_why = thread.solved = None
        threads.give_floor(thread, "bot", func.clock_timestamp())
        thread.talk, thread.heard_seq = None, said.seq - 1
    elif thread.speaker == "bot":
        thread.due_at = func.clock_timestamp()
