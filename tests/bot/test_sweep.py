"""Which files of models are kept, and what is left of trainings that were cut short is not."""

import os
from pathlib import Path

from bot.train import Train
from handoff import versions
from handoff.database import Database
from nlu.training import LONGEST_TRAINING, new_workplace
from nlu.workshop import Workshop
from tests.bot.town import Town
from tests.cast import ANA
from tests.handoff.web.versions import at_work, version


async def test_the_version_that_a_roll_back_leads_to_keeps_its_file(
    database: Database, tmp_path: Path, town: Town
) -> None:
    ana = await town.hired(ANA)
    for seen in (None, 1, 2):
        await at_work(database, await version(database, None), seen)
    async with database.transaction("test.roll back") as session:
        await versions.roll_back(session, ana, seen=3)
    await version(database, None)
    await Train(database, Workshop(tmp_path / "python", tmp_path, keep=1)).sweep()
    async with database.reading() as session:
        assert [one.version for one in await versions.every(session) if one.gone_at is None] == [4, 3, 2, 1]
        back = await versions.to_roll_back_to(session)
    assert back
    assert back.version == 1


async def test_what_is_left_of_a_first_training_that_was_killed_goes_once_nobody_can_be_at_it(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path / "python", tmp_path / "models", keep=5)
    left, at_it = new_workplace(workshop.models), new_workplace(workshop.models)
    old = left.stat().st_mtime - 3 * LONGEST_TRAINING
    os.utime(left, (old, old))
    workshop.sweep(set(), set(), someone_trains=False)
    assert (left.exists(), at_it.exists()) == (False, True)
