"""Versions of the model as a record has them, without any training: what each answered is made up."""

from collections.abc import Mapping, Sequence

from handoff import test_sets, trainings, versions
from handoff.database import Database
from handoff.models import Agent
from handoff.versions import Made
from nlu.corpus import CorpusExample

UTTERANCES = [
    *(CorpusExample(f"give me my money back {n}", "refund", "en") for n in range(6)),
    *(CorpusExample(f"mein Paket ist nicht da {n}", "order_missing", "de") for n in range(4)),
    *(CorpusExample(f"hello there {n}", "greet", "en") for n in range(2)),
]
"""The test set: six, four and two of three intents."""

Answers = Mapping[str, Sequence[tuple[str, str, float]]]
"""By right intent, in the order of the utterances: said, first guess, how sure."""

GOOD: Answers = {
    "refund": [("refund", "refund", 0.9)] * 6,
    "order_missing": [("order_missing", "order_missing", 0.8)] * 3 + [("refund", "refund", 0.7)],
    "greet": [("greet", "greet", 0.9), ("nlu_fallback", "greet", 0.2)],
}
WORSE: Answers = {
    "refund": [("refund", "refund", 0.9)] * 4 + [("order_missing", "order_missing", 0.6)] * 2,
    "order_missing": [("order_missing", "order_missing", 0.9)] * 4,
    "greet": [("greet", "greet", 0.9)] * 2,
}


async def freeze(database: Database, utterances: Sequence[CorpusExample] = UTTERANCES) -> int:
    """The test set of these utterances."""
    async with database.transaction("test.freeze") as session:
        return (await test_sets.freeze(session, utterances, (), ())).version


async def version(
    database: Database, answers: Answers | None, by: Agent | None = None, example_ids: Sequence[int] = ()
) -> int:
    """One more version, which answered the newest test set so."""
    async with database.transaction("test.version") as session:
        training = await trainings.of_nobody(session, "c" * 64, "d" * 64, {"refund": {"en": 12}})
        training.asked_by = by.id if by else None
        made = Made(
            f"model-{training.id}.tar.gz", 2_500_000, "c" * 64, "d" * 64, {"refund": {"en": 12}}, example_ids, 0.35
        )
        model = await versions.add(session, training.id, made)
        await trainings.done(session, training, model.version)
        left = {intent: list(said) for intent, said in (answers or {}).items()}
        wanted = await test_sets.unanswered(session, model.version) if answers else []
        said = {one.id: left[one.intent].pop(0) for one in wanted}
        await test_sets.answer(session, model.version, said)
    return model.version


async def at_work(database: Database, number: int, seen: int | None = None) -> None:
    """Put a version to work."""
    async with database.transaction("test.work") as session:
        await versions.promote(session, number, None, "", seen=seen)
