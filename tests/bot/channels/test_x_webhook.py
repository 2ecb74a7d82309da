"""What X pushes to us: its checks, its signatures, its repetitions."""

import asyncio
import base64
import hashlib
import hmac
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette

from bot.channel import Post, PrivateMessage
from bot.channels.x import X
from handoff.database import Database
from tests.bot.channels.conftest import Record, listening, until
from tests.bot.channels.on_x import PlayMoney, account, posts
from tests.peers.fake_x import FakeX

SECRET = "the consumer secret"
SIGNATURE = "x-twitter-webhooks-signature"
BODY = json.dumps(
    {
        "data": {
            "event_uuid": "5c1f",
            "filter": {"user_id": "17"},
            "event_type": "post.mention.create",
            "payload": {"id": "7", "text": "@northwind_help hello", "author_id": "18"},
        }
    }
).encode()


def sign(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


@asynccontextmanager
async def pushed(x: X, record: Record) -> AsyncIterator[httpx.AsyncClient]:
    """A client that pushes to the webhook's route."""
    transport = httpx.ASGITransport(Starlette(routes=x.routes(record.take)))
    async with httpx.AsyncClient(transport=transport, base_url="https://help.example") as client:
        yield client


@pytest.fixture
async def hooked(fake_x: FakeX, database: Database, money: PlayMoney) -> AsyncIterator[X]:
    wanted: dict[str, Any] = {
        "x_webhook_url": "https://help.example/from-x",
        "x_consumer_secret": SECRET,
        "x_bearer_token": "app",
    }
    async with account(fake_x, database, money, **wanted) as x:
        yield x


async def push(client: httpx.AsyncClient, body: bytes, signature: str | None = None) -> int:
    headers = {SIGNATURE: sign(body) if signature is None else signature}
    return (await client.post("/from-x", content=body, headers=headers)).status_code


async def test_a_push_is_written_down_before_it_is_acknowledged(hooked: X, record: Record, money: PlayMoney) -> None:
    async with pushed(hooked, record) as client:
        record.out_of_order = True
        assert await push(client, BODY) == 503
        record.out_of_order = False
        assert set(await asyncio.gather(*(push(client, BODY) for _ in range(50)))) == {200}
    assert list(record.updates) == ["post:7"]
    [post] = posts(record.events(hooked))
    assert post.summons
    assert money.spent == {"event": 50}


async def test_a_push_is_taken_when_the_budget_is_used_up(hooked: X, record: Record, money: PlayMoney) -> None:
    money.is_empty = True
    async with pushed(hooked, record) as client:
        assert await push(client, BODY) == 200
    assert record.updates


@pytest.mark.parametrize("signature", ["", "sha256=", sign(BODY, "another"), sign(b"{}"), sign(BODY)[7:], "é"])
async def test_a_push_without_the_right_signature_is_refused_unread(hooked: X, record: Record, signature: str) -> None:
    async with pushed(hooked, record) as client:
        headers = {SIGNATURE.encode(): signature.encode()}
        assert (await client.post("/from-x", content=BODY, headers=headers)).status_code == 403
        assert (await client.post("/from-x", content=BODY)).status_code == 403
    assert record.batches == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[1]", 400),
        (b'{"data": null}', 400),
        (b'{"data": {"event_type": "post.mention.create", "event_uuid": "1", "payload": {}}}', 400),
        (b'{"data": {"event_type": "dm.received", "event_uuid": "1", "payload": {"direct_message_events": []}}}', 400),
        (b'{"data": {"event_type": "chat.received", "event_uuid": "1", "payload": {}}}', 200),
        (b"[" * 100_000, 400),
        (b" " * 1_000_001, 413),
    ],
    ids=["empty", "cut off", "no text", "no object", "nothing", "no id", "no message", "other", "deep", "large"],
)
async def test_whatever_is_pushed_gets_a_clear_answer(hooked: X, record: Record, body: bytes, status: int) -> None:
    async with pushed(hooked, record) as client:
        assert await push(client, body) == status
    assert record.batches == (status == 200)


async def test_a_check_of_x_is_answered(hooked: X, record: Record) -> None:
    async with pushed(hooked, record) as client:
        answer = await client.get("/from-x", params={"crc_token": "a-Challenge_1="})
    assert answer.json() == {"response_token": sign(b"a-Challenge_1=")}


@pytest.mark.parametrize("challenge", [BODY.decode(), "", "{}", "a" * 201, "[1]", '"'])
async def test_the_check_of_x_signs_nothing_that_could_be_a_push(hooked: X, record: Record, challenge: str) -> None:
    async with pushed(hooked, record) as client:
        answer = await client.get("/from-x", params={"crc_token": challenge})
        assert (answer.status_code, answer.content) == (400, b"")
        assert (await client.get("/from-x")).status_code == 400


@contextmanager
def served(x: X, record: Record, port: int) -> Iterator[None]:
    """Our pages, as X reaches them."""
    app = Starlette(routes=x.routes(record.take))
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="critical", ws="none"))
    serving = threading.Thread(target=server.run, daemon=True)
    serving.start()
    try:
        yield
    finally:
        server.should_exit = True
        serving.join(60)


