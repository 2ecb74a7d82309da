"""A measure of likeness that is learned from the examples: a linear map in which those of one intent lie together.

Encoders put texts side by side that are about the same things; an admin's intents may part them otherwise. The map is
learned by supervised contrastive learning (Khosla et al. 2020, arXiv:2004.11362): of a few examples of many intents,
each shall find those of its own intent among all.
"""

import numpy as np
from scipy.special import log_softmax

from nlu.components.encoders import unit
from nlu.components.members import Nearest

DIMENSIONS = 256
TEMPERATURE = 0.1
"""The lower, the more the nearest of the others count. Neither 0.05 nor 512 dimensions are better (validation sets)."""
INTENTS, EACH = 64, 4
"""How many intents are looked at in a step, and how many examples of each."""
PACE, RATE = 4, 1e-3
"""Steps by the root of the number of examples, and how far each goes. 240 steps for any number are 0.3 points worse."""
MOMENTUM, SPREAD, TINY = 0.9, 0.999, 1e-7
"""Of Adam (Kingma and Ba 2015, arXiv:1412.6980), as usual."""


class Metric:
    """The nearest example of each intent, where the map puts them."""

    def __init__(self, weights: np.ndarray, vectors: np.ndarray, labels: np.ndarray, intents: int) -> None:
        """Take the map, a column per dimension, and the vectors of the examples with the numbers of their intents."""
        self.weights = weights
        self._nearest = Nearest(self.map(vectors), labels, intents)

    @classmethod
    def learn(cls, vectors: np.ndarray, labels: np.ndarray, intents: int) -> "Metric":
        """Learn from vectors and the numbers of their intents, beginning with the directions in which they differ."""
        weights = np.linalg.eigh(vectors.T @ vectors)[1][:, -DIMENSIONS:].astype(np.float32)
        mean, square = np.zeros_like(weights), np.zeros_like(weights)
        chance = np.random.default_rng(1)
        groups = [np.flatnonzero(labels == intent) for intent in np.unique(labels)]
        for step in range(1, 1 + int(PACE * len(labels) ** 0.5)):
            rows = _some(groups, chance)
            slope = vectors[rows].T @ surprise(vectors[rows] @ weights, labels[rows])[1]
            mean = MOMENTUM * mean + (1 - MOMENTUM) * slope
            square = SPREAD * square + (1 - SPREAD) * slope**2
            size = np.sqrt(square / (1 - SPREAD**step)) + TINY
            weights -= RATE * mean / (1 - MOMENTUM**step) / size
        return cls(weights, vectors, labels, intents)

    def map(self, vectors: np.ndarray) -> np.ndarray:
        """Return where the vectors lie, each of length one."""
        return unit(vectors @ self.weights)

    def opinions(self, vectors: np.ndarray) -> np.ndarray:
        """Return how like its nearest example of each intent each vector is."""
        return self._nearest.opinions(self._nearest.likeness(self.map(vectors)))


def surprise(places: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """Return how surprising it is, on average and in nats, where those of the same intent lie, and its gradient."""
    lengths = np.maximum(np.linalg.norm(places, axis=1, keepdims=True), 1e-9)
    towards = places / lengths
    likeness = towards @ towards.T / TEMPERATURE
    np.fill_diagonal(likeness, -np.inf)
    same = (labels[:, None] == labels) & ~np.eye(len(labels), dtype=bool)
    share = same / np.maximum(same.sum(axis=1, keepdims=True), 1)
    likely = log_softmax(likeness, axis=1)
    slope = (np.exp(likely) * share.sum(axis=1, keepdims=True) - share) / len(labels) / TEMPERATURE
    pull = (slope + slope.T) @ towards
    gradient = (pull - towards * (towards * pull).sum(axis=1, keepdims=True)) / lengths
    return -float((likely[same] * share[same]).sum() / len(labels)), gradient.astype(np.float32)


def _some(groups: list[np.ndarray], chance: np.random.Generator) -> np.ndarray:
    chosen = chance.permutation(len(groups))[:INTENTS]
    return np.concatenate([chance.permutation(groups[one])[:EACH] for one in chosen])
