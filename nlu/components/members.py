"""Who is asked what a text is about. Each has an opinion per intent; nlu.components.ensemble adds them up.

Words     a linear SVM on TF-IDF of words and letters: typos, names, words that no encoder knows
Vectors   logistic regression on the vectors of the sentence encoders: what is meant
Nearest   the example of each intent that is most like the text: it also explains
Metric    the same by a measure of likeness that is learned from the examples (nlu.components.metric)

What they learn is kept as numbers and words (`arrays`, `words`), never as pickled objects.
"""

import re
import unicodedata
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse
from scipy.special import log_softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

MONEY = re.compile(r"[£$€]\s?\d[\d.,]*")
NUMBER = re.compile(r"#?[a-z]{0,4}-?\d{3,}")
HANDLE = re.compile(r"@\w+|https?://\S+")
WORDS = r"(?u)[\w']+|[^\w\s]"
LONGEST = 4000

SCALES = (4.0, 1.0, 16.0, 16.0)
"""What turns the opinions of each into log-probabilities, in the order in which they stand here."""

ANALYZERS: tuple[dict[str, Any], ...] = (
    {"token_pattern": WORDS, "ngram_range": (1, 2)},
    {"analyzer": "char_wb", "ngram_range": (2, 5)},
)
SVM_C, LOGISTIC_C, STEPS = 0.3, 10.0, 30
"""Chosen on the validation sets of HWU64 and CLINC150 and on folds of BANKING77's and HINT3's training sets.

More steps take longer and make it no better: 92.3 % of HWU64's validation set after 15, 30, 60 and 120.
"""


def normalise(text: str) -> str:
    """Return the text as words are counted: in one case, without handles, any amount or number like any other."""
    plain = unicodedata.normalize("NFKC", text[:LONGEST]).casefold().replace("’", "'")
    plain = HANDLE.sub(" ", plain)
    return NUMBER.sub(" xxnumber ", MONEY.sub(" xxmoney ", plain))


class Words:
    """A linear SVM on TF-IDF of words and letters."""

    def __init__(self, vocabularies: Sequence[Sequence[str]], idfs: Sequence[np.ndarray], weights: np.ndarray) -> None:
        """Take what was learned: the terms of both analyzers, how rare they are, a row of weights per intent."""
        self.vocabularies, self.idfs, self.weights = vocabularies, idfs, weights
        self._count = [
            TfidfVectorizer(
                preprocessor=normalise, sublinear_tf=True, vocabulary={term: i for i, term in enumerate(terms)}, **how
            )
            for how, terms in zip(ANALYZERS, vocabularies, strict=True)
        ]
        for counter, idf in zip(self._count, idfs, strict=True):
            counter.idf_ = idf

    @classmethod
    def learn(cls, texts: Sequence[str], labels: np.ndarray, intents: int) -> "Words":
        """Learn from texts and the numbers of their intents."""
        counters = [TfidfVectorizer(preprocessor=normalise, sublinear_tf=True, **how).fit(texts) for how in ANALYZERS]
        features = scipy.sparse.hstack([counter.transform(texts) for counter in counters]).tocsr()
        model = LinearSVC(C=SVM_C, random_state=1).fit(features, labels)
        weights = _rows(model, intents, features.shape[1] + 1, model.coef_, model.intercept_)
        terms = [list(counter.get_feature_names_out()) for counter in counters]
        return cls(terms, [counter.idf_ for counter in counters], weights.astype(np.float16))

    def opinions(self, texts: Sequence[str]) -> np.ndarray:
        """Return how far each text stands on the side of each intent: 1 is as far as what was learned from."""
        features = scipy.sparse.hstack([counter.transform(texts) for counter in self._count]).tocsr()
        rows = [self._score(features.indices[a:b], features.data[a:b]) for a, b in _spans(features.indptr)]
        return np.array(rows, np.float32)

    def _score(self, terms: np.ndarray, values: np.ndarray) -> np.ndarray:
        return values @ self.weights[terms].astype(np.float32) + self.weights[-1]


class Vectors:
    """Logistic regression on vectors."""

    def __init__(self, weights: np.ndarray) -> None:
        """Take the weights: a column per intent, the last row is the constant."""
        self.weights = weights

    @classmethod
    def learn(cls, vectors: np.ndarray, labels: np.ndarray, intents: int) -> "Vectors":
        """Learn from vectors and the numbers of their intents."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model = LogisticRegression(C=LOGISTIC_C, max_iter=STEPS, tol=1e-2).fit(vectors, labels)
        return cls(_rows(model, intents, vectors.shape[1] + 1, model.coef_, model.intercept_).astype(np.float32))

    def opinions(self, vectors: np.ndarray) -> np.ndarray:
        """Return how far each vector stands on the side of each intent."""
        return vectors @ self.weights[:-1] + self.weights[-1]


class Nearest:
    """The nearest example of each intent."""

    def __init__(self, vectors: np.ndarray, labels: np.ndarray, intents: int) -> None:
        """Take the vectors of the examples and the numbers of their intents, in any order."""
        order = np.argsort(labels, kind="stable")
        self.order, self.vectors = order, vectors[order]
        self._present, self._starts = np.unique(labels[order], return_index=True)
        self._intents = intents

    def likeness(self, vectors: np.ndarray) -> np.ndarray:
        """Return how like each example is to each vector: the cosine, in the order of `order`."""
        return vectors @ self.vectors.T / max(1.0, float(np.linalg.norm(self.vectors[0])) ** 2)

    def opinions(self, likeness: np.ndarray) -> np.ndarray:
        """Return how like its nearest example of each intent each vector is."""
        best = np.full((len(likeness), self._intents), -1.0, np.float32)
        best[:, self._present] = np.maximum.reduceat(likeness, self._starts, axis=1)
        return best


def log_likely(opinions: np.ndarray) -> np.ndarray:
    """Return the log-probabilities that each member gives the intents: member × text × intent."""
    return log_softmax(opinions * np.array(SCALES[: len(opinions)], np.float32)[:, None, None], axis=2)


def _rows(model: Any, intents: int, width: int, weights: np.ndarray, constants: np.ndarray) -> np.ndarray:
    """Return the weights with a column for every intent: one that was not learned from is never likely."""
    if len(model.classes_) == 2:
        weights, constants = np.vstack([-weights[0], weights[0]]), np.array([-constants[0], constants[0]])
    full = np.zeros((width, intents))
    full[-1] = -30.0
    full[:-1, model.classes_] = weights.T
    full[-1, model.classes_] = constants
    return full


def _spans(ends: np.ndarray) -> list[tuple[int, int]]:
    return list(zip(ends[:-1], ends[1:], strict=True))
