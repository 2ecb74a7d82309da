"""What agents put on a case to find it again: tags, a priority, and a snooze."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, clocks, errors, threads
from handoff.base import Priority, clean
from handoff.database import clock
from handoff.models import Agent, Case, Thread

LONGEST_TAG, MOST_TAGS = 40, 20

SPAM = "spam"
"""The tag of what only looks like a call for help."""

LONGEST_SNOOZE = timedelta(days=366)


async def tag(session: AsyncSession, thread_id: int, agent: Agent, word: str) -> Case:
    """Put a tag on the case. Raises `NoTag`, `TooManyTags`."""
    word = tidy(word)
    if not word:
        raise errors.NoTag
    thread, case = await cases.locked(session, thread_id)
    if word in case.tags:
        return case
    if len(case.tags) >= MOST_TAGS:
        raise errors.TooManyTags
    case.tags = [*case.tags, word]
    await _say(session, thread, agent, f"added the tag “{word}”")
    return case


async def untag(session: AsyncSession, thread_id: int, agent: Agent, word: str) -> Case:
    """Take a tag off the case."""
    thread, case = await cases.locked(session, thread_id)
    if word in case.tags:
        case.tags = [one for one in case.tags if one != word]
        await _say(session, thread, agent, f"removed the tag “{word}”")
    return case


async def spam(session: AsyncSession, thread_id: int, agent: Agent) -> Case:
    """Close a case that nobody is in need behind. Who sent it is not asked whether it was solved."""
    await tag(session, thread_id, agent, SPAM)
    return await cases.close(session, thread_id, agent)


async def prioritise(session: AsyncSession, thread_id: int, agent: Agent, priority: Priority) -> Case:
    """Say how urgent the case is."""
    thread, case = await cases.locked(session, thread_id)
    if case.priority != priority:
        case.priority = priority
        await _say(session, thread, agent, f"set the priority to {priority}")
        await clocks.measure(session, thread_id)
    return case


async def snooze(session: AsyncSession, thread_id: int, agent: Agent, until: datetime) -> Case:
    """Put the case out of sight until a moment, or until the customer writes.

    The event says the moment in the zone of `until`. Raises `NotAhead`, `AlreadyClosed`, `ClaimedBySomebodyElse`.
    """
    thread, case = await cases.locked(session, thread_id)
    _refuse_if_not_theirs(case, agent)
    now = await clock(session)
    if not now < until < now + LONGEST_SNOOZE:
        raise errors.NotAhead
    case.snoozed_until = until
    await _say(session, thread, agent, f"snoozed the case until {until:%a %-d %b %H:%M %Z}")
    await clocks.measure(session, thread_id)
    return case


async def wake(session: AsyncSession, thread_id: int, agent: Agent) -> Case:
    """End a snooze before its time."""
    thread, case = await cases.locked(session, thread_id)
    _refuse_if_not_theirs(case, agent)
    if case.snoozed_until is not None:
        case.snoozed_until = None
        await _say(session, thread, agent, "ended the snooze")
        await clocks.measure(session, thread_id)
    return case


def tidy(word: str) -> str:
    """A tag as it is kept: small letters, single spaces, not too long."""
    return " ".join(str(clean(word)).lower().split())[:LONGEST_TAG].strip()


def _refuse_if_not_theirs(case: Case, agent: Agent) -> None:
    if case.closed_at is not None:
        raise errors.AlreadyClosed
    if case.claimed_by not in (None, agent.id) and not agent.may("lead"):
        raise errors.ClaimedBySomebodyElse


async def _say(session: AsyncSession, thread: Thread, agent: Agent, what: str) -> None:
    await threads.append(session, thread, "event", "agent", f"{agent.name} {what}", agent=agent)
