"""The tokens of our account: renewed in time, sealed in the record, and never spent by two processes."""

import asyncio
import sys

import pytest
from sqlalchemy import text

from bot.channel import Halted, NeverDeliverable, TryLater
from bot.channels.x import oauth, redirect_uri
from bot.channels.x_connecting import Connecting
from bot.channels.x_oauth import Granted
from bot.channels.x_renewing import Glance, OurKey
from handoff.database import Database
from tests.bot.channels.on_x import SECRET, account, key_for, settings_for
from tests.peers.fake_x import FakeX

TOKEN, ME = "POST /2/oauth2/token", "GET /2/users/me"
BACK = "https://help.example/proof/x"


@pytest.fixture
def key(fake_x: FakeX, database: Database) -> OurKey:
    return key_for(settings_for(fake_x), database)


async def age(database: Database, words: str) -> None:
    """Change what the record says of the tokens."""
    async with database.transaction("test") as session:
        await session.execute(text(f"UPDATE credentials SET {words}"))


async def test_the_tokens_of_the_settings_are_used_until_they_end(fake_x: FakeX, key: OurKey) -> None:
    assert await key.current() == fake_x.credentials.access_token
    assert fake_x.count(TOKEN) == 0


async def test_a_token_that_ends_soon_is_renewed_before(fake_x: FakeX, key: OurKey, database: Database) -> None:
    old = await key.current()
    await age(database, "expires_at = clock_timestamp() + interval '30 seconds'")
    new = await key.current()
    assert new == fake_x.credentials.access_token != old
    assert await key.current() == new
    assert fake_x.count(TOKEN) == 1


async def test_a_token_that_x_refuses_is_renewed_and_the_call_made_again(fake_x: FakeX, database: Database) -> None:
    async with account(fake_x, database) as x:
        fake_x.expire_access_token()
        await x.start()
        assert x.handle == "northwind_help"
        assert (fake_x.count(ME), fake_x.count(TOKEN)) == (2, 1)
    async with account(fake_x, database, x_access_token="old", x_refresh_token="old too") as x:
        with pytest.raises(Halted, match="knock connect x"):
            await x.start()


