"""Updates reach the record whatever happens on the way, each of them once."""

import asyncio
import json
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette

from bot.channels.telegram import Telegram
from bot.channels.telegram_listening import Webhook
from tests.bot.channels.conftest import Record, listening, until
from tests.peers import fake_telegram
from tests.peers.fake_telegram import FakeTelegram

SECRET = "a-secret_1"
UPDATE = {"update_id": 7, "message": {"message_id": 1, "date": 1, "chat": {"id": 5, "type": "private"}, "text": "hi"}}


async def test_an_update_that_could_not_be_written_down_comes_again(
    fake: FakeTelegram, telegram: Telegram, record: Record, caplog: pytest.LogCaptureFixture
) -> None:
    record.out_of_order = True
    async with listening(telegram, record):
        fake.say("Acme users", "Mara", "acme is down")
        await until(lambda: "the database is away" in caplog.text)
        assert "acme is down" not in caplog.text
        assert len(fake.updates) == 1
        record.out_of_order = False
        await until(lambda: record.updates)
        await until(lambda: not fake.updates)


async def test_a_crash_before_an_update_is_acknowledged_loses_nothing_and_leaves_one_row(
    fake: FakeTelegram, telegram: Telegram, record: Record
) -> None:
    fake.say("Acme users", "Mara", "acme is down")
    died = asyncio.Event()

    class DyingRecord(Record):
        async def take(self, updates: object) -> None:
            await record.take(updates)  # type: ignore[arg-type]
            died.set()
            await asyncio.Event().wait()

    async with listening(telegram, DyingRecord()):
        await died.wait()
    assert len(record.updates) == 1
    async with listening(telegram, record):
        await until(lambda: record.batches == 2)
    assert len(record.updates) == 1


async def test_an_update_that_nobody_understands_does_not_stop_the_others(
    fake: FakeTelegram, telegram: Telegram, record: Record
) -> None:
    fake.push({"message": {"message_id": "eleven"}})
    fake.updates.append({"update_id": 101.5})
    fake.push({"message": None})
    fake.say("Acme users", "Mara", "acme is down")
    async with listening(telegram, record):
        await until(lambda: len(record.updates) == 3)


async def test_a_telegram_that_is_away_is_asked_again_until_it_is_back(
    fake: FakeTelegram, telegram: Telegram, record: Record
) -> None:
    fake.stop()
    async with listening(telegram, record):
        await asyncio.sleep(0.2)
        fake.start()
        fake.say("Acme users", "Mara", "acme is down")
        await until(lambda: len(record.updates) == 1)
        fake.stop()
        fake.start()
        fake.say("Acme users", "Mara", "still down")
        await until(lambda: len(record.updates) == 2)


async def test_two_that_ask_for_the_same_updates_are_told_apart_in_the_log(
    fake: FakeTelegram, telegram: Telegram, record: Record, caplog: pytest.LogCaptureFixture
) -> None:
    other = Telegram(fake.token, fake.url)
    async with listening(telegram, record):
        await until(lambda: "getUpdates" in fake.calls)
        async with listening(other, record):
            await until(lambda: "Conflict: terminated by other getUpdates request" in caplog.text)
            fake.say("Acme users", "Mara", "acme is down")
            await until(lambda: record.updates)
    await other.stop()


async def test_the_token_is_in_no_log(fake: FakeTelegram, record: Record, caplog: pytest.LogCaptureFixture) -> None:
    for name in (None, "httpx", "telegram"):
        caplog.set_level(logging.DEBUG, name)
    telegram = Telegram(fake.token, fake.url)
    async with listening(telegram, record):
        await until(lambda: "getUpdates" in fake.calls)
        fake.stop()
        await until(lambda: "Telegram brings no updates" in caplog.text)
    assert fake.token not in caplog.text
    await telegram.stop()


async def test_a_bot_that_sees_only_commands_in_groups_says_so(
    fake: FakeTelegram, telegram: Telegram, caplog: pytest.LogCaptureFixture
) -> None:
    await telegram.start()
    assert telegram.sees_all_posts
    assert not caplog.records
    fake.privacy_mode = True
    await telegram.start()
    assert not telegram.sees_all_posts
    assert "/setprivacy" in caplog.text


