"""Understand what customers said: keep what a model guessed of each line, and have read what no model has read."""

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from handoff import review_queue, reviews, utterances, versions
from handoff.database import Database
from handoff.failpoints import outside
from nlu.rasa import Rasa, RasaDown, Understanding


class Understand:
    """`trainable` are the channels whose policy lets a model learn from them; `rasa` is None where there is none."""

    def __init__(self, database: Database, rasa: Rasa | None, trainable: frozenset[str]) -> None:
        self._database, self._rasa, self._trainable = database, rasa, trainable

    async def keep(self, session: AsyncSession, thread_id: int, channel: str, heard: Iterable[Understanding]) -> None:
        """Write down what was understood in a thread, and by which version of the model."""
        if understood := list(heard):
            live = await versions.newest_promotion(session)
            model, may_train = f"version {live.version}" if live else None, channel in self._trainable
            await utterances.write_down(session, thread_id, understood, may_train=may_train, model=model)

    async def unread(self) -> None:
        """Read the lines that an agent called wrongly understood and that came after the bot's part of the thread."""
        if self._rasa is None:
            return
        async with self._database.reading() as session:
            lines = await utterances.unread(session)
        for line in lines:
            try:
                async with outside("understand.parse"):
                    understood = await self._rasa.parse(line.text)
            except RasaDown:
                return
            async with self._database.transaction("understand.unread") as session:
                await self.keep(session, line.thread_id, line.channel, [understood])

    async def tidy(self) -> None:
        """Follow the policies; replace what was taken back; ask again what a new intent may be about."""
        async with self._database.transaction("understand.obey") as session:
            await utterances.obey(session, self._trainable)
        async with self._database.transaction("understand.tidy") as session:
            await reviews.repair(session)
        async with self._database.transaction("understand.ask again") as session:
            await review_queue.ask_again(session)
