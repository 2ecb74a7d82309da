"""What we ask of ourselves: how soon a customer is answered and a case closed, by its priority, in which hours."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import CheckConstraint, String, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from handoff.base import Base, Priority, one_of
from handoff.errors import CaseError
from handoff.hours import Hours

What = Literal["first_reply", "next_reply", "close"]


class Target(Base):
    """How long one thing may take for cases of one priority, in working hours or in all. No minutes: no target."""

    __tablename__ = "targets"
    __table_args__ = (
        one_of("priority", Priority),
        one_of("what", What),
        CheckConstraint("minutes > 0", name="minutes"),
    )

    priority: Mapped[Priority] = mapped_column(String, primary_key=True)
    what: Mapped[What] = mapped_column(String, primary_key=True)
    minutes: Mapped[int | None]
    in_hours: Mapped[bool]

    @property
    def allowed(self) -> timedelta | None:
        """How long it may take; `None`: there is no target."""
        return None if self.minutes is None else timedelta(minutes=self.minutes)


class Calendar(Base):
    """When the team works. There is one row; `version` counts the changes of it and of the targets."""

    __tablename__ = "calendars"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    zone: Mapped[str]
    week: Mapped[list[Any]]
    """Seven days from Monday, each a list of pairs of minutes after midnight."""
    holidays: Mapped[list[Any]]
    """Days as 2026-12-25, in order."""
    version: Mapped[int] = mapped_column(server_default="1")

    @property
    def hours(self) -> Hours:
        """The same, to reckon with."""
        week = tuple(tuple((start, end) for start, end in day) for day in self.week)
        return Hours(ZoneInfo(self.zone), week, frozenset(map(date.fromisoformat, self.holidays)))


@dataclass(frozen=True, slots=True)
class Rules:
    """The targets and the hours as they are now."""

    hours: Hours
    targets: Mapping[tuple[str, str], Target]
    """By priority, and what is asked."""
    version: int


class ChangedMeanwhile(CaseError):
    """Somebody else changed this meanwhile. Look at it as it is now, and change it again."""


async def rules(session: AsyncSession) -> Rules:
    """What counts now."""
    found = await calendar(session)
    every = await session.scalars(select(Target))
    targets: dict[tuple[str, str], Target] = {(one.priority, one.what): one for one in every}
    return Rules(found.hours, targets, found.version)


async def calendar(session: AsyncSession) -> Calendar:
    """When the team works."""
    return (await session.scalars(select(Calendar))).one()


async def set_hours(session: AsyncSession, hours: Hours, *, seen: int) -> None:
    """Work in other hours from now on. Raises `ChangedMeanwhile` if this is not what was changed."""
    await _change(session, seen)
    values = {
        "zone": hours.zone.key,
        "week": [[list(interval) for interval in day] for day in hours.week],
        "holidays": sorted(day.isoformat() for day in hours.holidays),
    }
    await session.execute(update(Calendar).values(values))


async def set_targets(
    session: AsyncSession, wanted: Mapping[tuple[str, str], tuple[int | None, bool]], *, seen: int
) -> None:
    """Ask this of ourselves from now on: minutes, and whether in working hours. Raises `ChangedMeanwhile`."""
    await _change(session, seen)
    for target in await session.scalars(select(Target)):
        target.minutes, target.in_hours = wanted[target.priority, target.what]


async def _change(session: AsyncSession, seen: int) -> None:
    changing = update(Calendar).where(Calendar.version == seen).values(version=seen + 1).returning(Calendar.id)
    if await session.scalar(changing) is None:
        raise ChangedMeanwhile
