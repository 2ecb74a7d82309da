"""What the bot does about models again and again: make one, put one to work, let others read beside it or be tried."""

import asyncio
from collections.abc import Mapping

from bot import permit, put_to_work, read_beside, repeat, stop, train, try_out
from bot.settings import BotSettings
from handoff.database import Database
from nlu.rasa import Rasa
from nlu.reader import Reader
from nlu.readers import Readers


class KeepModels:
    """Where there is no Rasa's Python, none is made; where there is no Rasa, none is at work."""

    def __init__(self, settings: BotSettings, database: Database, rasa: Rasa | None) -> None:
        workshop = settings.workshop
        self.actions_url = settings.actions_url
        self.put_to_work = put_to_work.PutToWork(database, workshop, rasa, settings.rasa_models or workshop.models)
        self.train = train.Train(database, workshop)
        self._can_make = workshop.is_there
        self._readers = Readers(
            lambda file: Reader(workshop.python, workshop.file(file), self.actions_url, settings.brand_file)
        )
        self._try_out = try_out.TryOut(database, self._readers, stop.is_stop)
        may = permit.trainable()
        self._read_beside = read_beside.ReadBeside(database, self._readers, rasa, may) if rasa else None

    async def run(self, bells: Mapping[str, asyncio.Event]) -> None:
        """Work until cancelled; models that were loaded have ended then."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(repeat.again("put to work", self.put_to_work.look, bells["models"]))
                tasks.create_task(repeat.every(10, "look at Rasa's model", self._look))
                if self._can_make:
                    tasks.create_task(repeat.again("train", self.train.next, bells["trainings"]))
                    tasks.create_task(repeat.every(1, "try out", self._try_out.answer_all))
                    tasks.create_task(repeat.every(60, "let models rest", self._readers.rest))
                    tasks.create_task(repeat.every(60, "sweep models", self.train.sweep))
                if self._can_make and self._read_beside:
                    tasks.create_task(repeat.every(2, "read beside", self._read_beside.look))
        finally:
            await self._readers.close()

    async def _look(self) -> None:
        await self.put_to_work.look()
