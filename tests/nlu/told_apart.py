"""Checks of the classifier's parts that need no model of Rasa's: run by Rasa's Python, one at a time."""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nlu.components.ensemble import Ensemble, load, save
from nlu.components.heard_language import HeardLanguage
from nlu.components.kept_vectors import encode

TEXTS = [
    f"{what} number {i}" for what in ("refund my money", "where is the parcel", "the app crashed") for i in range(8)
]
INTENTS = [name for name in ("refund", "delivery_late", "app_crash") for _ in range(8)]


class Counting:
    """An encoder that hardly encodes, and counts what it is asked."""

    name, digest = "counting", "0" * 64
    languages: frozenset[str] | None = None

    def __init__(self) -> None:
        """Nothing was asked yet."""
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """A row per text that tells its intent."""
        self.asked += texts
        rows = [[float(word in text) for word in ("money", "parcel", "app")] for text in texts]
        return np.array(rows, np.float32) + 0.1


def model() -> Ensemble:
    """An ensemble in which half of the examples have a vector."""
    vectors = Counting().encode(TEXTS)
    vectors[::2] = np.nan
    return Ensemble.learn(TEXTS, INTENTS, {"counting": vectors})


def saved_model_says_the_same() -> None:
    """What is loaded says what was saved, from numbers and words only."""
    learned = model()
    with tempfile.TemporaryDirectory() as name:
        save(learned, Path(name))
        assert {file.name for file in Path(name).iterdir()} == {"model.npz", "model.json"}
        loaded = load(Path(name))
    known = {"counting": Counting().encode(["money back"])[0]}
    for given in (known, {}):
        said, again = learned.classify("money back", given), loaded.classify("money back", given)
        assert np.allclose(said[0], again[0], atol=1e-3)
        assert [one.text for one in said[1]] == [one.text for one in again[1]]
        assert learned.intents[int(said[0].argmax())] == "refund"


def intent_with_one_example_spoils_nothing() -> None:
    """The members still count when an intent has a single example."""
    learned = Ensemble.learn([*TEXTS, "hello"], [*INTENTS, "greet"], {"counting": Counting().encode([*TEXTS, "hello"])})
    assert learned.head_for(["counting"]).weights.sum() > 0.5
    assert learned.classify("hello", {})[0].shape == (4,)


def one_intent_is_refused() -> None:
    """There is nothing to tell apart."""
    refused = ""
    try:
        Ensemble.learn(["a", "b"], ["refund", "refund"], {})
    except ValueError as error:
        refused = str(error)
    assert "two intents" in refused


def only_new_texts_are_encoded() -> None:
    """What was encoded is kept until it is no example any more."""
    with tempfile.TemporaryDirectory() as name:
        one, folder = Counting(), Path(name)
        first = encode(one, ["my money", "my parcel"], folder)
        again = encode(one, ["my parcel", "my app"], folder)
        assert one.asked == ["my money", "my parcel", "my app"]
        assert np.array_equal(first[1], again[0])
        encode(one, ["my money"], folder)
        assert one.asked[-1] == "my money"


def short_words_are_of_the_language_they_were_heard_in() -> None:
    """A word alone tells its language when the examples told it; one that nobody heard does not."""
    heard = HeardLanguage.learn(["hola, quiero mi dinero ahora mismo", "where is my money, please tell me"])
    assert heard.language("hola") == "es"
    assert heard.language("money") == "en"
    assert heard.language("zzz") is None
    assert heard.language("zzz", told="de") == "de"
    assert heard.language("wo ist mein Paket, bitte?", told="en") == "de"


CHECKS = {
    check.__name__: check
    for check in (
        saved_model_says_the_same,
        intent_with_one_example_spoils_nothing,
        one_intent_is_refused,
        only_new_texts_are_encoded,
        short_words_are_of_the_language_they_were_heard_in,
    )
}

if __name__ == "__main__":
    CHECKS[sys.argv[1]]()
