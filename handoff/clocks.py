"""Clocks: how long a customer has waited, and a case been open, against what we ask of ourselves.

Everything here follows from the case: when it was opened, answered, closed and out of sight. So a clock can be set
right at any time, and whoever changes one of these calls `measure`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, exists, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, aliased, mapped_column, relationship

from handoff import hours, targets
from handoff.base import Base, identity, one_of
from handoff.hours import Span
from handoff.models import Case, Message
from handoff.targets import Rules, Target, What

SOON = 0.75
"""The part of a target after which it is due soon."""

_RUNS = "stopped_at IS NULL"


class Clock(Base):
    """Something that is due on a case, and how it went. One that stopped is never changed, unless it goes on."""

    __tablename__ = "clocks"
    __table_args__ = (
        UniqueConstraint("case_id", "what", "began_at"),
        one_of("what", What),
        Index("ix_clocks_stale", "rules", postgresql_where=text(_RUNS)),
        Index("ix_clocks_soon", "soon_at", postgresql_where=text(f"{_RUNS} AND warned_at IS NULL")),
        Index("ix_clocks_due", "due_at", postgresql_where=text(f"{_RUNS} AND escalated_at IS NULL")),
        Index("ix_clocks_stopped_at", "stopped_at", postgresql_where=text("late IS NOT NULL")),
    )

    id: Mapped[int] = identity()
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"))
    what: Mapped[What] = mapped_column(String)
    began_at: Mapped[datetime]
    allowed: Mapped[int | None]
    """Seconds; empty where there is no target."""
    soon_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    """Empty where there is no target, and where nobody ever works."""
    stopped_at: Mapped[datetime | None]
    late: Mapped[int | None]
    """Once it stopped: by how many seconds that count the target was missed, 0 if it was met. Empty while it runs, and
    where nothing was owed any more: the case was closed before it was due."""
    rules: Mapped[int]
    """The version of the targets and hours that it was reckoned with."""
    warned_at: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]

    case: Mapped[Case] = relationship(lazy="raise", back_populates="clocks")

    @property
    def runs(self) -> bool:
        """Whether it can still become due."""
        return self.stopped_at is None and self.due_at is not None


Case.clocks = relationship(Clock, lazy="raise", back_populates="case", order_by=Clock.id)

_FIRST = (
    select(Clock)
    .where(Clock.case_id == Case.id, Clock.stopped_at.is_(None), Clock.due_at.is_not(None))
    .order_by(Clock.due_at, Clock.id)
    .limit(1)
)
FirstDue = aliased(Clock, _FIRST.correlate(Case).lateral(), name="FirstDue")
"""The clock of a case that is due first, to be joined beside it."""


class Snooze(Base):
    """Once a case was out of sight, from when to when; then no clock of it runs. Written by a trigger on cases."""

    __tablename__ = "snoozes"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True)
    began_at: Mapped[datetime] = mapped_column(primary_key=True)
    until: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the clocks of a case follow from."""

    id: int
    thread_id: int
    opened_at: datetime
    first_reply_at: datetime | None
    waiting_since: datetime | None
    closed_at: datetime | None
    priority: str


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A clock as it should be."""

    what: What
    began_at: datetime
    stopped_at: datetime | None
    is_done: bool = True
    """Whether it stopped because that which was due was done."""


async def measure(session: AsyncSession, thread_id: int) -> None:
    """Set the clocks of the thread's newest case right, and any that still runs. The thread must be locked."""
    await session.flush()
    cases = await _facts(session, thread_id)
    rules = await targets.rules(session) if cases else None
    for facts in cases:
        if rules is not None:
            await _measure(session, facts, rules)


async def _measure(session: AsyncSession, facts: _Facts, rules: Rules) -> None:
    pauses = await _pauses(session, facts.id)
    query = select(Clock).where(Clock.case_id == facts.id).execution_options(populate_existing=True)
    known = {(clock.what, clock.began_at): clock for clock in await session.scalars(query)}
    wanted = [*_wanted(facts), *await _past(session, facts, known.values())]
    for one in wanted:
        clock = known.get((one.what, one.began_at))
        if clock is None:
            clock = known[one.what, one.began_at] = Clock(case_id=facts.id, what=one.what, began_at=one.began_at)
            session.add(clock)
        if clock.stopped_at is None or clock.stopped_at != one.stopped_at:
            _set(clock, one, rules, rules.targets[facts.priority, one.what], pauses)
    for key in known.keys() - {(one.what, one.began_at) for one in wanted}:
        await session.delete(known.pop(key))
    await _remember(session, facts.id, [clock for clock in known.values() if clock.runs])


