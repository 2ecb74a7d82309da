"""Listening beyond our mentions: what is found is read, and summons us only where it really does."""

import asyncio
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta

import pytest

from bot.channel import Author
from bot.channels.x import X
from bot.channels.x_calling import Calls
from bot.channels.x_needs import AppKey
from bot.channels.x_reaching import Wire
from bot.channels.x_streaming import Stream
from bot.channels.x_taking import Cursor
from handoff.database import Database
from tests.bot.channels.conftest import Record, listening, until
from tests.bot.channels.on_x import PlayMoney, account, posts
from tests.peers.fake_x import FakeX

SEARCH, STREAM = "GET /2/tweets/search/recent", "GET /2/tweets/search/stream"
QUERY = "parcel OR northwind"


def searching(
    fake: FakeX, database: Database, money: PlayMoney, *, stream: bool = False, query: str = QUERY
) -> AbstractAsyncContextManager[X]:
    """Our account, which also listens to what others say; `money` is what that costs."""
    token = fake.credentials.bearer_token
    return account(fake, database, None, money, x_search=query, x_stream=stream, x_bearer_token=token)


async def test_what_a_search_finds_is_read_and_summons_nobody(
    fake_x: FakeX, database: Database, record: Record, money: PlayMoney
) -> None:
    now = datetime.now(UTC)
    fake_x.post("Noor", "my parcel was late", at=now - timedelta(hours=1))
    fake_x.post("Noor", "my parcel is late", at=now - timedelta(minutes=1))
    fake_x.post("Northwind Help", "your parcel is fine")
    fake_x.post("Mara", "@northwind_help my parcel is late, too")
    async with searching(fake_x, database, money) as x, listening(x, record):
        await until(lambda: len(record.updates) == 3)
    found = {post.text: post.summons for post in posts(record.events(x))}
    assert found == {"my parcel is late": False, "@northwind_help my parcel is late, too": True}
    assert money.spent == {"post read": 3}


async def test_a_search_goes_on_where_it_stopped(
    fake_x: FakeX, database: Database, record: Record, money: PlayMoney
) -> None:
    fake_x.post("Noor", "parcel 1")
    async with searching(fake_x, database, money) as x, listening(x, record):
        while not await Cursor(database, "x search").at():
            await asyncio.sleep(0.01)
    fake_x.post("Noor", "parcel 2")
    async with searching(fake_x, database, money) as x, listening(x, record):
        await until(lambda: len(record.updates) == 2)
    assert fake_x.posts_read(SEARCH) == 2


async def test_a_search_that_x_does_not_understand_costs_us_no_mention(
    fake_x: FakeX, database: Database, record: Record, money: PlayMoney, caplog: pytest.LogCaptureFixture
) -> None:
    async with searching(fake_x, database, money, query="(parcel") as x, listening(x, record):
        await until(lambda: "X does not search for KNOCK_X_SEARCH" in caplog.text)
        fake_x.post("Mara", "@northwind_help hello")
        await until(lambda: record.updates)


@pytest.mark.parametrize("naming", ["tweet", "post"])
async def test_what_the_stream_brings_is_read(
    fake_x: FakeX, database: Database, record: Record, money: PlayMoney, naming: str
) -> None:
    fake_x.naming = "post" if naming == "post" else "tweet"
    async with searching(fake_x, database, money, stream=True) as x, listening(x, record):
        await until(lambda: fake_x.stream.connections)
        for number in range(30):
            fake_x.post("Noor", f"my parcel is late {number}")
        fake_x.post("Noor", "something else")
        await until(lambda: len(record.updates) == 30)
    await until(lambda: not fake_x.stream.connections)
    assert not any(post.summons for post in posts(record.events(x)))
    assert {post.author.handle for post in posts(record.events(x))} == {"noor"}
    assert money.spent == {"post read": 30}
    assert fake_x.count(SEARCH) == 0


async def test_the_stream_has_one_rule_of_ours_and_leaves_others_alone(
    fake_x: FakeX, database: Database, record: Record, money: PlayMoney
) -> None:
    wire = Wire(fake_x.url)
    calls = Calls(wire, AppKey(fake_x.credentials.bearer_token), money)
    await calls.call("POST", "/2/tweets/search/stream/rules", {"add": [{"value": "shoes", "tag": "another app"}]})
    for query in ("parcel", "northwind", "northwind"):
        async with searching(fake_x, database, money, stream=True, query=query) as x, listening(x, record):
            await until(lambda: fake_x.stream.connections)
        await until(lambda: not fake_x.stream.connections)
    assert [rule.value for rule in fake_x.stream.rules] == ["shoes", "(northwind) -is:retweet"]
    assert fake_x.count("POST /2/tweets/search/stream/rules") == 4
    await wire.close()


async def a_second_of_calm(fake_x: FakeX) -> int:
    """Wait until there is one in which the stream stays connected, and say how often it was connected."""
    async with asyncio.timeout(60):
        before = 0
        while before != (before := fake_x.count(STREAM)):
            await asyncio.sleep(1)
    return before


async def test_a_stream_that_falls_silent_or_ends_is_connected_again(
    fake_x: FakeX, database: Database, record: Record, money: PlayMoney
) -> None:
    wire, us = Wire(fake_x.url), Author(fake_x.bot.id, "northwind_help")
    token = fake_x.credentials.bearer_token
    calls = Calls(wire, AppKey(token), money)
    stream = Stream(calls, wire, money, token, QUERY, silence=0.3, breath=0.1)
    task = asyncio.create_task(stream.follow(us, record.take))
    await until(lambda: fake_x.count(STREAM) >= 2)
    fake_x.stream.keep_alive = 0.05
    await until(lambda: fake_x.stream.connections)
    before = await a_second_of_calm(fake_x)
    await calls.call("DELETE", "/2/connections/all")
    await until(lambda: fake_x.count(STREAM) > before)
    fake_x.post("Noor", "parcel")
    await until(lambda: record.updates)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await wire.close()


async def test_a_stream_that_nobody_pays_for_is_hung_up(
    fake_x: FakeX, database: Database, record: Record, money: PlayMoney, caplog: pytest.LogCaptureFixture
) -> None:
    money.is_empty = True
    async with searching(fake_x, database, money, stream=True) as x, listening(x, record):
        await until(lambda: fake_x.stream.connections)
        fake_x.post("Noor", "parcel")
        await until(lambda: "budget is used up" in caplog.text)
        await until(lambda: not fake_x.stream.connections)
    assert not record.updates


async def test_a_rule_that_x_does_not_take_is_told(
    fake_x: FakeX, database: Database, record: Record, money: PlayMoney, caplog: pytest.LogCaptureFixture
) -> None:
    async with searching(fake_x, database, money, stream=True, query="(parcel") as x, listening(x, record):
        await until(lambda: "X does not understand KNOCK_X_SEARCH" in caplog.text)


async def test_a_wrong_bearer_token_is_told(
    fake_x: FakeX, database: Database, record: Record, caplog: pytest.LogCaptureFixture
) -> None:
    async with account(fake_x, database, x_search="parcel", x_bearer_token="wrong") as x, listening(x, record):
        await until(lambda: "KNOCK_X_BEARER_TOKEN" in caplog.text)
