"""`knock doctor`: each line says what was found, and what to do when it is wrong."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console

from bot import doctor
from bot.channel import Author
from bot.settings import BotSettings
from bot.spend import Purse
from handoff import cases, halts, people, threads
from handoff.database import Database
from handoff.models import Offer, Update
from tests.bot.town import Town, mention
from tests.cast import MARA
from tests.peers.fake_telegram import FakeTelegram
from tests.rasa_server import free_port, free_ports

SHIPPED = Path(__file__).parents[2] / "knock.toml"


def settings(home: Path, database_url: str | None = None, **more: Any) -> BotSettings:
    ports = dict(zip(("public_port", "inbox_port"), free_ports(2), strict=True))
    return BotSettings(**{"home": home, "database_url": database_url, "brand_file": SHIPPED} | ports | more)


async def line(what: str, settings: BotSettings) -> doctor.Line:
    """The one line about something."""
    (found,) = [line for line in await doctor.examine(settings) if line.what == what]
    return found


async def test_a_fresh_checkout_has_nothing_wrong(tmp_path: Path) -> None:
    lines = await doctor.examine(settings(tmp_path))
    assert not [line for line in lines if line.is_wrong]
    assert {"Python", "Folder", "Secret", "Brand", "Rasa", "Customers", "Inbox", "Telegram", "Database"} <= {
        line.what for line in lines
    }


async def test_looking_leaves_nothing_behind(tmp_path: Path) -> None:
    await doctor.examine(settings(tmp_path))
    assert not list(tmp_path.iterdir())


async def test_a_brand_file_that_cannot_be_read_is_wrong(tmp_path: Path) -> None:
    found = await line("Brand", settings(tmp_path, brand_file=tmp_path / "no.toml"))
    assert found.is_wrong
    assert "KNOCK_BRAND_FILE" in found.todo


async def test_a_variable_that_is_no_setting_is_pointed_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KNOCK_TELEGRAM_TOKKEN", "1")
    found = await line("Settings", settings(tmp_path))
    assert "KNOCK_TELEGRAM_TOKKEN" in found.found


async def test_a_database_is_named_with_its_version(tmp_path: Path, database_url: str) -> None:
    found = await line("Database", settings(tmp_path, database_url))
    assert (found.health, "PostgreSQL 1" in found.found) == ("ok", True)


async def test_a_database_that_was_not_migrated_is_wrong(tmp_path: Path, empty_database_url: str) -> None:
    found = await line("Database", settings(tmp_path, empty_database_url))
    assert found.is_wrong
    assert "knock migrate" in found.todo


async def test_a_database_that_is_away_is_wrong(tmp_path: Path) -> None:
    found = await line("Database", settings(tmp_path, f"postgresql://nobody@127.0.0.1:{free_port()}/no"))
    assert found.is_wrong


async def test_a_rasa_that_is_away_is_wrong(tmp_path: Path) -> None:
    found = await line("Rasa", settings(tmp_path, rasa_url=f"http://127.0.0.1:{free_port()}"))
    assert found.is_wrong
    assert "KNOCK_RASA_TOKEN" in found.todo


async def test_telegram_is_asked_who_we_are_and_what_we_see(tmp_path: Path) -> None:
    with FakeTelegram() as fake:
        found = await line("Telegram", settings(tmp_path, telegram_token=fake.token, telegram_api=fake.url))
        assert (found.health, "sees every post" in found.found) == ("ok", True)
        fake.privacy_mode = True
        found = await line("Telegram", settings(tmp_path, telegram_token=fake.token, telegram_api=fake.url))
        assert "privacy mode" in found.todo


async def test_a_token_that_telegram_does_not_know_is_wrong_and_not_shown(tmp_path: Path) -> None:
    with FakeTelegram() as fake:
        found = await line("Telegram", settings(tmp_path, telegram_token="1:secret", telegram_api=fake.url))
    assert found.is_wrong
    assert "1:secret" not in found.found


async def test_another_program_on_our_port_is_wrong(tmp_path: Path) -> None:
    with FakeTelegram() as other:
        found = await line("Inbox", settings(tmp_path, inbox_port=httpx.URL(other.url).port))
    assert found.is_wrong
    assert "KNOCK_INBOX_PORT" in found.todo


async def test_what_waits_for_people_is_counted(tmp_path: Path, database_url: str, database: Database) -> None:
    async with database.transaction("test") as session:
        promise = await people.promise(session, "account")
        customer = await people.customer(session, promise.account, "square", "en", handle=MARA.handle, name=MARA.name)
        thread = await threads.opening(session, customer, "Northwind", "en", None)
        await cases.hand_off(session, thread, "asked", "Wants a person")
        until = datetime.now(UTC) + timedelta(days=1)
        words = {"text": "Need help?", "label": "Click here", "expires_at": until, "post_id": "1"}
        session.add(Offer(thread_id=thread.id, account=promise.account, problem=1, state="human", **words))
        session.add(Update(channel="square", external_id="1", handled_at=until, trouble="unreadable"))
    lines = {line.what: line for line in await doctor.examine(settings(tmp_path, database_url))}
    assert lines["Cases"].found.startswith("1 waiting")
    assert lines["Offers"].found == "1 in doubt"
    assert lines["Updates"].found == "1 could not be read"


async def test_the_table_says_how_many_are_to_put_right(tmp_path: Path) -> None:
    console = Console(record=True, width=120)
    doctor.show(await doctor.examine(settings(tmp_path, brand_file=tmp_path / "no.toml")), console)
    assert "1 to put right" in console.export_text()


async def test_a_silent_channel_says_why_what_waits_and_what_to_do(
    tmp_path: Path, database: Database, database_url: str
) -> None:
    async with database.transaction("test") as session:
        await halts.begin(session, "x", "X says 418: I am a teapot", None)
    found = await line("X", settings(tmp_path, database_url))
    assert found.is_wrong
    assert "0 offers wait" in found.found
    assert "teapot" in found.todo
    assert "knock resume x" in found.todo


async def test_a_channel_that_is_silent_for_a_while_says_until_when(
    tmp_path: Path, database: Database, database_url: str
) -> None:
    async with database.transaction("test") as session:
        await halts.begin(session, "x", "the month is used up", datetime(2099, 12, 1, tzinfo=UTC))
    found = await line("X", settings(tmp_path, database_url))
    assert "silent until 2099-12-01 00:00 UTC" in found.found


async def test_what_waits_is_a_number_with_an_estimate(town: Town, tmp_path: Path, database_url: str) -> None:
    await town.hear(*(mention(Author(f"6{number:04}")) for number in range(350)))
    while await town.flow.handle_next():
        pass
    found = await line("X", settings(tmp_path, database_url))
    assert found.found == "350 offers wait, about 3 hours"


async def test_the_money_of_today_stands_beside_the_budget(
    tmp_path: Path, database: Database, database_url: str
) -> None:
    purse = Purse(database, "x", {"reply": 0.01}, 10)
    await purse.spend("reply", 120)
    found = await line("Money", settings(tmp_path, database_url))
    assert found.found == "1.20 of 10.00 dollars today: 120 × reply 1.200"
    assert not found.todo
    assert "KNOCK_X_BUDGET" in (await line("Money", settings(tmp_path, database_url, x_budget=1.3))).todo
