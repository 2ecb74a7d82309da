"""Warn whoever has a case that something is due soon, and tell the leads of what is overdue: each once.

That somebody was told stands with the clock, and is written in the transaction that tells them; so a crash and a second
process change nothing.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clocks, database, mentions, threads
from handoff.clocks import Clock
from handoff.database import Database
from handoff.models import Agent, Case, Thread

log = logging.getLogger(__name__)

MOST = 200
"""Threads of one look."""

WHAT = {"first_reply": "The first reply", "next_reply": "The next reply", "close": "Closing this case"}


async def tell(session: AsyncSession, thread_id: int) -> None:
    """Tell of every clock of a thread that is due soon or overdue, and of which nobody has been told."""
    thread = await threads.locked(session, thread_id)
    await clocks.measure(session, thread_id)
    query = select(Clock, Case).join(Case).where(Case.thread_id == thread_id, *clocks.telling()).order_by(Clock.id)
    now = await database.clock(session)
    for clock, case in (await session.execute(query)).all():
        left = (clock.due_at or now) - now
        if left <= timedelta(0):
            await _escalate(session, thread, case, clock)
        else:
            await _warn(session, thread, case, clock, left)


async def _warn(session: AsyncSession, thread: Thread, case: Case, clock: Clock, left: timedelta) -> None:
    clock.warned_at = func.clock_timestamp()
    await _say(session, thread, f"{WHAT[clock.what]} is due in {in_words(left)}", await _claimer(session, case))


async def _escalate(session: AsyncSession, thread: Thread, case: Case, clock: Clock) -> None:
    clock.escalated_at = func.clock_timestamp()
    clock.warned_at = clock.warned_at or func.clock_timestamp()
    leads = await _leads(session)
    told = f" {_list([agent.name for agent in leads])} {'was' if len(leads) == 1 else 'were'} told." if leads else ""
    claimer = [agent for agent in await _claimer(session, case) if agent.id not in {lead.id for lead in leads}]
    await _say(session, thread, f"{WHAT[clock.what]} is overdue.{told}", [*claimer, *leads])


async def _say(session: AsyncSession, thread: Thread, text: str, to: Sequence[Agent]) -> None:
    event = await threads.append(session, thread, "event", "bot", text)
    if event is not None:
        for agent in to:
            mentions.mention(session, event, agent)


async def _claimer(session: AsyncSession, case: Case) -> Sequence[Agent]:
    query = select(Agent).where(Agent.id == case.claimed_by, Agent.disabled_at.is_(None))
    return list(await session.scalars(query))


async def _leads(session: AsyncSession) -> Sequence[Agent]:
    """Who leads; where nobody does, the admins."""
    works = select(Agent).where(Agent.disabled_at.is_(None)).order_by(Agent.name, Agent.id)
    leads = list(await session.scalars(works.where(Agent.role == "lead")))
    return leads or list(await session.scalars(works.where(Agent.role == "admin")))


def in_words(how_long: timedelta) -> str:
    """A length of time in one number, rounded down: "12 min", "3 h", "2 days"."""
    minutes = int(how_long.total_seconds() // 60)
    if minutes < 1:
        return "less than a minute"
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"


def _list(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


class Warn:
    """The loop's work: set right what runs by rules of yesterday, then tell of what is due."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def look(self) -> None:
        """One look. A thread with which something goes wrong keeps no other from its turn."""
        async with self._database.reading() as session:
            stale, due = await clocks.stale(session, MOST), await clocks.due(session, MOST)
        for thread_id in stale:
            await self._measure(thread_id)
        for thread_id in due:
            await self._tell(thread_id)

    async def _measure(self, thread_id: int) -> None:
        try:
            async with self._database.transaction("warn.measure") as session:
                await threads.locked(session, thread_id)
                await clocks.measure(session, thread_id)
                database.changed(session, thread_id)
        except Exception:
            log.exception("the clocks of thread %s could not be set right", thread_id)

    async def _tell(self, thread_id: int) -> None:
        try:
            async with self._database.transaction("warn.tell") as session:
                await tell(session, thread_id)
        except Exception:
            log.exception("nobody was told of what is due on thread %s", thread_id)
