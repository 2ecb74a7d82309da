"""Targets that a test can reckon with, and time that passes for one case."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from handoff import clocks, threads
from handoff.clocks import Clock
from handoff.database import Database
from handoff.models import Case, Message
from handoff.targets import Calendar, Target


async def ask_of_ourselves(database: Database, minutes: int | None = 60, **others: int | None) -> None:
    """One target for everything, by the clock, whatever the priority; `close=None` and the like for some."""
    async with database.transaction("test.targets") as session:
        await session.execute(update(Calendar).values(version=Calendar.version + 1))
        await session.execute(update(Target).values(minutes=minutes, in_hours=False))
        for what, number in others.items():
            await session.execute(update(Target).where(Target.what == what).values(minutes=number))


async def passes(database: Database, thread_id: int, minutes: float) -> None:
    """Everything about the thread's cases happened so much earlier, as if the test had waited."""
    earlier = timedelta(minutes=minutes)
    async with database.transaction("test.time passes") as session:
        await threads.locked(session, thread_id)
        ids = select(Case.id).where(Case.thread_id == thread_id).scalar_subquery()
        moved: dict[str, Any] = {name: getattr(Case, name) - earlier for name in ("opened_at", "first_reply_at")}
        moved |= {"waiting_since": Case.waiting_since - earlier, "closed_at": Case.closed_at - earlier}
        await session.execute(update(Case).where(Case.thread_id == thread_id).values(moved))
        await session.execute(
            update(Message).where(Message.thread_id == thread_id).values(written_at=Message.written_at - earlier)
        )
        past = {"began_at": Clock.began_at - earlier, "stopped_at": Clock.stopped_at - earlier}
        await session.execute(update(Clock).where(Clock.case_id.in_(ids)).values(past))
        pauses = {"began_at": clocks.Snooze.began_at - earlier, "until": clocks.Snooze.until - earlier}
        await session.execute(update(clocks.Snooze).where(clocks.Snooze.case_id.in_(ids)).values(pauses))
        await clocks.measure(session, thread_id)


async def clocks_of(database: Database, thread_id: int) -> list[Clock]:
    """The clocks of the thread, in order."""
    async with database.reading() as session:
        query = select(Clock).join(Case).where(Case.thread_id == thread_id).order_by(Clock.id)
        return list(await session.scalars(query))


async def told(database: Database, thread_id: int) -> dict[str, str]:
    """Each kind of clock of a thread, the newest of its kind, in a word."""
    return {clock.what: how(clock) for clock in await clocks_of(database, thread_id)}


def how(clock: Clock) -> str:
    """`runs`, `off`, `met`, `missed by 3 min` or `not needed`."""
    if clock.stopped_at is None:
        return "runs" if clock.due_at else "off"
    if clock.late is None:
        return "not needed"
    return f"missed by {clock.late // 60} min" if clock.late else "met"
