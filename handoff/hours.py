"""Time that counts: the hours in which a team works, in its own zone, and how to add and measure them.

All moments are aware and come back in UTC. A span is a pair of moments, from the first up to the second.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Span = tuple[datetime, datetime]
Interval = tuple[int, int]
"""Minutes after midnight, 0 to 1440, by the clock on the wall."""

DAY = 1440
LONGEST = 2 * 366
"""Days that are looked through: whoever is not open for two years does not open."""


@dataclass(frozen=True, slots=True)
class Hours:
    """A week from Monday, each day with its intervals in order, in a zone; and the days on which nobody works."""

    zone: ZoneInfo
    week: tuple[tuple[Interval, ...], ...]
    holidays: frozenset[date] = frozenset()

    @property
    def are_none(self) -> bool:
        """Whether nobody ever works."""
        return not any(self.week)

    def spans(self, since: datetime) -> Iterator[Span]:
        """When somebody works, from `since` on, in order and without overlap."""
        if self.are_none:
            return
        first, after = since.astimezone(self.zone).date(), since.astimezone(UTC)
        for number in range(-1, LONGEST):
            day = first + timedelta(days=number)
            for opens, closes in () if day in self.holidays else self.week[day.weekday()]:
                start, end = max(self._moment(day, opens), after), self._moment(day, closes)
                if start < end:
                    yield start, end
                    after = end

    def _moment(self, day: date, minute: int) -> datetime:
        """When the clock on the wall says so: for the first time where it says it twice.

        A time that the clock leaves out is the moment at which it jumps.
        """
        wall = datetime.combine(day + timedelta(days=minute // DAY), time(minute % DAY // 60, minute % 60))
        there = wall.replace(tzinfo=self.zone)
        moment = there.astimezone(UTC)
        if moment.astimezone(self.zone).replace(tzinfo=None) == wall:
            return moment
        return _jump(self.zone, there.replace(fold=1).astimezone(UTC), moment)


def always(since: datetime) -> Iterator[Span]:
    """Time as it passes."""
    yield since.astimezone(UTC), datetime.max.replace(tzinfo=UTC)


def counted(hours: Hours | None, since: datetime, pauses: Sequence[Span] = ()) -> Iterator[Span]:
    """The spans that count from a moment on: of the hours, or all time if there are none, without the pauses."""
    return _without(always(since) if hours is None else hours.spans(since), _merged(pauses))


def add(hours: Hours | None, since: datetime, how_long: timedelta, pauses: Sequence[Span] = ()) -> datetime | None:
    """When so much counted time has passed; `None`: never."""
    left = how_long
    for start, end in counted(hours, since, pauses):
        if left <= end - start:
            return start + left
        left -= end - start
    return None


def between(hours: Hours | None, since: datetime, until: datetime, pauses: Sequence[Span] = ()) -> timedelta:
    """How much counted time passes from one moment to another; none if the other is not later."""
    total = timedelta()
    for start, end in counted(hours, since, pauses):
        if start >= until:
            break
        total += min(end, until) - start
    return total


def _jump(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The moment between two at which the zone's clock is put forward, to the second."""
    old = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        elif start < end:
            merged.append((start, end))
    return merged


def _without(spans: Iterator[Span], pauses: Sequence[Span]) -> Iterator[Span]:
    for start, end in spans:
        for stop, go in pauses:
            if go <= start or stop >= end:
                continue
            if start < stop:
                yield start, stop
            start = max(start, go)
        if start < end:
            yield start, end
