"""How alike texts are, by the words and letters in them: which examples are nearest, and which nearly say the same."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags, hstack, vstack
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.preprocessing import normalize

from nlu.seeds import seeds
from nlu.text import fold

NEARLY_THE_SAME = 0.9
"""From here on two texts differ by a word or a letter. Of the seeds in English 15 pairs of two intents are so alike,
most of them an answer and the same with "not"."""

ROWS = 512
"""Texts that are compared at once, so that ten thousand of them need some megabytes and not a gigabyte."""

WORD = re.compile(r"\w+")

COMMON = 0.05
"""What stands in more than this share of the seeds tells little and costs the most; of words, three times as much."""


@dataclass(frozen=True, slots=True)
class Near:
    """A text of those that were compared, by its place, and how alike it is: 0 is nothing in common, 1 all."""

    index: int
    likeness: float


class Likeness:
    """Texts that can be compared. Ten thousand take some seconds the first time; what `before` knows costs nothing."""

    def __init__(self, texts: Sequence[str], before: "Likeness | None" = None) -> None:
        known = before._place if before else {}
        wanted = dict.fromkeys(texts)
        old, new = [text for text in wanted if text in known], [text for text in wanted if text not in known]
        self._vectors: csr_matrix = _vectors(new)
        self._pairs: dict[tuple[str, str], float] = {}
        self._place: dict[str, int]
        if before:
            kept = before._vectors[[known[text] for text in old]]
            self._vectors = vstack([kept, self._vectors], format="csr")
            self._pairs |= {pair: how for pair, how in before._pairs.items() if wanted.keys() >= set(pair)}
        self._place = {text: place for place, text in enumerate(old + new)}
        self._find_pairs(len(old), old + new)

    def nearest(self, text: str, most: int = 5) -> list[tuple[str, float]]:
        """The texts that are most alike, the nearest first, from 1 down; only those that have something in common."""
        texts = list(self._place)
        alike = (self._vectors @ _vectors([text]).T).toarray().ravel()
        order = np.argsort(-alike, kind="stable")[:most]
        return [(texts[place], round(float(alike[place]), 3)) for place in order if alike[place] > 0]

    @property
    def pairs(self) -> Mapping[tuple[str, str], float]:
        """Texts that nearly say the same, and how alike they are."""
        return self._pairs

    def _find_pairs(self, first: int, texts: Sequence[str]) -> None:
        """Compare the texts from place `first` on with all."""
        turned = self._vectors.T.tocsr()
        for start in range(first, len(texts), ROWS):
            alike = (self._vectors[start : start + ROWS] @ turned).tocoo()
            rows = alike.row + start
            kept = (alike.data >= NEARLY_THE_SAME) & (rows > alike.col)
            for one, other, how in zip(rows[kept], alike.col[kept], alike.data[kept], strict=True):
                low, high = sorted((texts[one], texts[other]))
                self._pairs[low, high] = round(float(how), 3)


def _vectors(texts: Sequence[str]) -> csr_matrix:
    """One row a text, of length 1: its words and letters side by side, weighed by how rare they are in the seeds."""
    if not texts:
        return csr_matrix((0, sum(len(weights) for weights in _weights())))
    counted = [
        normalize(_counted(part, texts) @ diags(weights)) for part, weights in zip(_parts(), _weights(), strict=True)
    ]
    return normalize(hstack(counted, format="csr"))


def _bare(text: str) -> str:
    """Its words alone; of a text that has none, an emoji say, the signs."""
    return " ".join(WORD.findall(fold(text))) or " ".join(text)


def _counted(part: HashingVectorizer, texts: Sequence[str]) -> csr_matrix:
    counts = part.transform(texts)
    counts.data = 1 + np.log(counts.data)
    return counts


@cache
def _parts() -> tuple[HashingVectorizer, HashingVectorizer]:
    plain = {"preprocessor": _bare, "alternate_sign": False, "norm": None}
    words = HashingVectorizer(tokenizer=str.split, token_pattern=None, n_features=2**18, **plain)
    return words, HashingVectorizer(analyzer="char_wb", ngram_range=(4, 4), n_features=2**19, **plain)


@cache
def _weights() -> tuple[NDArray[np.float64], ...]:
    """Of each word and each run of letters, how rare it is; the common ones do not count."""
    texts = [one.text for one in seeds()]
    found = []
    for part, common in zip(_parts(), (3 * COMMON, COMMON), strict=True):
        met = np.asarray((part.transform(texts) > 0).sum(axis=0)).ravel()
        rarity = np.log((1 + len(texts)) / (1 + met)) + 1
        found.append(np.where(met > common * len(texts), 0.0, rarity))
    return tuple(found)
