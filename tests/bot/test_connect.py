"""`knock connect x` and what the doctor says of X: everybody who sets X up sees these."""

import asyncio
import re

import pytest
from click.testing import CliRunner
from pydantic import ValidationError

from bot import doctor
from bot.__main__ import main
from bot.assemble import assemble, connecting_x
from bot.settings import BotSettings
from handoff.database import Database
from tests.bot.channels.on_x import account, settings_for
from tests.peers.fake_x import FakeX

BACK = "https://help.example/proof/x"


async def x_line(settings: BotSettings) -> doctor.Line:
    """What the doctor says of our account."""
    return next(line for line in await doctor.examine(settings) if line.what == "X account")


def environment(fake: FakeX, url: str) -> dict[str, str]:
    return {
        "KNOCK_DATABASE_URL": url,
        "KNOCK_SECRET": "the secret of the tests",
        "KNOCK_PUBLIC_URL": "https://help.example",
        "KNOCK_X_API": fake.url,
        "KNOCK_X_SIGN_IN_URL": f"{fake.url}/i/oauth2/authorize",
        "KNOCK_X_CLIENT_ID": fake.credentials.client_id,
        "KNOCK_X_CLIENT_SECRET": fake.credentials.client_secret,
    }


@pytest.fixture
def unconnected(fake_x: FakeX, database_url: str) -> BotSettings:
    """An app on X is there, but no account speaks by it."""
    fake_x.redirect_uris.append(BACK)
    return settings_for(fake_x, database_url=database_url, x_access_token=None, x_refresh_token=None)


async def test_an_account_is_connected_from_the_terminal(fake_x: FakeX, unconnected: BotSettings) -> None:
    url = unconnected.database_url or ""
    runner = CliRunner()

    def connect(came_back: str) -> str:
        return runner.invoke(main, ["connect", "x"], input=f"{came_back}\n", env=environment(fake_x, url)).output

    said = await asyncio.to_thread(connect, "https://help.example/nothing")
    assert "Please begin again." in said
    [address] = re.findall(r"Open (\S+)", said)
    assert "scope=tweet.read+tweet.write+users.read+offline.access" in address
    assert (await x_line(unconnected)).is_wrong

    database = Database(url, pool_size=1)
    connecting = connecting_x(unconnected, database)
    assert (await connecting.finish(fake_x.sign_in(connecting.address, "Northwind Help"))).handle == "northwind_help"
    await database.close()
    assert "@northwind_help" in (await x_line(unconnected)).found


def test_without_an_app_there_is_nothing_to_connect() -> None:
    said = CliRunner().invoke(main, ["connect", "x"], env={"KNOCK_X_CLIENT_ID": ""})
    assert said.exit_code == 1
    assert "set KNOCK_X_CLIENT_ID" in said.output


async def test_the_doctor_says_as_whom_we_speak(fake_x: FakeX, database_url: str) -> None:
    fine = await x_line(settings_for(fake_x, database_url=database_url))
    assert (fine.health, fine.found) == ("ok", "@northwind_help; we ask X every 0.05 s")
    wrong = await x_line(settings_for(fake_x, database_url=database_url, x_access_token="wrong"))
    assert wrong.health == "note"
    assert "gets the next one when it runs" in wrong.found
    fake_x.trouble.next(403, {"title": "Forbidden", "detail": "Your account is locked."})
    locked = await x_line(settings_for(fake_x, database_url=database_url))
    assert locked.is_wrong
    assert "Your account is locked." in locked.found
    assert fake_x.count("POST /2/oauth2/token") == 0


async def test_the_doctor_looks_at_the_newest_token(fake_x: FakeX, database: Database, database_url: str) -> None:
    async with account(fake_x, database) as x:
        fake_x.expire_access_token()
        await x.start()
    settings = settings_for(fake_x, database_url=database_url, x_access_token="the first one")
    assert "@northwind_help" in (await x_line(settings)).found


async def test_x_is_there_when_an_app_is_named(fake_x: FakeX, database_url: str) -> None:
    hook = {"x_webhook_url": "https://help.example/from-x", "x_consumer_secret": "s", "x_bearer_token": "b"}
    knock = assemble(settings_for(fake_x, database_url=database_url, **hook), database_url)
    assert set(knock.channels) == {"square", "x"}
    await knock.close()
    without = assemble(BotSettings(secret="s", database_url=database_url), database_url)
    assert set(without.channels) == {"square"}
    await without.close()


def test_half_of_x_is_named_before_anybody_waits_for_an_answer() -> None:
    with pytest.raises(ValidationError, match="KNOCK_X_CLIENT_ID"):
        BotSettings(secret="s", x_access_token="a token")
    with pytest.raises(ValidationError, match="finite number"):
        BotSettings(secret="s", x_budget=float("inf"))
