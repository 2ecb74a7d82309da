"""The command `knock` answers a mistake in its settings with a sentence."""

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.__main__ import main
from bot.settings import BotSettings
from handoff import halts, members, people
from handoff.database import Database
from tests.bot.test_forget import HOURS, SAID, trace, trace_of
from tests.bot.town import Town
from tests.cast import MARA


def knock(*arguments: str, **settings: str) -> str:
    """What a command that could not do its work said."""
    outcome = CliRunner().invoke(
        main, arguments, env={f"KNOCK_{name.upper()}": said for name, said in settings.items()}
    )
    assert outcome.exit_code == 1
    assert isinstance(outcome.exception, SystemExit), outcome.exception
    return outcome.output


@pytest.mark.parametrize("command", ["migrate", "doctor"])
@pytest.mark.parametrize("address", ["nonsense", "postgresql://localhost:port/knock"])
def test_an_address_of_no_database_is_named_with_its_setting(command: str, address: str) -> None:
    said = knock(command, database_url=address)
    assert "KNOCK_DATABASE_URL: " in said
    assert "postgresql://user@host/database" in said


@pytest.mark.parametrize("port", ["0", "65536", "-1"])
@pytest.mark.parametrize("setting", ["public_port", "inbox_port"])
def test_a_port_that_no_machine_has_is_named_with_its_setting(setting: str, port: str) -> None:
    assert f"KNOCK_{setting.upper()}: " in knock("doctor", **{setting: port})


def test_a_home_that_is_a_file_or_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for home in (tmp_path / "file", Path("/proc/nowhere")):
        said = knock("migrate", home=str(home))
        assert str(home) in said
        assert "Is KNOCK_HOME a folder that you can write to?" in said


def test_the_doctor_sees_that_the_home_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "Set KNOCK_HOME to a folder" in " ".join(knock("doctor", home=str(tmp_path / "file")).split())


def test_settings_in_a_file_that_is_not_utf_8_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_bytes("KNOCK_SECRET=Schl\u00fcssel".encode("latin-1"))
    assert "save the file as UTF-8" in knock("doctor")


def test_a_policy_can_be_read_in_words() -> None:
    said = CliRunner().invoke(main, ["policy", "x"])
    assert said.exit_code == 0
    assert "Help is offered only to who called us" in said.output
    assert CliRunner().invoke(main, ["policy", "myspace"]).exit_code == 2


async def test_a_silent_channel_speaks_again_when_somebody_says_so(database: Database, database_url: str) -> None:
    async with database.transaction("test") as session:
        await halts.begin(session, "x", "unknown", None)

    def resume() -> str:
        return CliRunner().invoke(main, ["resume", "x"], env={"KNOCK_DATABASE_URL": database_url}).output

    assert "speaks again on x" in await asyncio.to_thread(resume)
    assert "was not silent on x" in await asyncio.to_thread(resume)


async def forget(database_url: str, channel: str, who: str) -> str:
    """What `knock forget` says."""
    arguments = ["forget", channel, who, "--stop", "--yes"]
    settings = {"KNOCK_DATABASE_URL": database_url, "KNOCK_SECRET": "the secret of the tests"}
    return (await asyncio.to_thread(CliRunner().invoke, main, arguments, env=settings)).output


async def test_who_asks_for_it_elsewhere_is_deleted_by_a_command(town: Town, database_url: str) -> None:
    await town.handed_off(MARA, SAID)
    assert "Nobody is known on telegram by somebody" in await forget(database_url, "telegram", "somebody")
    assert "Everything of them is deleted" in await forget(database_url, "telegram", f"@{str(MARA.handle).upper()}")
    assert await trace_of(town, "Orchard", "mara") == []
    assert await town.value("SELECT stopped_at IS NOT NULL FROM promises")


async def test_who_never_had_a_page_or_is_half_forgotten_is_deleted_by_their_id(town: Town, database_url: str) -> None:
    await town.offered(MARA, SAID)
    await town.pass_time(25 * HOURS)
    await town.bot.forget()
    said = str(await town.value("SELECT external_id FROM messages WHERE kind = 'post'"))
    assert await trace_of(town, said) == ["messages.external_id: " + said, "offers.post_id: " + said]
    assert "Everything of them is deleted" in await forget(database_url, "telegram", MARA.id)
    assert await trace_of(town, said) == []


async def test_who_only_posted_on_the_square_is_deleted_by_their_name(database: Database, database_url: str) -> None:
    async with database.transaction("test") as session:
        member = await members.join(session, "Mara", "a cookie")
        account = people.account_hash(BotSettings(secret="the secret of the tests").key, "square", str(member.id))
        await people.promise(session, account)
        await people.customer(session, account, "square", "en", handle="Mara", name="Mara")
    assert "Everything of them is deleted" in await forget(database_url, "square", "mara")
    assert await trace(database, "Mara") == []
    assert "Nobody is known on square by mara" in await forget(database_url, "square", "mara")
