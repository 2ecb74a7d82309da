"""What was labelled lately and not trained on: a second score, nearer to what customers say now than a test set."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import intents
from handoff.examples import Example
from handoff.versions import Model
from nlu.scores import Answer

LATELY = timedelta(days=14)

LABELLED = ("review", "agent")
"""Sources of examples that customers said and somebody gave an intent."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """Something that a customer said, with the intent that somebody gave it."""

    id: int
    text: str
    language: str
    intent: str


async def utterances(session: AsyncSession, *but: Collection[int]) -> list[Utterance]:
    """What was labelled lately, but for the examples with these ids."""
    known, learnt = await intents.known(session), set().union(*but)
    since = func.clock_timestamp() - LATELY
    which = (Example.source.in_(LABELLED), Example.removed_at.is_(None), Example.at > since)
    rows = await session.execute(
        select(Example.id, Example.text, Example.language, Example.intent).where(*which).order_by(Example.id)
    )
    found = [(row, known.now(row.intent)) for row in rows if row.id not in learnt]
    return [Utterance(row.id, row.text, row.language, name) for row, name in found if name is not None]


async def unread(session: AsyncSession, model: Model) -> list[Utterance]:
    """Of these, what a version has neither been trained on nor asked about."""
    asked = {one[0] for one in model.recent}
    return [one for one in await utterances(session, model.example_ids) if one.id not in asked]


async def keep(session: AsyncSession, version: int, read: Sequence[Sequence[object]]) -> None:
    """Write down what a version made of some: the id of the example, what it said, its first guess, how sure."""
    query = select(Model).where(Model.version == version).with_for_update().execution_options(populate_existing=True)
    model = (await session.scalars(query)).one()
    model.recent = [*model.recent, *map(list, read)]


async def answers(session: AsyncSession, *models: Model) -> list[list[Answer]]:
    """What each of some versions made of what was labelled lately and neither of them was trained on."""
    common = await utterances(session, *(model.example_ids for model in models))
    said = [{one[0]: one[1:] for one in model.recent} for model in models]
    asked = [one for one in common if all(one.id in read for read in said)]
    latest = (await intents.known(session)).latest

    def answer(one: Utterance, said: str, best: str, confidence: float) -> Answer:
        return Answer(one.text, one.language, one.intent, latest(said), latest(best), confidence)

    return [[answer(one, *read[one.id]) for one in asked] for read in said]
