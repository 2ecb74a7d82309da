"""What a channel cost us, by day: money is reserved before a call, so that the budget is never passed."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import BigInteger, Date, cast, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from handoff.base import Base


class Spending(Base):
    """What one kind of call on a channel cost on one day (UTC), in millionths of a dollar."""

    __tablename__ = "spendings"

    day: Mapped[date] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(primary_key=True)
    units: Mapped[int] = mapped_column(BigInteger)
    cost: Mapped[int] = mapped_column(BigInteger)

    @property
    def dollars(self) -> float:
        """What it cost, in dollars."""
        return self.cost / 1_000_000


async def reserve(session: AsyncSession, day: date, channel: str, item: str, units: int, cost: int, most: int) -> bool:
    """Write a cost down before it arises. `False`, and nothing is written, if the day would cost more than `most`.

    `cost` and `most` are millionths of a dollar. Who reserves on the same channel meanwhile waits.
    """
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"spendings {channel}"))))
    if await total(session, day, channel) + cost > most:
        return False
    await _add(session, day, channel, item, units, cost)
    return True


async def give_back(session: AsyncSession, day: date, channel: str, item: str, units: int, cost: int) -> None:
    """What was reserved and did not arise. What was reserved before midnight leaves a new day no more than whole."""
    this = (Spending.day == day, Spending.channel == channel, Spending.item == item)
    less = {"units": func.greatest(Spending.units - units, 0), "cost": func.greatest(Spending.cost - cost, 0)}
    await session.execute(update(Spending).where(*this).values(less))


async def total(session: AsyncSession, day: date, channel: str) -> int:
    """What a channel cost on a day, in millionths of a dollar."""
    query = select(func.sum(Spending.cost)).where(Spending.day == day, Spending.channel == channel)
    return int(await session.scalar(query) or 0)


async def today(session: AsyncSession) -> Sequence[Spending]:
    """All that today (UTC) costs."""
    day = cast(func.timezone("UTC", func.clock_timestamp()), Date)
    query = select(Spending).where(Spending.day == day, Spending.units > 0)
    return (await session.scalars(query.order_by(Spending.channel, Spending.item))).all()


async def _add(session: AsyncSession, day: date, channel: str, item: str, units: int, cost: int) -> None:
    row = insert(Spending).values(day=day, channel=channel, item=item, units=units, cost=cost)
    more = {"units": Spending.units + units, "cost": Spending.cost + cost}
    await session.execute(
        row.on_conflict_do_update(index_elements=[Spending.day, Spending.channel, Spending.item], set_=more)
    )