def pushes_to(fake: FakeX, port: int) -> dict[str, Any]:
    """The settings for a webhook."""
    return {
        "x_webhook_url": f"http://127.0.0.1:{port}/from-x",
        "x_consumer_secret": fake.credentials.consumer_secret,
        "x_bearer_token": fake.credentials.bearer_token,
    }


@pytest.fixture
async def pushing(fake_x: FakeX, database: Database, unused_tcp_port: int, record: Record) -> AsyncIterator[X]:
    """X pushes to us."""
    async with account(fake_x, database, **pushes_to(fake_x, unused_tcp_port)) as x:
        with served(x, record, unused_tcp_port):
            yield x


async def test_mentions_quotes_and_messages_are_pushed_and_kept_once(fake_x: FakeX, pushing: X, record: Record) -> None:
    fake_x.trouble.events_twice = True
    ours = fake_x.post("Northwind Help", "We ship again.")
    async with listening(pushing, record):
        await until(lambda: pushing.way_in("a-token").hears_messages)
        mention = fake_x.post("Mara", "@northwind_help where is my parcel?")
        quote = fake_x.post("Noor", "Not to me.", quotes=ours)
        fake_x.dm("Mara", "psst & hello")
        await until(lambda: len(fake_x.activity.deliveries) >= 5)
    assert [id.split(":")[0] for id in record.updates] == ["post", "post", "dm"]
    first, second, third = record.events(pushing)
    assert isinstance(first, Post)
    assert isinstance(second, Post)
    assert (first.id, first.author.handle, first.summons) == (mention.id, "mara", True)
    assert (second.id, second.author.handle, second.summons) == (quote.id, "noor", True)
    assert isinstance(third, PrivateMessage)
    assert (third.author.handle, third.text) == ("mara", "psst & hello")


async def test_what_is_pushed_and_asked_for_is_kept_once(fake_x: FakeX, pushing: X, record: Record) -> None:
    mention = fake_x.post("Mara", "@northwind_help where is my parcel?")
    async with listening(pushing, record):
        await until(lambda: record.updates)
        await until(lambda: len(fake_x.activity.subscriptions) == 3)
        fake_x.push("post.mention.create", mention)
        await until(lambda: fake_x.activity.deliveries)
    assert [delivery.status for delivery in fake_x.activity.deliveries] == [200]
    assert list(record.updates) == [f"post:{mention.id}"]


async def test_a_push_that_x_did_not_sign_changes_nothing(fake_x: FakeX, pushing: X, record: Record) -> None:
    async with listening(pushing, record):
        await until(lambda: len(fake_x.activity.subscriptions) == 3)
        post = fake_x.post("Troll", "hello")
        fake_x.push("post.mention.create", post, signature="wrong")
        fake_x.push("post.mention.create", post, signature="none")
        await until(lambda: len(fake_x.activity.deliveries) == 2)
    assert [delivery.status for delivery in fake_x.activity.deliveries] == [403, 403]
    assert not record.updates


async def test_a_webhook_that_x_gave_up_is_proven_again(fake_x: FakeX, pushing: X, record: Record) -> None:
    async with listening(pushing, record):
        await until(lambda: len(fake_x.activity.subscriptions) == 3)
    [webhook] = fake_x.webhooks
    webhook.valid = False
    async with listening(pushing, record):
        await until(lambda: webhook.valid)
    assert len(fake_x.webhooks) == 1
    assert len(fake_x.activity.subscriptions) == 3


async def test_subscriptions_follow_to_another_address(fake_x: FakeX, pushing: X, record: Record) -> None:
    async with listening(pushing, record):
        await until(lambda: len(fake_x.activity.subscriptions) == 3)
    for subscription in fake_x.activity.subscriptions:
        subscription.webhook_id = "1"
    async with listening(pushing, record):
        await until(lambda: {one.webhook_id for one in fake_x.activity.subscriptions} == {fake_x.webhooks[0].id})


async def test_messages_that_x_does_not_push_are_not_waited_for(
    fake_x: FakeX, database: Database, unused_tcp_port: int, record: Record
) -> None:
    token = fake_x.token_of("Northwind Help", "tweet.read tweet.write users.read")
    wanted = pushes_to(fake_x, unused_tcp_port) | {"x_access_token": token, "x_refresh_token": None}
    async with account(fake_x, database, **wanted) as x, listening(x, record):
        with served(x, record, unused_tcp_port):
            await until(lambda: len(fake_x.activity.subscriptions) == 2)
            fake_x.post("Mara", "@northwind_help where is my parcel?")
            await until(lambda: record.updates)
            assert not x.way_in("a-token").hears_messages


async def test_mentions_are_asked_for_where_x_does_not_push(
    fake_x: FakeX, hooked: X, record: Record, caplog: pytest.LogCaptureFixture
) -> None:
    fake_x.post("Mara", "@northwind_help where is my parcel?")
    async with listening(hooked, record):
        await until(lambda: record.updates)
        await until(lambda: "X does not push to us" in caplog.text)
