"""Threads in human hands: handing off, claiming, releasing, replying, closing."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any, get_args

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import attachments, clocks, drafts, errors, mentions, people, saved_replies, threads, waits
from handoff.base import Priority, clean
from handoff.models import Agent, Case, Message, Thread

LONGEST_REPLY = 4096
"""Characters of one reply: Telegram's limit, the strictest of our channels."""


TAKEN_BACK = "taken back"
"""What stands in a reply that its agent undid before it was delivered."""


async def hand_off(
    session: AsyncSession,
    thread: Thread,
    reason: str,
    summary: str,
    *,
    intent: str | None = None,
    confidence: float | None = None,
    found: dict[str, Any] | None = None,
) -> Case:
    """Give a locked thread to the team: the bot is silent from this commit on. Repeating it changes nothing."""
    case = await _open_case(session, thread)
    if case is not None:
        return case
    threads.give_floor(thread, "team")
    thread.ended_at = thread.ended_why = None
    case = Case(
        thread_id=thread.id,
        reason=reason,
        summary=summary,
        intent=intent,
        confidence=confidence,
        found=found or {},
        priority=_priority(found or {}),
    )
    session.add(case)
    await threads.append(session, thread, "event", "bot", f"Handed off: {reason}")
    await clocks.measure(session, thread.id)
    return case


async def place_in_line(session: AsyncSession, thread: Thread) -> int:
    """The place of a thread's case among those that nobody has claimed, from 1; 0 if it is not waiting."""
    waiting = (Case.closed_at.is_(None), Case.claimed_by.is_(None))
    mine = await session.scalar(select(Case.id).where(Case.thread_id == thread.id, *waiting))
    if mine is None:
        return 0
    return await session.scalar(select(func.count(Case.id)).where(Case.id <= mine, *waiting)) or 0


async def locked(session: AsyncSession, thread_id: int) -> tuple[Thread, Case]:
    """The thread and its newest case, locked. Raises `NoSuchCase`."""
    thread = (await session.scalars(select(Thread).where(Thread.id == thread_id).with_for_update())).one_or_none()
    newest = select(Case).where(Case.thread_id == thread_id).order_by(Case.id.desc()).limit(1)
    case = (await session.scalars(newest)).one_or_none()
    if thread is None or case is None:
        raise errors.NoSuchCase
    return thread, case


async def known(session: AsyncSession, thread_id: int, *, hold: bool = False) -> None:
    """Raises `NoSuchCase` for a thread that was never handed off, and for one of which nothing is left.

    `hold`: whoever has it deleted waits for us, or we for them.
    """
    if hold:
        held = select(Thread.id).where(Thread.id == thread_id)
        await session.execute(held.with_for_update(read=True, key_share=True))
    left = Thread.ended_why.is_distinct_from(threads.ERASED)
    query = select(Case.id).join(Case.thread).where(Case.thread_id == thread_id, left)
    if await session.scalar(query.limit(1)) is None:
        raise errors.NoSuchCase


async def claim(session: AsyncSession, thread_id: int, agent: Agent) -> Case:
    """Take a waiting case. Raises `ClaimedBySomebodyElse`, `AlreadyClosed`, `ShutOut`."""
    await refuse_if_shut_out(session, agent)
    thread, case = await locked(session, thread_id)
    if case.closed_at is not None:
        raise threads.why_closed(thread)
    if case.claimed_by not in (None, agent.id):
        raise errors.ClaimedBySomebodyElse
    if case.claimed_by is None:
        case.claimed_by, case.claimed_at = agent.id, func.clock_timestamp()
        await threads.append(session, thread, "event", "agent", f"{agent.name} claimed the case", agent=agent)
    return case


async def release(session: AsyncSession, thread_id: int, agent: Agent) -> Case:
    """Give a claimed case back to the queue. Who leads may release anybody's."""
    thread, case = await locked(session, thread_id)
    if case.closed_at is not None:
        raise errors.AlreadyClosed
    if case.claimed_by is None:
        return case
    if case.claimed_by != agent.id and not agent.may("lead"):
        raise errors.ClaimedBySomebodyElse
    case.claimed_by = case.claimed_at = None
    await threads.append(session, thread, "event", "agent", f"{agent.name} released the case", agent=agent)
    return case


