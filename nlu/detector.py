"""Whether a public post asks for help: a fast classifier that learns from the examples in `posts/`.

Words and letters by TF-IDF into a logistic regression, calibrated on held-out folds. It is all one linear sum, so that
a score is one multiplication and its reasons are the words with the largest share in it.
"""

import hashlib
import io
import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import numpy as np
import sklearn
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import FeatureUnion, make_pipeline

from nlu.cues import ASKING, CUES, Cues
from nlu.text import mask

POSTS = Path(__file__).with_name("posts")
HELP, OTHER = "asks_for_help", "other"

THRESHOLD = 0.8
"""From this score on a post is a mention. Detection fails closed; `tests/bench/detector.py` shows what that costs."""

RARELY = math.log(4)
"""What a post without a cue loses in log odds: the world has more idle posts than our examples, and few have a cue."""

CONFIG: dict[str, Any] = {
    "words": {"token_pattern": r"\w[\w']*|[^\w\s!]+", "ngram_range": (1, 2), "sublinear_tf": True},
    "letters": {"analyzer": "char_wb", "ngram_range": (4, 5), "sublinear_tf": True, "min_df": 2},
    "C": 10.0,
    "folds": 5,
}

_CUES = CUES.read_text("utf-8")
_cues = Cues(_CUES)


class Example(NamedTuple):
    """A post and what it is: `asks_for_help` or `other`."""

    text: str
    intent: str


class Verdict(NamedTuple):
    """How likely a post asks for help (0 to 1, half of all posts assumed to), the words that say so, and who judged."""

    score: float
    reasons: tuple[str, ...]
    version: str


class TrainAgain(Exception):
    """The saved detector is missing, damaged, or was trained from other examples: train it again."""


def read_examples(folder: Path = POSTS) -> list[Example]:
    """The examples in a folder: a post a line, in files named `<intent>.<language>.txt`."""
    return [
        Example(line, path.name.partition(".")[0])
        for path in sorted(folder.glob("*.txt"))
        for line in path.read_text("utf-8").splitlines()
        if line
    ]


def version_of(examples: Iterable[Example]) -> str:
    """A name for what these examples would teach: it changes with them, with how we read texts and with the library."""
    told = sorted((_ready(example.text), example.intent) for example in examples)
    known = json.dumps([sklearn.__version__, CONFIG, RARELY, _CUES, told], ensure_ascii=False)
    return hashlib.sha256(known.encode()).hexdigest()[:12]