async def stale(session: AsyncSession, most: int) -> Sequence[int]:
    """Threads with a clock that runs by rules that have changed since."""
    version = select(targets.Calendar.version).scalar_subquery()
    query = select(Case.thread_id).join(Clock, Clock.case_id == Case.id).where(Clock.stopped_at.is_(None))
    changed = query.where(Clock.rules < version).distinct().limit(most)
    return list(await session.scalars(changed))


async def due(session: AsyncSession, most: int) -> Sequence[int]:
    """Threads with a clock of which somebody is to be told."""
    query = select(Case.thread_id).join(Clock, Clock.case_id == Case.id)
    return list(await session.scalars(query.where(*telling()).distinct().limit(most)))


def telling() -> tuple[Any, ...]:
    """A clock of which nobody has been told that it is due soon, or that it is overdue."""
    now = func.clock_timestamp()
    soon = (Clock.soon_at <= now) & Clock.warned_at.is_(None)
    over = (Clock.due_at <= now) & Clock.escalated_at.is_(None)
    return Clock.stopped_at.is_(None), or_(soon, over)


async def _facts(session: AsyncSession, thread_id: int) -> list[_Facts]:
    names = ("id", "thread_id", "opened_at", "first_reply_at", "waiting_since", "closed_at", "priority")
    newest = select(func.max(Case.id)).where(Case.thread_id == thread_id).scalar_subquery()
    runs = exists().where(Clock.case_id == Case.id, Clock.stopped_at.is_(None))
    query = select(*[getattr(Case, name) for name in names]).where(Case.thread_id == thread_id)
    found = await session.execute(query.where((Case.id == newest) | runs))
    return [_Facts(**row._mapping) for row in found]


async def _pauses(session: AsyncSession, case_id: int) -> list[Span]:
    found = await session.execute(select(Snooze.began_at, Snooze.until).where(Snooze.case_id == case_id))
    return [(began, until) for began, until in found]


def _wanted(facts: _Facts) -> list[_Wanted]:
    """The clocks of a case that follow from what it is now."""
    closed, replied, waits = facts.closed_at, facts.first_reply_at, facts.waiting_since
    if waits == facts.opened_at:
        replied = None  # whatever was sent did not reach them
    wanted = [
        _Wanted("first_reply", facts.opened_at, replied or closed, is_done=replied is not None),
        _Wanted("close", facts.opened_at, closed),
    ]
    if replied and waits:
        wanted.append(_Wanted("next_reply", waits, closed, is_done=False))
    return wanted


async def _past(session: AsyncSession, facts: _Facts, known: Iterable[Clock]) -> list[_Wanted]:
    """Waits that were answered since. One whose answer was taken back is part of the wait before it, and none."""
    if facts.first_reply_at is None:
        return []
    waits = facts.waiting_since
    past = [clock for clock in known if clock.what == "next_reply" and (waits is None or clock.began_at < waits)]
    return [_Wanted(one.what, one.began_at, await _answered(session, facts, one)) for one in past]


async def _answered(session: AsyncSession, facts: _Facts, clock: Clock) -> datetime | None:
    """When the first reply that counts came after a wait began."""
    if clock.stopped_at is not None:
        return clock.stopped_at
    query = select(func.min(Message.written_at)).where(
        Message.thread_id == facts.thread_id,
        Message.kind == "chat",
        Message.by == "agent",
        Message.written_at > clock.began_at,
        Message.deleted_at.is_(None),
    )
    return await session.scalar(query) or facts.closed_at


def _set(clock: Clock, wanted: _Wanted, rules: Rules, target: Target, pauses: Sequence[Span]) -> None:
    counting, allowed = rules.hours if target.in_hours else None, target.allowed
    clock.rules, clock.stopped_at, clock.late = rules.version, wanted.stopped_at, None
    clock.allowed = None if allowed is None else int(allowed.total_seconds())
    if allowed is None:
        clock.soon_at = clock.due_at = None
        return
    clock.soon_at = hours.add(counting, clock.began_at, allowed * SOON, pauses)
    clock.due_at = hours.add(counting, clock.began_at, allowed, pauses)
    if wanted.stopped_at is None or clock.due_at is None:
        return
    over = hours.between(counting, clock.due_at, wanted.stopped_at, pauses)
    if over or wanted.is_done:
        clock.late = -(-over // timedelta(seconds=1))


async def _remember(session: AsyncSession, case_id: int, running: Sequence[Clock]) -> None:
    """What is due first stands with the case, by which lists are made."""
    first = min(running, key=lambda clock: clock.due_at or datetime.max, default=None)
    values = {"due_at": first and first.due_at, "soon_at": first and first.soon_at}
    remembering = update(Case).where(Case.id == case_id).values(values)
    await session.execute(remembering.execution_options(synchronize_session=False))
