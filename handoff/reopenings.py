"""Threads that an agent takes up again: one that was closed, and one that the bot has."""

from datetime import timedelta

from sqlalchemy import exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from handoff import cases, database, errors, people, threads, waits
from handoff.models import Agent, Case, Customer, Message, OptIn, Thread

SOON = timedelta(hours=1)
"""Whoever takes a case up again within this time goes on with it; later it is a new one, with clocks of its own."""

REASON = "opened again by the team"


async def open_again(session: AsyncSession, thread_id: int, agent: Agent) -> Case:
    """Go on with a thread that an agent closed or that the bot has; it is theirs. Doing it twice changes nothing.

    Raises `NoSuchCase`, `ClaimedBySomebodyElse`, `ShutOut`, and what `obstacle` says.
    """
    customer = await _customer(session, thread_id)
    await people.promise(session, customer.account)  # a STOP waits for us, or we for it
    await cases.refuse_if_shut_out(session, agent)
    thread, case = await cases.locked(session, thread_id)
    if case.closed_at is None:
        return await cases.claim(session, thread_id, agent)
    if refused := await obstacle(session, thread):
        raise refused
    await _withhold_question(session, case)
    said = "took the thread back from the bot" if threads.is_with_bot(thread) else "opened the case again"
    newer = await threads.open_thread(session, customer)
    if newer is not None and newer.id != thread.id:  # help was offered for something else meanwhile
        await threads.end(session, newer, "came by themselves")
    if thread.speaker != "team":
        threads.give_floor(thread, "team")
    thread.ended_at = thread.ended_why = thread.talk = thread.due_at = None
    case = await _same_or_new(session, case)
    case.claimed_by, case.claimed_at = agent.id, func.clock_timestamp()
    await threads.append(session, thread, "event", "agent", f"{agent.name} {said}", agent=agent)
    await waits.measure(session, thread_id)
    return case


async def obstacle(session: AsyncSession, thread: Thread) -> errors.CaseError | None:
    """Why nobody of the team can go on with a thread that has no open case; `None` when nothing is in the way."""
    if thread.ended_why == threads.ERASED:
        return errors.Erased()
    if not threads.is_with_bot(thread) and thread.ended_why != "closed":
        return errors.AlreadyClosed()
    if refused := await people.out_of_reach(session, thread):
        return refused
    if await session.scalar(select(Customer.external_id).where(Customer.id == thread.customer_id)) is None:
        return errors.NoAddress()
    later = aliased(Thread)
    talks = exists().where(OptIn.thread_id == later.id)
    newer = select(later.id).where(later.customer_id == thread.customer_id, later.id > thread.id, talks)
    left = newer.where(later.ended_why.is_distinct_from(threads.ERASED)).limit(1)
    return errors.NewerChat() if await session.scalar(left) is not None else None


async def _customer(session: AsyncSession, thread_id: int) -> Customer:
    query = select(Customer).join(Thread, Thread.customer_id == Customer.id).where(Thread.id == thread_id)
    if (found := (await session.scalars(query)).one_or_none()) is None:
        raise errors.NoSuchCase
    return found


async def _same_or_new(session: AsyncSession, case: Case) -> Case:
    if case.closed_at is not None and case.closed_at > await database.clock(session) - SOON:
        case.closed_at = case.closed_by = case.snoozed_until = None
        return case
    known = ("thread_id", "summary", "intent", "confidence", "found", "priority", "tags")
    new = Case(reason=REASON, **{name: getattr(case, name) for name in known})
    session.add(new)
    await session.flush()
    return new


async def _withhold_question(session: AsyncSession, case: Case) -> None:
    """Whether it was solved is not asked of what goes on. A question that is being sent right now is not waited for."""
    asks = (Message.kind == "event", Message.by == "bot", Message.buttons.is_not(None), Message.delivery == "pending")
    query = select(Message.id).where(Message.thread_id == case.thread_id, *asks, Message.written_at > case.closed_at)
    ids = list(await session.scalars(query.with_for_update(skip_locked=True)))
    await session.execute(update(Message).where(Message.id.in_(ids)).values(delivery="withheld", due_at=None))