class Detector:
    """A trained detector."""

    def __init__(self, version: str, features: FeatureUnion, weights: NDArray[np.float64], bias: float) -> None:
        self.version = version
        self._features = features
        self._weights = weights
        self._bias = bias
        self._names: NDArray[np.object_] = features.get_feature_names_out()
        self._words = sum(name.startswith("words__") for name in self._names)

    @classmethod
    def train(cls, examples: Sequence[Example]) -> "Detector":
        """Learn from examples of both kinds; takes seconds. Raises ValueError with fewer than five of a kind."""
        texts, asks = _told(examples)
        features, model = _features(), _model()
        scale, shift = _calibration(_held_out(texts, asks), asks)
        model.fit(features.fit_transform(texts), asks)
        bias = scale * float(model.intercept_[0]) + shift
        return cls(version_of(examples), features, scale * model.coef_[0], bias)

    @classmethod
    def load(cls, path: Path, version: str) -> "Detector":
        """What `save` wrote. Raises `TrainAgain`; a file of another version or a damaged one is not even unpacked."""
        try:
            header, _, body = path.read_bytes().partition(b"\n")
        except OSError as error:
            raise TrainAgain(f"{path} cannot be read: {error.strerror}") from error
        if header != _header(version, body):
            raise TrainAgain(f"{path} is not the detector {version}, or it is damaged")
        return cls(version, *joblib.load(io.BytesIO(body)))

    @classmethod
    def ensure(cls, path: Path, examples: Sequence[Example] | None = None) -> "Detector":
        """The detector in `path` if it knows just these examples (ours when None); else trained and saved there."""
        examples = read_examples() if examples is None else examples
        try:
            return cls.load(path, version_of(examples))
        except TrainAgain:
            detector = cls.train(examples)
            detector.save(path)
            return detector

    def save(self, path: Path) -> None:
        """Write to a file, whole or not at all. Loading runs code in it: keep it where only we write."""
        path.parent.mkdir(parents=True, exist_ok=True)
        body = io.BytesIO()
        joblib.dump((self._features, self._weights, self._bias), body)
        part = path.with_suffix(".part")
        part.write_bytes(_header(self.version, body.getvalue()) + b"\n" + body.getvalue())
        part.replace(path)

    def judge(self, texts: Sequence[str], explain_from: float = THRESHOLD) -> list[Verdict]:
        """A verdict for each text; reasons only from the score `explain_from` on, because they take time."""
        if not texts:
            return []
        ready = [_ready(text) for text in texts]
        seen = csr_matrix(self._features.transform(ready))
        scores = _scores(seen @ self._weights + self._bias, ready)
        return [
            Verdict(float(score), self._reasons(ready[at], seen[at]) if score >= explain_from else (), self.version)
            for at, score in enumerate(scores)
        ]

    def _reasons(self, ready: str, seen: Any, most: int = 4) -> tuple[str, ...]:
        """The words and cues with the largest share in the score, largest first; none that lies within another."""
        shares = seen.data * self._weights[seen.indices]
        reasons: list[str] = []
        for at in np.argsort(-shares):
            index = seen.indices[at]
            if index >= self._words or shares[at] <= 0:
                continue
            for word in _cues.shown(str(self._names[index]).removeprefix("words__"), ready):
                if not any(word in other for other in reasons):
                    reasons = [other for other in reasons if other not in word] + [word]
        return tuple(reasons[:most])


def held_out(examples: Sequence[Example]) -> NDArray[np.float64]:
    """The score of each example by a detector that had not seen it (five folds)."""
    texts, asks = _told(examples)
    raw = _held_out(texts, asks)
    scale, shift = _calibration(raw, asks)
    return _scores(scale * raw + shift, texts)


def _told(examples: Sequence[Example]) -> tuple[list[str], list[bool]]:
    return [_ready(example.text) for example in examples], [example.intent == HELP for example in examples]


def _ready(text: str) -> str:
    return _cues.mark(mask(text))


def _held_out(texts: list[str], asks: list[bool]) -> NDArray[np.float64]:
    folds = StratifiedKFold(CONFIG["folds"], shuffle=True, random_state=0)
    pipeline = make_pipeline(_features(), _model())
    return np.asarray(cross_val_predict(pipeline, texts, asks, cv=folds, method="decision_function"))


def _calibration(raw: NDArray[np.float64], asks: list[bool]) -> tuple[float, float]:
    """Scale and shift that turn raw scores into log odds."""
    fitted = LogisticRegression(C=1e6).fit(raw.reshape(-1, 1), asks)
    return float(fitted.coef_[0, 0]), float(fitted.intercept_[0])


def _scores(odds: NDArray[np.float64], ready: Sequence[str]) -> NDArray[np.float64]:
    """Log odds as scores from 0 to 1."""
    rarely = np.array([not any(mark in text for mark in ASKING) for text in ready])
    return np.asarray(1 / (1 + np.exp(RARELY * rarely - odds)))


def _features() -> FeatureUnion:
    kinds = ("words", "letters")
    return FeatureUnion([(kind, TfidfVectorizer(**CONFIG[kind], lowercase=False, dtype=np.float32)) for kind in kinds])


def _model() -> LogisticRegression:
    return LogisticRegression(C=CONFIG["C"], max_iter=1000)


def _header(version: str, body: bytes) -> bytes:
    return f"knock detector {version} {hashlib.sha256(body).hexdigest()}".encode()
