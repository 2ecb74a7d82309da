"""Pay for a call before it is made: what the day's budget does not cover is not done."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from bot.channel import TryLater
from handoff import spendings
from handoff.database import Database

MILLION = 1_000_000


class Purse:
    """The money of one channel for one day (UTC). `prices` are dollars for one of each item, see policies/."""

    def __init__(self, database: Database, channel: str, prices: Mapping[str, float], budget: float) -> None:
        self._database = database
        self._channel = channel
        self._prices = prices
        self._most = round(budget * MILLION)

    async def spend(self, item: str, units: int = 1) -> None:
        """Reserve what `units` of an item cost. Raises `TryLater` until midnight if today's budget does not cover it.

        Raises `KeyError` if the policy knows no price of the item.
        """
        now, cost = datetime.now(UTC), self._cost(item, units)
        async with self._database.transaction("spend.reserve") as session:
            paid = await spendings.reserve(session, now.date(), self._channel, item, units, cost, self._most)
        if not paid:
            midnight = datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)
            words = f"today's budget of {self._most / MILLION:,.2f} dollars is used up"
            raise TryLater((midnight - now).total_seconds(), words)

    async def refund(self, item: str, units: int) -> None:
        """Give back what was reserved and did not come."""
        if units > 0:
            async with self._database.transaction("spend.refund") as session:
                day, cost = datetime.now(UTC).date(), self._cost(item, units)
                await spendings.give_back(session, day, self._channel, item, units, cost)

    def _cost(self, item: str, units: int) -> int:
        return round(self._prices[item] * units * MILLION)
