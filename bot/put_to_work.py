"""Put to work: what the record says is at work is what Rasa answers with, at the start and whenever that changes."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from handoff import database, trainings, version_errors, versions
from handoff.database import Database
from handoff.failpoints import outside
from handoff.versions import Made, Model
from nlu.corpus import Corpus
from nlu.rasa import Rasa, RasaDown
from nlu.seeds import seeds
from nlu.training import config_hash, ensure_model, threshold
from nlu.workshop import Workshop

log = logging.getLogger(__name__)

LOST = "The file of version {version} is missing from {folder}: Rasa works with the seeds until a new one is trained."


@dataclass
class PutToWork:
    """`begin_with` before our Rasa starts, `look` again and again. `seen_as`: the folder of models for Rasa."""

    database: Database
    workshop: Workshop
    rasa: Rasa | None
    seen_as: Path
    at_work: Path | None = None
    """The file that Rasa starts with when it is started again."""
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def begin_with(self, tell: Callable[[str], None]) -> Path:
        """The file that Rasa shall start with: the version at work, or else one of the seeds alone, which becomes
        version 1. Raises `TrainingFailed`."""
        async with self.database.reading() as session:
            live = await versions.live(session)
        file = self.workshop.file(live.file) if live else None
        if live is None or file is None or not file.exists():
            file = await ensure_model(self.workshop.python, self.workshop.models, tell)
        if live is None:
            await self._adopt(file)
        elif self.workshop.file(live.file) != file:
            tell(LOST.format(version=live.version, folder=self.workshop.models))
            await self._train_anew()
        elif live.config != config_hash():
            tell(f"Version {live.version} of the model was made by another Knock; a new one is trained.")
            await self._train_anew()
        self.at_work = file
        return file

    async def _adopt(self, file: Path) -> None:
        corpus = Corpus(seeds())
        size = await asyncio.to_thread(lambda: file.stat().st_size)
        made = Made(file.name, size, corpus.sha256, config_hash(), corpus.counts, (), threshold())
        async with self.database.transaction("work.adopt") as session:
            training = await trainings.of_nobody(session, made.corpus, made.config, made.counts)
            model = await versions.add(session, training.id, made)
            await trainings.done(session, training, model.version)
            await versions.promote(session, model.version, None, "the first one, of the seeds", seen=None)

    async def _train_anew(self) -> None:
        with suppress(version_errors.TrainingRuns):
            async with self.database.transaction("work.train anew") as session:
                await trainings.ask(session, None, then_promote=True)

    async def look(self) -> bool:
        """Have Rasa load what the record says, unless it has. Whether something was done about that."""
        async with self.turn:
            return await self._look()

    async def _look(self) -> bool:
        async with self.database.reading() as session:
            newest, live = await versions.newest_promotion(session), await versions.live(session)
        if newest is None or live is None or self.rasa is None:
            return False
        try:
            loaded = await self.rasa.model()
        except RasaDown:
            return False
        trouble = None if loaded == live.file else await self._load(live)
        if trouble is None:
            self.at_work = self.workshop.file(live.file)
        if newest.trouble != trouble or (newest.at_work_at is None and trouble is None):
            await self._settle(newest.n, trouble)
        return trouble is None and loaded != live.file

    async def _load(self, live: Model) -> str | None:
        try:
            async with outside("work.load"):
                await self.rasa.put_to_work(str(self.seen_as / live.file))  # type: ignore[union-attr]
        except RasaDown as error:
            log.warning("version %s could not be put to work: %s", live.version, error)
            return f"Rasa could not load it ({error}); what was at work before still is."
        return None

    async def _settle(self, n: int, trouble: str | None) -> None:
        async with self.database.transaction("work.settle") as session:
            await versions.settle(session, n, trouble)
            database.changed(session, database.MODELS)
