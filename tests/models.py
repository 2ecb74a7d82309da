"""Models for tests: real ones, trained once and kept in the cache, and a workshop to make and keep them in."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.put_to_work import PutToWork
from bot.train import Train
from handoff import trainings, versions
from handoff.database import Database
from handoff.models import Agent
from handoff.versions import Made, Model
from nlu.rasa import Rasa
from nlu.workshop import Workshop
from tests.rasa_server import PYTHON


class Makers:
    """A record and a workshop: version 1 is of the seeds and at work."""

    def __init__(self, database: Database, folder: Path, python: Path = PYTHON, rasa: Rasa | None = None) -> None:
        self.database = database
        self.workshop = Workshop(python.absolute(), folder, keep=5)
        self.train = Train(database, self.workshop)
        self.work = PutToWork(database, self.workshop, rasa, folder)

    async def begin(self, model: Path) -> None:
        """The model of the seeds is there and becomes version 1."""
        self.workshop.models.mkdir(parents=True, exist_ok=True)
        (self.workshop.models / model.name).symlink_to(model)
        await self.work.begin_with(print)

    async def another(self, model: Path, example_ids: Sequence[int] = ()) -> int:
        """One more version, out of a file that is there already; it was tested with nothing."""
        async with self.database.transaction("test.another") as session:
            training = await trainings.of_nobody(session, "a" * 64, "b" * 64, {"refund": {"en": 3}})
            file = f"model-{training.id}.tar.gz"
            shutil.copy(model, self.workshop.models / file)
            made = Made(file, 1000, "a" * 64, "b" * 64, {"refund": {"en": 3}}, example_ids, 0.35)
            version = (await versions.add(session, training.id, made)).version
            await trainings.done(session, training, version)
        return version

    async def ask(self, by: Agent | None = None) -> int:
        """Somebody presses the button."""
        async with self.database.transaction("test.ask") as session:
            return await trainings.ask(session, by)

    async def training(self, training_id: int) -> trainings.Training:
        """How it stands."""
        async with self.database.reading() as session:
            found = await trainings.one(session, training_id)
        assert found is not None
        return found

    async def versions(self) -> list[Model]:
        """All versions, the newest first."""
        async with self.database.reading() as session:
            return list(await session.scalars(select(Model).order_by(Model.version.desc())))

    async def live(self) -> int | None:
        """Which version is at work."""
        async with self.database.reading() as session:
            found = await versions.live(session)
        return found.version if found else None


@pytest.fixture
def makers(database: Database, tmp_path: Path) -> Makers:
    """A workshop in which nothing was made yet."""
    return Makers(database, tmp_path / "models")
