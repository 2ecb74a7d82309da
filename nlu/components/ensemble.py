"""Adds up what the members say of a text: weighed so that on examples they had not seen the sum was least surprised.

The encoders differ in the languages they speak, so there is a head for each set of encoders that a text can have; all
share the member that looks at words. A head's weights, and with them how sure it may be, are fitted to what the members
say of examples that they had not seen (nlu.components.unseen): what comes out is a probability that can be believed.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from nlu.components import names, unseen
from nlu.components.members import Nearest, Vectors, Words, log_likely
from nlu.components.metric import Metric
from nlu.components.scope import Scope
from nlu.components.unseen import Folds

ENOUGH = 50
"""Examples that a head's weights may be fitted to; with fewer, those of richer heads are taken as well."""


Known = Mapping[str, np.ndarray]
"""By encoder: its vector of a text, or a row per text, NaN where the encoder does not speak the text's language."""


@dataclass(frozen=True)
class Like:
    """An example that is like a text: `likeness` is the cosine of their vectors."""

    text: str
    intent: str
    likeness: float


@dataclass(frozen=True)
class Opinion:
    """How likely each intent is, and the examples that are most like the text."""

    likely: np.ndarray
    like: list[Like]


@dataclass
class Head:
    """The members for texts that have the vectors of `encoders`, and what each of them counts.

    `rows` are the examples among `nearest`; behind them stand the names of the intents `named`.
    """

    encoders: tuple[str, ...]
    weights: np.ndarray
    vectors: Vectors | None = None
    nearest: Nearest | None = None
    metric: Metric | None = None
    rows: np.ndarray | None = None
    named: np.ndarray = field(default_factory=lambda: np.zeros(0, int))
    scope: Scope = field(default_factory=Scope)

    def fit(self, opinions: np.ndarray, labels: np.ndarray, strange: np.ndarray) -> None:
        """Fit what each member counts, and what is in scope, to opinions of examples that were not seen."""
        self.weights = fit_weights(log_likely(opinions[:, ~strange]), labels[~strange])
        guesses = self._summed(opinions).argmax(axis=1)
        self.scope = Scope.learn(of_guesses(opinions, guesses), strange)

    def likely(self, opinions: np.ndarray) -> np.ndarray:
        """Return the probability of each intent; what is missing to one is that it is none of them."""
        likely = self._summed(opinions)
        return likely * self.scope.likely(of_guesses(opinions, likely.argmax(axis=1)))[:, None]

    def _summed(self, opinions: np.ndarray) -> np.ndarray:
        return softmax(np.tensordot(self.weights, log_likely(opinions), 1), axis=1)