async def close(session: AsyncSession, thread_id: int, agent: Agent) -> Case:
    """End a case. The thread ends with it, until the customer writes again."""
    thread, case = await locked(session, thread_id)
    if case.closed_at is not None:
        return case
    if case.claimed_by not in (None, agent.id) and not agent.may("lead"):
        raise errors.ClaimedBySomebodyElse
    case.closed_at, case.closed_by = func.clock_timestamp(), agent.id
    await threads.append(session, thread, "event", "agent", f"{agent.name} closed the case", agent=agent)
    await threads.end(session, thread, "closed")
    await clocks.measure(session, thread_id)
    return case


async def end(session: AsyncSession, thread: Thread, why: str) -> None:
    """End a locked thread, and with it its open case, which nobody of the team closes."""
    closing = update(Case).where(Case.thread_id == thread.id, Case.closed_at.is_(None))
    await threads.end(session, thread, why)
    await session.execute(closing.values(closed_at=func.clock_timestamp()))
    await clocks.measure(session, thread.id)


async def reply(
    session: AsyncSession,
    thread_id: int,
    agent: Agent,
    text: str,
    *,
    client_id: str,
    seen_seq: int,
    undo: timedelta = timedelta(0),
    files: Collection[int] = (),
) -> Message | None:
    """Say something to the customer; `None` if this `client_id` was said before.

    A waiting case is claimed by replying. Raises `SomebodyReplied` when a colleague replied after `seen_seq`,
    `Stopped`, `ClaimedBySomebodyElse`, `AlreadyClosed`, `NothingSaid`, `TooLong`, `GapLeft`, `ShutOut`,
    `AttachmentError`. `files` are those of their draft that go with it.
    """
    text = _checked(text, may_be_empty=bool(files))
    if saved_replies.gaps(text):
        raise errors.GapLeft
    await refuse_if_shut_out(session, agent)
    thread, case = await locked(session, thread_id)
    if await session.scalar(select(Message.id).where(Message.client_id == client_id)):
        return None
    if obstacle := await people.out_of_reach(session, thread):
        raise obstacle
    await _refuse_if_overtaken(session, thread, agent, seen_seq)
    if case.claimed_by != agent.id:
        await claim(session, thread_id, agent)
    elif case.closed_at is not None:
        raise threads.why_closed(thread)
    if case.first_reply_at is None:
        case.first_reply_at = func.clock_timestamp()
    await drafts.drop(session, thread_id, agent, "reply")
    said = await threads.append(
        session, thread, "chat", "agent", text, agent=agent, client_id=client_id, delivery="pending", wait=undo
    )
    if said is not None and files:
        await attachments.send(session, said, agent, files)
    return said


async def take_back(session: AsyncSession, thread_id: int, message_id: int, agent: Agent) -> None:
    """Undo a reply that nobody has begun to deliver: its words are the agent's draft again.

    Raises `OnItsWay`, and `NoSuchCase` for what is not a reply of theirs.
    """
    thread, case = await locked(session, thread_id)
    theirs = (Message.id == message_id, Message.thread_id == thread_id, Message.agent_id == agent.id)
    query = select(Message).where(*theirs, Message.kind == "chat").with_for_update()
    message = (await session.scalars(query)).one_or_none()
    if message is None:
        raise errors.NoSuchCase
    if message.deleted_at is not None:
        return
    if message.delivery != "pending" or message.tries:
        raise errors.OnItsWay
    await drafts.give_back(session, thread_id, agent, "reply", message.text)
    await attachments.give_back(session, message, agent)
    message.text, message.delivery, message.due_at, message.trouble = "", "withheld", None, TAKEN_BACK
    message.deleted_at = func.clock_timestamp()
    if case.first_reply_at is not None and not await _has_reply(session, case, besides=message):
        case.first_reply_at = None
    await _open_again(session, thread, case, agent)
    threads.touch(session, thread)
    await session.flush()
    await waits.measure(session, thread_id)


