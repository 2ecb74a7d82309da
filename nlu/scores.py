"""Scores of a model out of what it answered: pure arithmetic, the same for every version."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from sklearn.metrics import accuracy_score, f1_score, precision_recall_fscore_support

UNSURE = "nlu_fallback"
"""What a model says that is not sure."""

CLEARLY = 0.05
"""A fall of an intent's F1 beyond which whoever promotes says why."""

BINS = 10
THRESHOLDS = tuple(step / 20 for step in range(20))


@dataclass(frozen=True, slots=True)
class Answer:
    """An utterance with its right intent, and what a model made of it: its word, its first guess, how sure (0 to 1)."""

    text: str
    language: str
    right: str
    said: str
    best: str
    confidence: float

    @property
    def is_right(self) -> bool:
        """Whether the model said the right intent."""
        return self.said == self.right


@dataclass(frozen=True, slots=True)
class OfIntent:
    """How well one intent is understood. `support`: utterances of it."""

    name: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class At:
    """What would come of another threshold: the share that is sent to the question again, and that is wrong."""

    threshold: float
    unsure: float
    wrong: float


@dataclass(frozen=True)
class Scores:
    """Scores of one model on one set of utterances."""

    answers: Sequence[Answer]

    @property
    def size(self) -> int:
        """How many utterances were answered."""
        return len(self.answers)

    @cached_property
    def accuracy(self) -> float:
        """The share of right answers."""
        return float(accuracy_score(self._right, self._said)) if self.answers else 0.0

    @cached_property
    def macro_f1(self) -> float:
        """The mean F1 of the intents, each counting the same."""
        names = sorted(set(self._right))
        if not names:
            return 0.0
        return float(f1_score(self._right, self._said, labels=names, average="macro", zero_division=0.0))

    @cached_property
    def unsure(self) -> float:
        """The share of which the model says that it is not sure."""
        return _share(one.said == UNSURE for one in self.answers)

    @cached_property
    def calibration_error(self) -> float:
        """The expected calibration error of the first guess, over ten equal bins of confidence: 0 is honest."""
        if not self.answers:
            return 0.0
        sure = np.array([one.confidence for one in self.answers])
        right = np.array([one.best == one.right for one in self.answers], dtype=float)
        bins = np.minimum((sure * BINS).astype(int), BINS - 1)
        gaps = [abs(sure[bins == one].mean() - right[bins == one].mean()) * (bins == one).sum() for one in set(bins)]
        return float(sum(gaps) / len(sure))

    @cached_property
    def intents(self) -> dict[str, OfIntent]:
        """Each intent of the set, by name."""
        names = sorted(set(self._right))
        if not names:
            return {}
        found = precision_recall_fscore_support(self._right, self._said, labels=names, zero_division=0.0)
        columns = zip(names, *found, strict=True)
        return {name: OfIntent(name, float(p), float(r), float(f1), int(n)) for name, p, r, f1, n in columns}

    @cached_property
    def matrix(self) -> Mapping[tuple[str, str], int]:
        """How often which right intent was answered with which."""
        return Counter((one.right, one.said) for one in self.answers)

    @cached_property
    def by_language(self) -> dict[str, "Scores"]:
        """The same for each language by itself."""
        languages = sorted({one.language for one in self.answers})
        return {name: Scores([one for one in self.answers if one.language == name]) for name in languages}

    def at(self, threshold: float, own: float) -> At:
        """What would come of another threshold. `own`: the one it has; what it is not sure of above that has two
        guesses that are near to one another, and that stays so."""
        unsure = [one.confidence < threshold or (one.said == UNSURE and one.confidence >= own) for one in self.answers]
        wrong = [one.best != one.right and not again for one, again in zip(self.answers, unsure, strict=True)]
        return At(threshold, _share(unsure), _share(wrong))

    @property
    def _right(self) -> list[str]:
        return [one.right for one in self.answers]

    @property
    def _said(self) -> list[str]:
        return [one.said for one in self.answers]


@lru_cache(maxsize=256)
def scores_of(answers: tuple[Answer, ...]) -> Scores:
    """The scores of these answers, reckoned once however often pages show them: 1,500 utterances take 50 ms."""
    return Scores(answers)


def losses(before: Scores, after: Scores) -> list[tuple[str, float]]:
    """The intents whose F1 falls by what is shown, two digits, and by how much; the greatest fall first."""
    falls = [(name, before.intents[name].f1 - one.f1) for name, one in after.intents.items() if name in before.intents]
    return sorted((one for one in falls if round(one[1], 2) > 0), key=lambda one: -one[1])


def is_clear(losses: Iterable[tuple[str, float]]) -> bool:
    """Whether an intent gets clearly worse."""
    return any(fall > CLEARLY for _, fall in losses)


def _share(those: Iterable[bool]) -> float:
    listed = list(those)
    return sum(listed) / len(listed) if listed else 0.0