class Ensemble:
    """Tells the intent of a text."""

    def __init__(self, intents: Sequence[str], texts: Sequence[str], labels: np.ndarray, words: Words) -> None:
        """Take what all heads share; `texts` and `labels` are the examples."""
        self.intents, self.texts, self.labels, self.words = list(intents), list(texts), labels, words
        self.heads: dict[tuple[str, ...], Head] = {}

    @classmethod
    def learn(
        cls, texts: Sequence[str], intents: Sequence[str], known: Known, named: Mapping[str, Known] | None = None
    ) -> "Ensemble":
        """Learn from examples, their intents and their vectors; `named` has the vectors of the intents' names.

        ValueError when there are not at least two intents.
        """
        found, labels = np.unique(np.array(intents), return_inverse=True)
        if len(found) < 2:
            raise ValueError("there is nothing to tell apart: give at least two intents examples")
        model = cls([str(one) for one in found], texts, labels, Words.learn(texts, labels, len(found)))
        folds = Folds.divide(labels)
        unseen_words = unseen.words(texts, labels, len(found), folds)
        for encoders in _sets(known, len(texts)):
            model.heads[encoders] = model._head(encoders, known, named or {}, unseen_words, folds)
        return model

    def _head(
        self,
        encoders: tuple[str, ...],
        known: Known,
        named: Mapping[str, Known],
        unseen_words: np.ndarray,
        folds: Folds,
    ) -> Head:
        rows, said, count = np.arange(len(self.texts)), unseen_words[None], len(self.intents)
        head = Head(encoders, np.zeros(0))
        if encoders:
            vectors = np.hstack([known[name] for name in encoders])
            rows = np.flatnonzero(~np.isnan(vectors).any(axis=1))
            vectors, labels = vectors[rows].astype(np.float32), self.labels[rows]
            read = self._names(encoders, named, vectors.shape[1])
            said = np.stack([unseen_words[rows], *unseen.vectors(vectors, labels, read, folds.of(rows))])
            taught, known_as = names.added(vectors, labels, read)
            head.vectors, head.nearest = Vectors.learn(taught, known_as, count), Nearest(taught, known_as, count)
            head.metric = Metric.learn(taught, known_as, count)
            head.rows, head.named = rows, known_as[len(rows) :]
        asked = folds.asked[rows] >= 0
        alone = asked & _alone(encoders, known, len(self.texts))[rows]
        fitted = alone if alone.sum() >= ENOUGH else asked
        head.fit(said[:, fitted], self.labels[rows][fitted], folds.of(rows[fitted]).strange)
        return head

    def _names(self, encoders: tuple[str, ...], named: Mapping[str, Known], width: int) -> np.ndarray:
        """Return the vectors of the names: a row per intent, NaN where an encoder does not speak its language."""
        read = np.full((len(self.intents), width), np.nan, np.float32)
        for row, intent in enumerate(self.intents):
            if set(encoders) <= named.get(intent, {}).keys():
                read[row] = np.hstack([named[intent][name] for name in encoders])
        return read

    def head_for(self, encoders: Sequence[str]) -> Head:
        """Return the head for a text that has these vectors: the one that uses most of them."""
        fitting = [head for head in self.heads.values() if set(head.encoders) <= set(encoders)]
        return max(fitting, key=lambda head: len(head.encoders))

    def classify(self, texts: Sequence[str], known: Sequence[Known], like: int = 3) -> list[Opinion]:
        """Return an opinion of each text, with so many examples that are like it.

        `known` holds the vectors of each text by encoder.
        """
        words, found = self.words.opinions(texts), dict[int, Opinion]()
        heads = [self.head_for(list(one)) for one in known]
        for head in self.heads.values():
            if rows := [row for row, one in enumerate(heads) if one is head]:
                found |= zip(rows, self._asked(head, words[rows], [known[row] for row in rows], like), strict=True)
        return [found[row] for row in range(len(texts))]

    def _asked(self, head: Head, words: np.ndarray, known: Sequence[Known], like: int) -> list[Opinion]:
        if not (head.vectors and head.nearest):
            return [Opinion(likely, []) for likely in head.likely(words[None])]
        vectors = np.array([np.hstack([one[name] for name in head.encoders]) for one in known])
        likeness = head.nearest.likeness(vectors)
        opinions = [words, head.vectors.opinions(vectors), head.nearest.opinions(likeness)]
        if head.metric:
            opinions.append(head.metric.opinions(vectors))
        likely = head.likely(np.stack(opinions))
        return [Opinion(*one) for one in zip(likely, (self._like(head, row, like) for row in likeness), strict=True)]

    def _like(self, head: Head, likeness: np.ndarray, count: int) -> list[Like]:
        if head.nearest is None or head.rows is None:
            return []
        found = [
            Like(self.texts[head.rows[row]], self.intents[self.labels[head.rows[row]]], float(likeness[i]))
            for i in np.argsort(-likeness)[: count + len(head.named)]
            if (row := head.nearest.order[i]) < len(head.rows)
        ]
        return found[:count]


def _sets(known: Known, count: int) -> list[tuple[str, ...]]:
    """Return the sets of encoders that a text can have: those seen, and what is left when the narrower are missing.

    The encoders are given from the one with the fewest languages to the one with the most.
    """
    names = list(known)
    there = np.stack([~np.isnan(known[name]).any(axis=1) for name in names], axis=1) if names else np.zeros((count, 0))
    seen = [tuple(name for name, has in zip(names, row, strict=True) if has) for row in np.unique(there, axis=0)]
    return sorted({one[start:] for one in seen for start in range(len(one) + 1)}, key=len)


