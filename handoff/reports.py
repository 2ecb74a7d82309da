"""What happened on each day (UTC), in numbers that can be counted again from the record."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Date, Select, cast, func, literal_column, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from handoff.clocks import Clock
from handoff.models import Attempt, Case, Offer, OptIn, Thread
from handoff.openings import Opening


@dataclass(frozen=True, slots=True)
class Day:
    """One day. The times to the first reply, in seconds, are of the cases that were opened on it and were answered."""

    day: date
    mentions: int
    offers: int
    opened: int
    opted_in: int
    cases: int
    solved: int
    first_reply_median: float | None
    first_reply_p90: float | None
    targets_met: int
    targets_missed: int
    """Of the clocks that stopped on it."""
    late_median: float | None


async def days(session: AsyncSession, first: date, last: date, channel: str | None = None) -> list[Day]:
    """Every day from `first` to `last`, on one channel or on all, those without anything among them."""
    found: dict[date, dict[str, Any]] = {}
    for part in _parts(first, last, channel):
        for row in await session.execute(part):
            told = dict(row._mapping)
            found.setdefault(told.pop("day"), {}).update(told)
    ordinals = range(first.toordinal(), last.toordinal() + 1)
    return [_day(day, found.get(day, {})) for day in map(date.fromordinal, ordinals)]


def _day(day: date, told: dict[str, Any]) -> Day:
    medians = ("first_reply_median", "first_reply_p90", "late_median")
    counts = [field.name for field in fields(Day) if field.name not in ("day", *medians)]
    values: dict[str, Any] = {name: int(told.get(name) or 0) for name in counts}
    return Day(day, **(values | {name: told.get(name) for name in medians}))


def _parts(first: date, last: date, channel: str | None) -> Sequence[Select[Any]]:
    """One query for each kind of thing, each by day."""
    on = _on(channel)
    took = func.extract("epoch", Case.first_reply_at - Case.opened_at)
    median, p90 = (func.percentile_cont(part).within_group(took) for part in (0.5, 0.9))
    said = select(*_by(Attempt.settled_at, "offers")).join(Offer).join(Thread).where(Attempt.state == "sent", on)
    cases = select(
        *_by(Case.opened_at, "cases"), median.label("first_reply_median"), p90.label("first_reply_p90")
    ).join(Thread)
    solved = select(*_by(Thread.ended_at, "solved")).where(Thread.solved.is_(True), on)
    in_time, missed = Clock.late == 0, Clock.late > 0
    late = func.percentile_cont(0.5).within_group(Clock.late).filter(missed).label("late_median")
    met = (
        func.count().filter(in_time).label("targets_met"),
        func.count().filter(missed).label("targets_missed"),
    )
    clocks = select(_utc(Clock.stopped_at).label("day"), *met, late).join(Case).join(Thread)
    times = (
        (clocks.where(Clock.late.is_not(None), on), Clock.stopped_at),
        (select(*_by(Thread.opened_at, "mentions")).join(Offer).where(on), Thread.opened_at),
        (said, Attempt.settled_at),
        (select(*_by(OptIn.at, "opted_in")).join(Thread).where(on), OptIn.at),
        (cases.where(on), Case.opened_at),
        (solved, Thread.ended_at),
    )
    opened = select(Opening.day.label("day"), func.sum(Opening.links).label("opened"))
    opened = opened.where(Opening.day.between(first, last), true() if channel is None else Opening.channel == channel)
    counted = [query.where(_utc(time).between(first, last)).group_by(_utc(time)) for query, time in times]
    return [*counted, opened.group_by(Opening.day)]


def _on(channel: str | None) -> ColumnElement[bool]:
    return true() if channel is None else Thread.channel == channel


def _by(time: Any, name: str) -> tuple[Any, Any]:
    return _utc(time).label("day"), func.count().label(name)


def _utc(time: Any) -> ColumnElement[date]:
    return cast(func.timezone(literal_column("'UTC'"), time), Date)
