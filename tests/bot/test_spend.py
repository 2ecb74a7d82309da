"""Money is reserved before a call: the budget of a day is a wall, not a wish."""

import asyncio
from datetime import UTC, datetime

import pytest

from bot.channel import TryLater
from bot.permit import policies
from bot.spend import MILLION, Purse
from handoff import spendings
from handoff.database import Database

PRICES = {"mention": 0.001, "reply": 0.01}


async def spent(database: Database, channel: str = "x") -> float:
    """Dollars of today."""
    async with database.reading() as session:
        return await spendings.total(session, datetime.now(UTC).date(), channel) / MILLION


async def test_what_the_budget_does_not_cover_is_not_done(database: Database) -> None:
    purse = Purse(database, "x", PRICES, budget=0.025)
    await purse.spend("reply")
    await purse.spend("reply")
    with pytest.raises(TryLater, match=r"0\.03 dollars is used up|0\.02 dollars is used up") as refused:
        await purse.spend("reply")
    assert 0 < refused.value.seconds <= 24 * 3600
    await purse.spend("mention", 5)
    assert await spent(database) == 0.025


async def test_what_did_not_come_is_given_back(database: Database) -> None:
    purse = Purse(database, "x", PRICES, budget=0.1)
    await purse.spend("mention", 100)
    await purse.refund("mention", 97)
    await purse.refund("mention", 0)
    assert await spent(database) == 0.003


async def test_what_was_spent_before_midnight_buys_nothing_after_it(database: Database) -> None:
    await Purse(database, "x", PRICES, budget=0.1).refund("mention", 97)
    assert await spent(database) == 0


async def test_many_at_once_do_not_pass_the_budget(database: Database) -> None:
    purses = [Purse(database, "x", PRICES, budget=0.1) for _ in range(4)]
    tries = (purses[n % 4].spend("reply") for n in range(30))
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(outcome is None for outcome in outcomes) == 10
    assert await spent(database) == 0.1


async def test_a_budget_of_nothing_lets_nothing_through_but_what_is_free(database: Database) -> None:
    purse = Purse(database, "x", {"reply": 0.01, "thanks": 0.0}, budget=0)
    await purse.spend("thanks", 1000)
    with pytest.raises(TryLater):
        await purse.spend("reply")


async def test_each_channel_has_its_own_purse(database: Database) -> None:
    await Purse(database, "x", PRICES, budget=0.01).spend("reply")
    await Purse(database, "y", PRICES, budget=0.01).spend("reply")
    assert await spent(database, "y") == 0.01


async def test_an_item_without_a_price_is_a_mistake_of_ours(database: Database) -> None:
    with pytest.raises(KeyError, match="parade"):
        await Purse(database, "x", PRICES, budget=1).spend("parade")


def test_x_has_a_price_for_everything_that_we_pay_for() -> None:
    assert {"mention", "post read", "user read", "event", "reply", "dm event"} <= set(policies()["x"].price)
