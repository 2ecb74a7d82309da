"""Train: make a version of the model out of the examples as they are, test it, and tell meanwhile how far it is.

Claimed by a lease with a heartbeat: what a dead process left is taken up again. A model file is whole or absent, and a
version is written down only once its file is there.
"""

import asyncio
import logging
import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from secrets import token_hex

from sqlalchemy.ext.asyncio import AsyncSession

from handoff import comparisons, corpora, database, deeds, recent, test_sets, trainings, versions
from handoff.database import Database
from handoff.failpoints import outside
from handoff.progress import TESTING, TRAINING, USUAL, Progress
from handoff.trainings import Training
from handoff.version_errors import PromotedMeanwhile
from handoff.versions import Made, Model
from nlu.corpus import Corpus
from nlu.reader import Reader, ReaderDown
from nlu.seeds import frozen
from nlu.training import TrainingFailed, config_hash, threshold, train, write_project
from nlu.workshop import Workshop

log = logging.getLogger(__name__)

ANOTHER_KNOCK = "the one at work was made by another Knock, which this one replaced"
UNREADABLE = "the file of the one at work is gone, or of another Knock and cannot be read"
"""Why a version is put to work that nobody asked for."""

BEAT = 1.0
"""Seconds between two words on how far it is."""


class GivenUp(Exception):
    """Somebody cancelled it, or took us for dead."""


