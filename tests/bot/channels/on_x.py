"""Our account on the fake X: the channel with a real record behind it, and a purse of play money."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.channel import Event, Post, PublicOffer, TryLater
from bot.channels.x import X, oauth
from bot.channels.x_renewing import OurKey
from bot.settings import BotSettings
from handoff.database import Database
from tests.peers.fake_x import FakeX

SECRET = "the secret of the tests"


class PlayMoney:
    """Covers all calls until it is empty, and remembers what was paid for."""

    def __init__(self) -> None:
        self.spent: dict[str, int] = {}
        self.is_empty = False

    async def spend(self, item: str, units: int = 1) -> None:
        if self.is_empty:
            raise TryLater(3600, "today's budget is used up")
        self.spent[item] = self.spent.get(item, 0) + units

    async def refund(self, item: str, units: int) -> None:
        self.spent[item] -= max(units, 0)


def settings_for(fake: FakeX, **more: Any) -> BotSettings:
    """Those of somebody who has just made an app on X."""
    credentials = fake.credentials
    made = {
        "secret": SECRET,
        "public_url": "https://help.example",
        "x_api": fake.url,
        "x_sign_in_url": f"{fake.url}/i/oauth2/authorize",
        "x_client_id": credentials.client_id,
        "x_client_secret": credentials.client_secret,
        "x_access_token": credentials.access_token,
        "x_refresh_token": credentials.refresh_token,
    }
    return BotSettings(**{**made, **more}).model_copy(update={"x_poll_seconds": 0.05})


def key_for(settings: BotSettings, database: Database) -> OurKey:
    return OurKey(database, settings.key, oauth(settings), settings.x_access_token, settings.x_refresh_token)


@asynccontextmanager
async def account(
    fake: FakeX, database: Database, money: PlayMoney | None = None, spare: PlayMoney | None = None, **more: Any
) -> AsyncIterator[X]:
    """The channel, until the block ends."""
    settings, purse = settings_for(fake, **more), money or PlayMoney()
    x = X(settings, database, key_for(settings, database), purse, spare or purse, patience=60)
    try:
        yield x
    finally:
        await x.stop()


def offer_to(post_id: str, token: str = "a-token") -> PublicOffer:
    return PublicOffer(post_id, None, "Sorry to hear that.", "Need help? Click here", token)


def posts(events: list[Event]) -> list[Post]:
    return [event for event in events if isinstance(event, Post)]


@pytest.fixture(scope="module")
def running_x() -> Iterator[FakeX]:
    with FakeX() as fake:
        yield fake


@pytest.fixture
def fake_x(running_x: FakeX) -> Iterator[FakeX]:
    running_x.begin_anew()
    yield running_x
    running_x.start()


@pytest.fixture
def money() -> PlayMoney:
    return PlayMoney()


@pytest.fixture
async def x(fake_x: FakeX, database: Database, money: PlayMoney) -> AsyncIterator[X]:
    async with account(fake_x, database, money) as x:
        yield x
