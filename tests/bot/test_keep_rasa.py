"""Rasa as our child: it starts as soon as the record says with what."""

import asyncio
from pathlib import Path

import pytest

from bot.keep_rasa import OwnRasa
from bot.put_to_work import PutToWork
from bot.settings import BotSettings
from handoff.database import Database
from nlu.workshop import Workshop
from tests.nlu.test_training import a_python_that
from tests.rasa_server import free_port


async def test_a_record_that_is_away_at_the_start_is_waited_for(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    python, told = a_python_that(tmp_path, "exit 1"), list[str]()
    away = Database(f"postgresql://127.0.0.1:{free_port()}/knock")
    work = PutToWork(away, Workshop(python, tmp_path / "models", keep=5), None, tmp_path / "models")
    rasa = OwnRasa(BotSettings(secret="the secret of the tests", home=tmp_path, rasa_python=python), told.append)
    running = asyncio.create_task(rasa.run(work))
    async with asyncio.timeout(30):
        while "Rasa cannot start yet, trying again" not in caplog.text:
            await asyncio.sleep(0.05)
        assert not running.done()
        work.database = database
        await running
    assert told[-1].startswith("Rasa could not be trained"), "which it tries once the record is there"
    await away.close()
