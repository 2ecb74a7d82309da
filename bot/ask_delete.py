"""Ask whether all is to be deleted, of who wishes it in the chat itself; and tell there what they agreed to."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channel import Command, PrivateMessage
from bot.say import in_all, say
from handoff import database, people, threads
from handoff.models import Customer, Message, OptIn, Thread

LATELY = timedelta(hours=1)
"""A yes that comes later than this after the question may mean something else. A rule of ours, not measured."""


def asked(message: PrivateMessage) -> Command | None:
    """What a line asks for. A yes to the question asks for it, too: where it comes too late it is asked again."""
    return message.command or ("delete" if message.text in in_all("delete_yes") else None)


async def is_sure(session: AsyncSession, customer: Customer, message: PrivateMessage) -> bool:
    """Whether they said yes to it, or ask for it where we may not say a word. No thread is locked by looking."""
    if asked(message) != "delete":
        return False
    if customer.external_id is None:  # forgotten after the retention time, but for what names nobody
        return True
    there = (Thread.customer_id == customer.id, Thread.ended_why.is_distinct_from(threads.ERASED))
    chat = await session.scalar(select(Thread).join(OptIn).where(*there).order_by(Thread.id.desc()).limit(1))
    if chat is None or not await people.may_talk(session, chat):
        return True
    return message.command is None and await _was_asked(session, chat)


async def answer(session: AsyncSession, thread: Thread, message: PrivateMessage) -> None:
    """Answer what is asked for in a locked thread. An event: neither Rasa nor the clocks of the case hear of it."""
    command = asked(message)
    told = f"The customer sent /{command}"
    heard = await threads.append(session, thread, "event", "customer", told, external_id=message.id)
    if heard is None or not await people.may_talk(session, thread):
        return
    if command == "delete":
        text, buttons = say("delete_ask", thread.language), [say("delete_yes", thread.language)]
    else:
        opt_in = await session.get_one(OptIn, thread.id)
        text = say("privacy", thread.language, day=opt_in.at.date(), wording=opt_in.wording)
        buttons = ["STOP", "/delete"]
    client_id = f"ask-{command}-{thread.id}-{heard.seq}"
    await threads.append(
        session, thread, "event", "bot", text, buttons=buttons, client_id=client_id, delivery="pending"
    )


async def _was_asked(session: AsyncSession, chat: Thread) -> bool:
    """Whether the last that they heard is the question."""
    heard = (Message.thread_id == chat.id, Message.delivery.in_(("pending", "sent")))
    query = select(Message.client_id, Message.written_at).where(*heard).order_by(Message.seq.desc()).limit(1)
    last = (await session.execute(query)).one_or_none()
    if last is None or not (last.client_id or "").startswith("ask-delete-"):
        return False
    return bool(last.written_at > await database.clock(session) - LATELY)