async def _open_again(session: AsyncSession, thread: Thread, case: Case, agent: Agent) -> None:
    """A case that was closed by the same agent with the reply that they take back."""
    if case.closed_by != agent.id or thread.ended_why != "closed":
        return
    case.closed_at = case.closed_by = None
    thread.ended_at = thread.ended_why = None
    await threads.append(session, thread, "event", "agent", f"{agent.name} opened the case again", agent=agent)


async def try_again(session: AsyncSession, thread_id: int, message_id: int) -> None:
    """Let a reply that was not delivered wait to be sent once more. Raises `Stopped`, `NoSuchCase`."""
    thread, _ = await locked(session, thread_id)
    failed = select(Message).where(Message.id == message_id, Message.thread_id == thread_id, Message.by == "agent")
    message = (await session.scalars(failed)).one_or_none()
    if message is None:
        raise errors.NoSuchCase
    if not await people.may_talk(session, thread):
        raise errors.Stopped
    if message.delivery == "failed":
        message.delivery, message.due_at, message.tries, message.trouble = "pending", func.clock_timestamp(), 0, None
        message.epoch = thread.epoch
        threads.touch(session, thread)
        await waits.measure(session, thread_id)


async def note(session: AsyncSession, thread_id: int, agent: Agent, text: str, *, client_id: str) -> Message | None:
    """Say something to the team. It never leaves the house; `None` if this `client_id` was said before.

    Raises `Erased`, `NothingSaid`, `TooLong`.
    """
    text = _checked(text)
    thread, _ = await locked(session, thread_id)
    if thread.ended_why == threads.ERASED:
        raise errors.Erased
    await drafts.drop(session, thread_id, agent, "note")
    message = await threads.append(session, thread, "note", "agent", text, agent=agent, client_id=client_id)
    if message is not None:
        await mentions.write_down(session, message, agent)
    return message


def _priority(found: dict[str, Any]) -> Priority:
    """As urgent as triage found it to be, if it found that out."""
    said = str(found.get("urgency", "")).lower()
    return next((priority for priority in get_args(Priority) if priority == said), "normal")


async def _open_case(session: AsyncSession, thread: Thread) -> Case | None:
    query = select(Case).where(Case.thread_id == thread.id, Case.closed_at.is_(None))
    return (await session.scalars(query)).one_or_none()


async def _has_reply(session: AsyncSession, case: Case, besides: Message) -> bool:
    query = select(Message.id).where(
        Message.thread_id == case.thread_id,
        Message.kind == "chat",
        Message.by == "agent",
        Message.written_at > case.opened_at,
        Message.deleted_at.is_(None),
        Message.id != besides.id,
    )
    return await session.scalar(query.limit(1)) is not None


async def refuse_if_shut_out(session: AsyncSession, agent: Agent) -> None:
    """Raises `ShutOut`. Whoever shuts them out waits for us, or we for them: agent first, as `agents.disable` does."""
    still_in = select(Agent.id).where(Agent.id == agent.id, Agent.disabled_at.is_(None))
    if await session.scalar(still_in.with_for_update(read=True)) is None:
        raise errors.ShutOut


async def _refuse_if_overtaken(session: AsyncSession, thread: Thread, agent: Agent, seen_seq: int) -> None:
    query = select(Message.id).where(
        Message.thread_id == thread.id,
        Message.seq > seen_seq,
        Message.kind == "chat",
        Message.by == "agent",
        Message.agent_id != agent.id,
        Message.deleted_at.is_(None),
    )
    if await session.scalar(query.limit(1)):
        raise errors.SomebodyReplied


def _checked(text: str, *, may_be_empty: bool = False) -> str:
    said: str = clean(text).strip()
    if not said and not may_be_empty:
        raise errors.NothingSaid
    if len(said) > LONGEST_REPLY:
        raise errors.TooLong
    return said
