"""A fake Telegram, our channel on it, and what a channel brought."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress

import pytest

from bot.channel import Channel, Event, Update
from bot.channels.telegram import Telegram
from tests.peers.fake_telegram import FakeTelegram


class Record:
    """Stands for the database: updates written down, twins dropped, or out of order for a while."""

    def __init__(self) -> None:
        self.updates: dict[str, Update] = {}
        self.batches = 0
        self.out_of_order = False

    async def take(self, updates: Sequence[Update]) -> None:
        """Write updates down, unless the record is out of order."""
        self.batches += 1
        if self.out_of_order:
            raise ConnectionError(f"the database is away\nparameters: {updates}")
        for update in updates:
            self.updates.setdefault(update.id, update)

    def events(self, channel: Channel) -> list[Event]:
        """What all the updates tell."""
        return [event for update in self.updates.values() for event in channel.read(update.payload)]


async def until(ready: Callable[[], object], seconds: float = 60) -> None:
    """Wait for something to become true."""
    async with asyncio.timeout(seconds):
        while not ready():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def listening(channel: Channel, record: Record) -> AsyncIterator[None]:
    """The channel listens meanwhile."""
    task = asyncio.create_task(channel.listen(record.take))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture(scope="module")
def running() -> Iterator[FakeTelegram]:
    with FakeTelegram() as fake:
        yield fake


@pytest.fixture
def fake(running: FakeTelegram) -> Iterator[FakeTelegram]:
    running.begin_anew()
    yield running
    running.start()


@pytest.fixture
async def telegram(fake: FakeTelegram) -> AsyncIterator[Telegram]:
    telegram = Telegram(fake.token, fake.url)
    yield telegram
    await telegram.stop()


@pytest.fixture
def record() -> Record:
    return Record()
