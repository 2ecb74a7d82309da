"""What the members say of examples that they have not learned from, and of intents that they have never heard of.

Every example is left out of one fold's learning and asked then. Each fold also leaves a fifth of the intents out whole:
their examples stand for what customers say that is about none of the intents.
"""

import warnings
from collections.abc import Iterator, Sequence

import numpy as np
from sklearn.model_selection import StratifiedKFold

from nlu.components import names
from nlu.components.members import Nearest, Vectors, Words
from nlu.components.metric import Metric

FOLDS, ASKED = 5, 1000
"""As many of the folds are asked as it takes to have asked so many examples: what is fitted is a few numbers a head."""


class Folds:
    """Which examples are asked when.

    `asked` has the number of an example's fold, -1 when it is never asked, and `strange` is true where that fold's
    members have never heard of its intent.
    """

    def __init__(self, asked: np.ndarray, left_out: np.ndarray) -> None:
        """Take the number of the fold that asks each example, and of the one that leaves its intent out."""
        self.asked, self._left_out = asked, left_out
        self.strange = (asked >= 0) & (asked == left_out)

    @classmethod
    def divide(cls, labels: np.ndarray) -> "Folds":
        """Divide examples, given the numbers of their intents."""
        counts, folds = np.bincount(labels), np.zeros(len(labels), int)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # an intent with fewer examples than folds
            splitter = StratifiedKFold(FOLDS, shuffle=True, random_state=1)
            for number, (_, asked) in enumerate(splitter.split(labels, labels)):
                folds[asked] = number
        # Of two intents none can be left out: the other would be alone.
        left_out = np.random.default_rng(1).permutation(len(counts)) % FOLDS if len(counts) > 2 else counts * 0 - 1
        # Nobody can guess an intent whose only example was left out.
        hopeless = (counts[labels] < 2) & (folds != left_out[labels])
        return cls(np.where(hopeless | (folds * len(labels) >= ASKED * FOLDS), -1, folds), left_out[labels])

    def of(self, rows: np.ndarray) -> "Folds":
        """Return the same for some of the examples."""
        return Folds(self.asked[rows], self._left_out[rows])

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the rows that are taught and those that are asked, fold by fold."""
        for number in range(self.asked.max() + 1):
            taught = (self.asked != number) & (self._left_out != number)
            yield np.flatnonzero(taught), np.flatnonzero(self.asked == number)


def words(texts: Sequence[str], labels: np.ndarray, intents: int, folds: Folds) -> np.ndarray:
    """Return what the member of words says of each example."""
    found = np.zeros((len(texts), intents), np.float32)
    for taught, asked in folds:
        member = Words.learn([texts[i] for i in taught], labels[taught], intents)
        found[asked] = member.opinions([texts[i] for i in asked])
    return found


def vectors(given: np.ndarray, labels: np.ndarray, named: np.ndarray, folds: Folds) -> tuple[np.ndarray, ...]:
    """Return what the members of vectors say of each example; `named` has the vector of each intent's name."""
    intents = len(named)
    logistic, nearest, metric = (np.zeros((len(given), intents), np.float32) for _ in range(3))
    for taught, asked in folds:
        if len(asked) and len(set(labels[taught])) > 1:
            rows, known = names.added(given[taught], labels[taught], named)
            logistic[asked] = Vectors.learn(rows, known, intents).opinions(given[asked])
            member = Nearest(rows, known, intents)
            nearest[asked] = member.opinions(member.likeness(given[asked]))
            metric[asked] = Metric.learn(rows, known, intents).opinions(given[asked])
    return logistic, nearest, metric
