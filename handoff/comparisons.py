"""One version of the model beside another, on the same test set: scores, what got worse, whose answer changed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from handoff import intents, recent, test_sets, versions
from handoff.intents import Known
from handoff.versions import Model
from nlu.scores import Answer, OfIntent, Scores, is_clear, losses

Side = Literal["candidate", "live"]


@dataclass(frozen=True, slots=True)
class Row:
    """An intent in both versions; `change` is that of its F1."""

    now: OfIntent
    change: float | None


@dataclass(frozen=True, slots=True)
class Changed:
    """An utterance that the two versions answer differently."""

    before: Answer
    after: Answer

    @property
    def weight(self) -> int:
        """What became wrong comes first, then what became right, then what is wrong in another way."""
        return {(True, False): 0, (False, True): 1}.get((self.before.is_right, self.after.is_right), 2)


@dataclass(frozen=True)
class Comparison:
    """A candidate and, if there is another version to compare it with, that one."""

    candidate: Model
    other: Model | None
    test_set: int | None
    """`None` as long as no test set was answered by both."""
    after: Scores
    before: Scores | None
    lately: tuple[Scores, Scores | None]
    """On what was labelled lately and trained on by neither."""
    pairs: Sequence[tuple[Answer, Answer]]
    counts: Mapping[str, Mapping[str, int]]
    """What the candidate was taught: examples by intent, as it is called now, and by language."""
    retired: frozenset[str] = frozenset()
    """Those of them that are used no more."""

    @property
    def losses(self) -> list[tuple[str, float]]:
        """The intents that get worse, and by how much their F1 falls."""
        return losses(self.before, self.after) if self.before else []

    @property
    def unmeasured(self) -> list[str]:
        """The intents that the candidate was taught and the test set has no utterance of."""
        return sorted(self.counts.keys() - self.after.intents.keys() - self.retired) if self.test_set else []

    @property
    def is_clearly_worse(self) -> bool:
        """Whether an intent is understood clearly worse."""
        return is_clear(self.losses)

    @property
    def is_untested(self) -> bool:
        """Whether nobody can tell what gets worse: no test set was answered by both."""
        return self.other is not None and self.test_set is None

    @property
    def needs_reason(self) -> bool:
        """Whether whoever puts the candidate to work has to say why."""
        return self.is_clearly_worse or self.is_untested

    @property
    def words(self) -> str:
        """What putting the candidate to work does, for the audit log."""
        worse = ", ".join(f"{name} -{fall:.2f}" for name, fall in self.losses)
        what = f"version {self.candidate.version}" + (
            f" in place of version {self.other.version}" if self.other else ""
        )
        return what + (f"; worse: {worse}" if worse else "") + ("; not tested with the same set" * self.is_untested)

    @cached_property
    def rows(self) -> list[Row]:
        """The intents, those that get worse most first."""
        then: Mapping[str, OfIntent] = self.before.intents if self.before else {}
        found = [
            Row(one, one.f1 - then[one.name].f1 if one.name in then else None) for one in self.after.intents.values()
        ]
        return sorted(found, key=lambda row: (row.change or 0.0, row.now.f1, row.now.name))

    @cached_property
    def changed(self) -> list[Changed]:
        """The utterances whose answer changed."""
        found = [Changed(before, after) for before, after in self.pairs if before.said != after.said]
        return sorted(found, key=lambda one: (one.weight, one.after.right, one.after.text))

    def moved(self, right: str, said: str) -> list[tuple[Answer, bool]]:
        """The utterances of a cell of the matrix that only one side has there, and whether that is the candidate."""
        place = (right, said)
        sides = [(before, after, (after.right, after.said) == place) for before, after in self.pairs]
        return [
            (after if now else before, now)
            for before, after, now in sides
            if now != ((before.right, before.said) == place)
        ]

    def scores(self, side: Side) -> Scores:
        """Of one side; of the candidate if there is no other."""
        return self.before if side == "live" and self.before else self.after


async def compare(session: AsyncSession, version: int, other: int | None) -> Comparison:
    """A version beside another one, or alone. Raises `NoSuchVersion`."""
    candidate = await versions.get(session, version)
    beside = await versions.get(session, other) if other is not None and other != version else None
    wanted = [version] if beside is None else [version, beside.version]
    test_set = await test_sets.common(session, wanted)
    after = await test_sets.answers(session, version, test_set) if test_set else {}
    before = await test_sets.answers(session, beside.version, test_set) if test_set and beside else {}
    known = await intents.known(session)
    counts = _by_name_of_now(known, candidate.counts)
    lately = [Scores(one) for one in await recent.answers(session, *([candidate, beside] if beside else [candidate]))]
    return Comparison(
        candidate,
        beside,
        test_set,
        Scores(list(after.values())),
        Scores(list(before.values())) if beside else None,
        (lately[0], lately[1] if beside else None),
        [(before[one], after[one]) for one in after if one in before],
        counts,
        frozenset(filter(known.is_retired, counts)),
    )


def _by_name_of_now(known: Known, counts: Mapping[str, Mapping[str, int]]) -> Mapping[str, Mapping[str, int]]:
    found: dict[str, Counter[str]] = {}
    for name, by_language in counts.items():
        found.setdefault(known.latest(name), Counter()).update(by_language)
    return found


async def with_live(session: AsyncSession, version: int) -> Comparison:
    """A version beside the one at work; the one at work beside the one before it. Raises `NoSuchVersion`."""
    newest = await versions.newest_promotion(session)
    if newest is None:
        return await compare(session, version, None)
    return await compare(session, version, newest.version if newest.version != version else newest.before)