class Train:
    """Takes up a training that waits."""

    def __init__(self, database: Database, workshop: Workshop) -> None:
        self._database, self._workshop = database, workshop

    async def next(self) -> bool:
        """Do the training that is due, to its end. Whether there was one."""
        lease = token_hex(8)
        async with self._database.transaction("train.take up") as session:
            found = await trainings.take_up(session, lease)
            expected = {**USUAL, **await trainings.last_took(session)}
        if found is None:
            return False
        progress = Progress.over(expected)
        making = asyncio.create_task(self._make(found, lease, progress))
        beating = asyncio.create_task(self._beat(found.id, lease, progress))
        try:
            await asyncio.wait((making, beating), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (making, beating):
                task.cancel()
            await asyncio.gather(making, beating, return_exceptions=True)
        trouble = None if making.cancelled() else making.exception()
        if making.cancelled() or trouble:
            await self._fail(found.id, lease, progress, trouble)
        await self.sweep()
        return True

    async def now(self, tell: Callable[[str], None]) -> int:
        """Make a version without being asked on a page, and tell every line of it; its number.

        Raises `TrainingRuns` while there is another, `TrainingFailed`.
        """
        async with self._database.transaction("train.ask") as session:
            asked = await trainings.ask(session, None)
        doing, told = asyncio.create_task(self.next()), 0
        while True:
            async with self._database.reading() as session:
                found = await trainings.one(session, asked)
            for line in found.lines[told:] if found else ():
                tell(line)
            if found is None or not found.is_open:
                break
            told = len(found.lines)
            await asyncio.sleep(BEAT)
        await doing
        if found is None or found.version is None:
            raise TrainingFailed(found.trouble if found and found.trouble else "It was cancelled.")
        return found.version

    async def _beat(self, training_id: int, lease: str, progress: Progress) -> None:
        """Tell how far it is until it is not ours any more."""
        heard = time.monotonic()
        while True:
            try:
                async with self._database.transaction("train.beat") as session:
                    if not await trainings.beat(session, training_id, lease, progress.beat()):
                        return
                heard = time.monotonic()
            except database.AWAY as error:
                log.warning("training %s: the record is away: %s", training_id, error)
                if time.monotonic() - heard > trainings.LEASE.total_seconds():
                    return
            await asyncio.sleep(BEAT)

    async def _make(self, found: Training, lease: str, progress: Progress) -> None:
        model = await self._made(found.id)
        if model is None:
            model = await self._train(found, lease, progress)
        progress.turn_to(TESTING, f"testing version {model.version}")
        async with self._database.reading() as session:
            live, back = await versions.live(session), await versions.to_roll_back_to(session)
        others = {one.version: one for one in (live, back) if one is not None and one.version != model.version}
        share = 1 / (1 + len(others))
        await self._test(model, progress, until=share)
        readable = [
            one.version
            for n, one in enumerate(others.values(), start=1)
            if await self._test_again(
                one, progress, n * share, (n + 1) * share, loads=found.then_promote and one is live
            )
        ]
        is_readable = live is not None and live.version in readable
        beat = progress.beat()
        async with self._database.transaction("train.done") as session:
            await trainings.beat(session, found.id, lease, replace(beat, took={**beat.took, TESTING: progress.elapsed}))
            mine = await self._held(session, found.id, lease)
            await trainings.done(session, mine, model.version)
            if found.then_promote:
                await self._put_to_work(session, model, live, is_readable)

    async def _test_again(self, other: Model, progress: Progress, since: float, until: float, *, loads: bool) -> bool:
        """Have the version at work, or that of a roll-back, tested as well. Whether it can be read: one of another
        Knock maybe not any more, which `loads` finds out where there is nothing left to be read.

        Where it cannot, the new version is kept all the same: nobody can compare them, and that is said.
        """
        if other.gone_at is not None:
            return False
        try:
            await self._test(other, progress, since, until)
            if loads:
                async with outside("train.test"), Reader(self._workshop.python, self._workshop.file(other.file)):
                    pass
        except ReaderDown as error:
            progress.say(f"version {other.version} cannot be read any more: {error}")
            return False
        return True

    async def _put_to_work(self, session: AsyncSession, model: Model, live: Model | None, is_readable: bool) -> None:
        """Nobody asked for it, so it must be no clear loss, unless there is nothing else; and the audit log tells."""
        comparison = await comparisons.with_live(session, model.version)
        if is_readable and comparison.needs_reason:
            deeds.write(session, "leave model to an admin", about=f"{comparison.words}; {ANOTHER_KNOCK}")
            return
        why = "the first one" if live is None else ANOTHER_KNOCK if is_readable else UNREADABLE
        with suppress(PromotedMeanwhile):
            await versions.promote(session, model.version, None, why, seen=live.version if live else None)
            deeds.write(session, "promote model", about=f"{comparison.words}; {why}")

    async def _held(self, session: AsyncSession, training_id: int, lease: str) -> Training:
        if (mine := await trainings.held(session, training_id, lease)) is None or mine.cancel_at is not None:
            raise GivenUp
        return mine

    async def _made(self, training_id: int) -> Model | None:
        """The model that was made before we were cut short."""
        async with self._database.reading() as session:
            model = await versions.of_training(session, training_id)
        return model if model is not None and self._workshop.file(model.file).exists() else None

    async def _train(self, found: Training, lease: str, progress: Progress) -> Model:
        corpus = await self._freeze(found, lease, progress)
        workplace = await asyncio.to_thread(self._workshop.new_workplace)
        try:
            await asyncio.to_thread(write_project, corpus, workplace / "project")
            progress.turn_to(TRAINING, f"training on {len(corpus.examples):,} examples")
            async with outside("train.rasa"):
                made = await train(
                    self._workshop.python, workplace / "project", workplace, progress.hear, politely=True
                )
            name = f"model-{found.id}"
            snapshot = self._workshop.models / f"{name}.corpus"
            shutil.rmtree(snapshot, ignore_errors=True)
            os.replace(workplace / "project", snapshot)
            os.replace(made, self._workshop.models / f"{name}.tar.gz")
        finally:
            await asyncio.to_thread(shutil.rmtree, workplace, ignore_errors=True)
        return await self._write_down(found, lease, corpus, f"{name}.tar.gz")

    async def _write_down(self, found: Training, lease: str, corpus: Corpus, file: str) -> Model:
        size = (self._workshop.models / file).stat().st_size
        made = Made(file, size, corpus.sha256, config_hash(), corpus.counts, corpus.example_ids, threshold())
        async with self._database.transaction("train.made") as session:
            await self._held(session, found.id, lease)
            return await versions.add(session, found.id, made)

    async def _freeze(self, found: Training, lease: str, progress: Progress) -> Corpus:
        """What is trained on: what is there, without what is tested with."""
        async with self._database.transaction("train.freeze") as session:
            mine = await self._held(session, found.id, lease)
            whole = await corpora.gather(session)
            held = await corpora.held_back(session)
            tests = await test_sets.freeze(session, frozen(), held, whole.examples)
            corpus = await test_sets.untested(session, whole)
            mine.corpus, mine.config, mine.counts = corpus.sha256, config_hash(), corpus.counts
        progress.say(f"testing with set {tests.version}, {tests.size:,} utterances")
        if tests.refused:
            progress.say(f"{len(tests.refused):,} test utterances are examples to train on, and were refused")
        if moved := len(whole.examples) - len(corpus.examples):
            progress.say(f"{moved:,} examples are test utterances as well, and are not trained on")
        return corpus

    async def _test(self, model: Model, progress: Progress, since: float = 0.0, until: float = 1.0) -> None:
        """Have a version read what it has not read yet of the newest test set, and what was labelled lately.

        `since` and `until`: which share of all testing that is.
        """
        async with self._database.reading() as session:
            wanted = await test_sets.unanswered(session, model.version)
            lately = await recent.unread(session, model)
        if not wanted and not lately:
            return
        progress.say(f"testing version {model.version} with {len(wanted):,} utterances")
        said: dict[int, tuple[str, str, float]] = {}
        read: list[list[object]] = []
        async with outside("train.test"), Reader(self._workshop.python, self._workshop.file(model.file)) as reader:
            for number, utterance in enumerate(wanted, start=1):
                made = await reader.read(utterance.text)
                said[utterance.id] = made.said, *made.best
                progress.counted = since + (until - since) * number / len(wanted)
            for example in lately:
                made = await reader.read(example.text)
                read.append([example.id, made.said, *made.best])
        async with self._database.transaction("train.tested") as session:
            await test_sets.answer(session, model.version, said)
            await recent.keep(session, model.version, read)

    async def _fail(self, training_id: int, lease: str, progress: Progress, trouble: BaseException | None) -> None:
        match trouble:
            case TrainingFailed():
                progress.lines += str(trouble).splitlines()
                sentence = f"Rasa could not train while {progress.step}. Its last lines are in the log."
            case ReaderDown():
                sentence = f"The model could not be tested: {trouble}."
            case OSError():
                sentence = f"The files could not be written: {trouble.strerror}. Is the disk full?"
            case None | GivenUp():
                sentence = "It was taken up by another process."
            case _:
                log.error("training %s failed", training_id, exc_info=trouble)
                sentence = f"It failed while {progress.step}. The log of the program has more."
        async with self._database.transaction("train.fail") as session:
            await trainings.beat(session, training_id, lease, progress.beat())
            await versions.alone(session)
            model, newest = await versions.of_training(session, training_id), await versions.newest_promotion(session)
            is_at_work = model is not None and newest is not None and newest.version == model.version
            if model is not None and not is_at_work and await trainings.held(session, training_id, lease):
                await versions.mark_gone(session, model.version, "its training did not come to its end")
            await trainings.fail(session, training_id, lease, sentence)

    async def sweep(self) -> None:
        """Delete the files that are not to be kept, and what was left of trainings that were cut short."""
        async with self._database.transaction("train.sweep") as session:
            await versions.alone(session)
            every = await versions.every(session)
            newest = await versions.newest_promotion(session)
            back = await versions.to_roll_back_to(session)
            guarded = {back.version if back else None, *((newest.version, newest.before) if newest else ())}
            held = await versions.holding(session)
            if newest is None or newest.version not in held:
                for version in sorted(held):
                    await versions.mark_gone(session, version, "it held examples that were to be forgotten")
            for model in versions.to_delete(every, guarded, self._workshop.keep):
                await versions.mark_gone(session, model.version, f"only {self._workshop.keep} versions are kept")
            running = await trainings.current(session)
            forgotten = [model.file for model in every if model.version in held]
            kept, known = {model.file for model in every if model.gone_at is None}, {model.file for model in every}
        await asyncio.to_thread(self._workshop.forget, forgotten)
        await asyncio.to_thread(self._workshop.sweep, kept, known, someone_trains=running is not None)