def _alone(encoders: tuple[str, ...], known: Known, count: int) -> np.ndarray:
    """Return which examples have these vectors and no others."""
    wanted = [~np.isnan(rows).any(axis=1) == (name in encoders) for name, rows in known.items()]
    return np.logical_and.reduce([np.full(count, True), *wanted])


def fit_weights(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return what each member counts, so that the true intents are most likely; `scores` is member × text × intent."""
    each = np.arange(len(labels))
    true = scores[:, each, labels]

    def surprise(weights: np.ndarray) -> tuple[float, np.ndarray]:
        summed = log_softmax(np.tensordot(weights, scores, 1), axis=1)
        expected = np.einsum("mti,ti->m", scores, np.exp(summed))
        return -float(summed[each, labels].mean()), (expected - true.sum(axis=1)) / len(labels)

    start, bounds = np.full(len(scores), 0.5), [(0.0, None)] * len(scores)
    return np.asarray(minimize(surprise, start, jac=True, method="L-BFGS-B", bounds=bounds).x, np.float32)


def of_guesses(opinions: np.ndarray, guesses: np.ndarray) -> np.ndarray:
    """Return what words and vectors think of one intent for each text: a row per text."""
    return opinions[:2, np.arange(len(guesses)), guesses].T


def save(model: Ensemble, folder: Path) -> None:
    """Write a model as numbers and words."""
    arrays: dict[str, np.ndarray] = {"labels": model.labels, "words": model.words.weights}
    arrays |= {f"idf{i}": idf for i, idf in enumerate(model.words.idfs)}
    written: dict[str, Any] = {"intents": model.intents, "texts": model.texts, "terms": model.words.vocabularies}
    written["heads"] = [list(encoders) for encoders in model.heads]
    for number, head in enumerate(model.heads.values()):
        arrays |= {f"weights{number}": head.weights, f"scope{number}": head.scope.weights}
        if head.vectors and head.nearest and head.rows is not None:
            unsorted = head.nearest.vectors[np.argsort(head.nearest.order)]
            arrays |= {
                f"vectors{number}": head.vectors.weights,
                f"rows{number}": head.rows,
                f"named{number}": head.named,
            }
            arrays[f"nearest{number}"] = unsorted.astype(np.float16)
            if head.metric:
                arrays[f"metric{number}"] = head.metric.weights
    np.savez_compressed(folder / "model.npz", **arrays)
    (folder / "model.json").write_text(json.dumps(written, ensure_ascii=False), encoding="utf-8")


def load(folder: Path) -> Ensemble:
    """Read a model that `save` wrote; nothing in it is executed."""
    written = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    with np.load(folder / "model.npz", allow_pickle=False) as file:
        arrays = dict(file)
    words = Words(written["terms"], [arrays[f"idf{i}"] for i in range(len(written["terms"]))], arrays["words"])
    model = Ensemble(written["intents"], written["texts"], arrays["labels"], words)
    for number, encoders in enumerate(written["heads"]):
        head = Head(tuple(encoders), arrays[f"weights{number}"], scope=Scope(arrays[f"scope{number}"]))
        if encoders:
            head.vectors, head.rows = Vectors(arrays[f"vectors{number}"]), arrays[f"rows{number}"]
            head.named = arrays.get(f"named{number}", head.named)  # models of earlier versions have none
            labels = np.append(model.labels[head.rows], head.named)
            vectors = arrays[f"nearest{number}"].astype(np.float32)
            head.nearest = Nearest(vectors, labels, len(model.intents))
            if f"metric{number}" in arrays:
                head.metric = Metric(arrays[f"metric{number}"], vectors, labels, len(model.intents))
        model.heads[head.encoders] = head
    return model