RENEW = """
import asyncio, sys
from bot.channel import TryLater
from bot.channels.x_oauth import OAuth
from bot.channels.x_renewing import OurKey
from handoff.database import Database

async def main(url, secret, api, client, client_secret, refused):
    key = OurKey(Database(url, pool_size=1), secret.encode(), OAuth(api, "", client, client_secret), None, None)
    while True:
        try:
            print(await key.renewed(refused))
            return
        except TryLater:
            await asyncio.sleep(0.05)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_two_processes_that_renew_at_once_both_get_the_one_new_token(
    fake_x: FakeX, key: OurKey, database_url: str
) -> None:
    await key.current()
    ours = fake_x.credentials
    fake_x.expire_access_token()
    given = [database_url, SECRET, fake_x.url, ours.client_id, ours.client_secret, ours.access_token]
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", RENEW, *given, stdout=asyncio.subprocess.PIPE)
        for _ in range(2)
    ]
    said = [(await process.communicate())[0].decode().strip() for process in processes]
    assert said == [fake_x.credentials.access_token] * 2
    assert fake_x.count(TOKEN) == 1


async def test_many_at_once_spend_one_refresh_token_once(fake_x: FakeX, database: Database) -> None:
    settings = settings_for(fake_x)
    keys = [key_for(settings, database) for _ in range(8)]
    old = [await key.current() for key in keys]
    fake_x.expire_access_token()
    outcomes = await asyncio.gather(*(key.renewed(old[0]) for key in keys), return_exceptions=True)
    assert fake_x.count(TOKEN) == 1
    new = fake_x.credentials.access_token
    waiting = [outcome for outcome in outcomes if outcome != new]
    assert all(isinstance(outcome, TryLater) and 0 < outcome.seconds <= 2 for outcome in waiting)
    assert {await key.current() for key in keys} == {new}
    assert fake_x.tokens.is_live(fake_x.credentials.refresh_token)


async def test_who_takes_the_refresh_token_and_dies_leaves_it_to_the_next(
    fake_x: FakeX, key: OurKey, database: Database
) -> None:
    old = await key.current()
    await age(database, "taken_until = clock_timestamp() + interval '20 seconds'")
    with pytest.raises(TryLater):
        await key.renewed(old)
    await age(database, "taken_until = clock_timestamp() - interval '1 second'")
    assert await key.renewed(old) == fake_x.credentials.access_token


async def test_a_renewal_whose_answer_got_lost_is_not_repeated_at_once(fake_x: FakeX, key: OurKey) -> None:
    old = await key.current()
    fake_x.trouble.html_503("/2/oauth2/token")
    with pytest.raises(TryLater) as later:
        await key.renewed(old)
    assert later.value.seconds == 30
    with pytest.raises(TryLater):
        await key.renewed(old)
    assert fake_x.count(TOKEN) == 1


async def test_who_gives_up_waiting_does_not_lose_the_tokens(fake_x: FakeX, key: OurKey, database: Database) -> None:
    old = await key.current()
    waiting = asyncio.create_task(key.renewed(old))
    while not fake_x.count(TOKEN):
        await asyncio.sleep(0.001)
    waiting.cancel()
    await key.close()
    assert await key.current() == fake_x.credentials.access_token != old


async def test_a_refresh_token_that_x_does_not_take_is_not_tried_again(fake_x: FakeX, key: OurKey) -> None:
    old = await key.current()
    await key.renewed(old)
    await oauth(settings_for(fake_x)).revoke(fake_x.credentials.refresh_token)
    new = await key.current()
    for _ in range(2):
        with pytest.raises(Halted, match="knock connect x"):
            await key.renewed(new)
    assert fake_x.count(TOKEN) == 2


async def test_a_wrong_client_secret_spends_nothing(fake_x: FakeX, database: Database) -> None:
    wrong = key_for(settings_for(fake_x, x_client_secret="wrong"), database)
    old = await wrong.current()
    with pytest.raises(Halted, match="KNOCK_X_CLIENT_SECRET"):
        await wrong.renewed(old)
    await age(database, "taken_until = NULL")
    assert await key_for(settings_for(fake_x), database).renewed(old) == fake_x.credentials.access_token


async def test_other_tokens_in_the_settings_begin_anew(fake_x: FakeX, key: OurKey, database: Database) -> None:
    await key.renewed(await key.current())
    again = key_for(settings_for(fake_x, x_refresh_token="another", x_access_token="one"), database)
    assert await again.current() == "one"
    assert await key.current() == "one"


async def test_the_same_tokens_in_the_settings_go_on_where_we_were(fake_x: FakeX, database: Database) -> None:
    settings = settings_for(fake_x)
    first = key_for(settings, database)
    new = await first.renewed(await first.current())
    assert await key_for(settings, database).current() == new


async def test_only_a_refresh_token_is_enough_and_none_at_all_is_not(fake_x: FakeX, database: Database) -> None:
    with pytest.raises(Halted, match="knock connect x"):
        await key_for(settings_for(fake_x, x_access_token=None, x_refresh_token=None), database).current()
    key = key_for(settings_for(fake_x, x_access_token=None), database)
    assert await key.current() == fake_x.credentials.access_token


async def test_nobody_reads_the_tokens_in_the_record(fake_x: FakeX, key: OurKey, database: Database) -> None:
    token = await key.current()
    async with database.reading() as session:
        row = str((await session.execute(text("SELECT * FROM credentials"))).one())
    assert token not in row
    assert fake_x.credentials.refresh_token not in row
    with pytest.raises(Halted, match="KNOCK_SECRET"):
        await key_for(settings_for(fake_x, secret="another secret"), database).current()


async def test_a_look_renews_nothing(fake_x: FakeX, key: OurKey, database: Database) -> None:
    settings = settings_for(fake_x)
    assert await Glance(database, settings.key, "from the settings").current() == "from the settings"
    with pytest.raises(Halted):
        await Glance(database, settings.key, None).current()
    token = await key.current()
    look = Glance(database, settings.key, None)
    assert await look.current() == token
    await age(database, "expires_at = clock_timestamp()")
    with pytest.raises(TryLater):
        await look.current()
    assert fake_x.count(TOKEN) == 0


@pytest.fixture
def connecting(fake_x: FakeX, database: Database) -> Connecting:
    settings = settings_for(fake_x, x_access_token=None, x_refresh_token=None)
    fake_x.redirect_uris.append(BACK)
    return Connecting(oauth(settings), key_for(settings, database), redirect_uri(settings))


async def test_an_account_is_connected_by_saying_yes_on_x(
    fake_x: FakeX, connecting: Connecting, database: Database
) -> None:
    came_back = fake_x.sign_in(connecting.address, "Northwind Help")
    assert (await connecting.finish(f" {came_back}\n")).handle == "northwind_help"
    async with account(fake_x, database, x_access_token=None, x_refresh_token=None) as x:
        fake_x.expire_access_token()
        await x.start()
        assert x.handle == "northwind_help"


@pytest.mark.parametrize("came_back", ["", "nonsense", f"{BACK}?code=1&state=2", f"{BACK}?error=access_denied"])
async def test_an_address_that_is_not_from_x_connects_nothing(
    connecting: Connecting, came_back: str, database: Database
) -> None:
    with pytest.raises(NeverDeliverable):
        await connecting.finish(came_back)


async def test_tokens_without_a_word_on_their_life_live_two_hours() -> None:
    assert Granted("a").expires_in == 7200