@asynccontextmanager
async def pushed(telegram: Telegram, record: Record) -> AsyncIterator[httpx.AsyncClient]:
    """A client that pushes to the webhook's route."""
    app = Starlette(routes=telegram.routes(record.take))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://knock") as client:
        client.headers["X-Telegram-Bot-Api-Secret-Token"] = SECRET
        yield client


@pytest.fixture
async def hooked(fake: FakeTelegram) -> AsyncIterator[Telegram]:
    telegram = Telegram(fake.token, fake.url, Webhook("http://knock/telegram", SECRET))
    yield telegram
    await telegram.stop()


async def test_a_pushed_update_is_written_down_before_it_is_acknowledged(hooked: Telegram, record: Record) -> None:
    async with pushed(hooked, record) as client:
        record.out_of_order = True
        assert (await client.post("/telegram", json=UPDATE)).status_code == 503
        record.out_of_order = False
        answers = await asyncio.gather(*(client.post("/telegram", json=UPDATE) for _ in range(100)))
        assert {answer.status_code for answer in answers} == {200}
        assert list(record.updates) == ["7"]


@pytest.mark.parametrize("secret", [None, "", "a-secret", "a-secret_1 ", "é"])
async def test_a_push_without_the_secret_is_refused_unread(
    hooked: Telegram, record: Record, secret: str | None
) -> None:
    async with pushed(hooked, record) as client:
        del client.headers["X-Telegram-Bot-Api-Secret-Token"]
        headers = {} if secret is None else {b"X-Telegram-Bot-Api-Secret-Token": secret.encode()}
        assert (await client.post("/telegram", content=b"{", headers=headers)).status_code == 403
        assert record.batches == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[1]", 400),
        (b'{"update_id": "7"}', 400),
        (b'{"update_id": true}', 400),
        (b"[" * 100_000, 400),
        (b"1" * 5_000, 400),
        (b" " * 10_000_000, 413),
        (json.dumps({"update_id": 7, "message": {"text": "a" * 900_000}}).encode(), 200),
    ],
    ids=["empty", "cut off", "no text", "no object", "word", "boolean", "deep", "long number", "10 MB", "large"],
)
async def test_whatever_is_pushed_gets_a_clear_answer(
    hooked: Telegram, record: Record, body: bytes, status: int
) -> None:
    async with pushed(hooked, record) as client:
        assert (await client.post("/telegram", content=body)).status_code == status
        assert record.batches == (status == 200)


async def test_a_push_that_is_a_question_is_refused(hooked: Telegram, record: Record) -> None:
    async with pushed(hooked, record) as client:
        assert (await client.get("/telegram")).status_code == 405


async def test_telegram_pushes_to_us_and_polling_again_takes_the_webhook_away(
    fake: FakeTelegram, telegram: Telegram, record: Record, unused_tcp_port: int
) -> None:
    address = f"http://127.0.0.1:{unused_tcp_port}/telegram"
    hooked = Telegram(fake.token, fake.url, Webhook(address, SECRET))
    app = Starlette(routes=hooked.routes(record.take))
    server = uvicorn.Server(uvicorn.Config(app, port=unused_tcp_port, log_level="critical", ws="none"))
    serving = threading.Thread(target=server.run, daemon=True)
    serving.start()
    async with listening(hooked, record):
        fake.say("Acme users", "Mara", "acme is down")
        await until(lambda: len(record.updates) == 1)
    server.should_exit = True
    serving.join(60)
    fake.say("Acme users", "Mara", "still down")
    async with listening(telegram, record):
        await until(lambda: len(record.updates) == 2)
    await hooked.stop()


async def test_what_can_be_asked_for_in_the_chat_is_shown_in_its_menu(fake: FakeTelegram, record: Record) -> None:
    telegram = Telegram(fake.token, fake.url, menu={"": {"delete": "Delete all"}, "de": {"delete": "Alles löschen"}})
    async with listening(telegram, record):
        await until(lambda: "getUpdates" in fake.calls)
    await telegram.stop()
    assert fake.menus == {"": {"delete": "Delete all"}, "de": {"delete": "Alles löschen"}}


async def test_a_telegram_without_menus_is_listened_to_all_the_same(
    fake: FakeTelegram, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(fake_telegram.METHODS, "setMyCommands")
    telegram = Telegram(fake.token, fake.url, menu={"": {"delete": "Delete all"}})
    fake.say("Acme users", "Mara", "acme is down")
    async with listening(telegram, record):
        await until(lambda: record.updates)
    await telegram.stop()
