"""The detector tells who asks for help, whatever handles, addresses and numbers stand around it."""

from pathlib import Path

import pytest

from nlu.detector import HELP, OTHER, POSTS, THRESHOLD, Detector, Example, TrainAgain, read_examples, version_of
from nlu.text import mask

ASKING = [
    "My Northwind parcel has not arrived for two weeks, where is it?",
    "@northwind you charged me twice and nobody answers my emails",
    "the northwind app crashes every time I try to pay",
    "Great job losing my parcel again @northwind 👏 where is my refund?",
    "how do I cancel my order with Northwind? the button doesn't work",
    "Northwind me ha cobrado dos veces y nadie contesta, ¿me pueden ayudar?",
    "Mein Paket von Northwind ist seit zwei Wochen nicht angekommen, wer kann helfen?",
    "Northwind m'a débité deux fois et personne ne répond, aidez-moi svp",
    "η παραγγελία μου από τη Northwind δεν έχει έρθει και δεν απαντάει κανείς",
]
NOT_ASKING = [
    "my new Northwind kettle is gorgeous, love it 😍",
    "Northwind opens 20 new stores next year, says the paper https://example.org/news",
    "we're hiring couriers at Northwind, apply now",
    "finally sorted, thanks @northwind, works again",
    "can't wait for the Northwind sale on friday!",
    "the band at the northwind stage was killing it",
    "I'm dead 😂 that northwind advert",
    "win a Northwind lamp: follow and share",
    "❤️❤️❤️",
    "👍",
    "שלום לכולם, יום טוב",
    "مرحبا بالجميع",
]


@pytest.mark.parametrize("text", ASKING)
def test_who_asks_for_help_is_heard(detector: Detector, text: str) -> None:
    [verdict] = detector.judge([text])
    assert verdict.score >= THRESHOLD
    assert verdict.reasons


@pytest.mark.parametrize("text", NOT_ASKING)
def test_who_asks_for_nothing_is_left_alone(detector: Detector, text: str) -> None:
    [verdict] = detector.judge([text])
    assert verdict.score < THRESHOLD
    assert not verdict.reasons


def test_the_reasons_are_words_of_the_post(detector: Detector) -> None:
    [verdict] = detector.judge(["hello, my card was charged twice for order 1234, please help"])
    assert "charged twice" in verdict.reasons
    assert all(word in "hello my card was charged twice for order 0 please help" for word in verdict.reasons)


def test_there_is_a_verdict_for_each_post_in_their_order(detector: Detector) -> None:
    alone = [detector.judge([text])[0].score for text in (ASKING[0], NOT_ASKING[0])]
    together = [verdict.score for verdict in detector.judge([ASKING[0], NOT_ASKING[0]])]
    assert together == pytest.approx(alone)
    assert detector.judge([]) == []


@pytest.mark.parametrize(
    "twin",
    [
        "@somebody_else where is my order 7?",
        "@NorthwindHelp where is my order 20418?",
        "WHERE IS MY ORDER 99?",
        "where is my order 99?",
    ],
)
def test_handles_numbers_and_capitals_do_not_change_the_score(detector: Detector, twin: str) -> None:
    plain, other = detector.judge(["@northwind where is my order 1?", twin])
    assert other.score == plain.score


def test_what_tells_who_speaks_is_masked() -> None:
    assert mask("@Northwind: call me on 0151-2345, or a.b+c@mail.example!") == "call me on 0 or !"
    assert mask("soooooo LATE, see https://example.org/p?x=1 #FAIL") == "soo late see 🔗 fail"
    assert mask("ｆｕｌｌ ｗｉｄｔｈ") == "full width"


@pytest.mark.timeout(60)
def test_a_text_of_a_megabyte_is_judged_too(detector: Detector) -> None:
    texts = ["x" * 1_000_000, "a@" * 500_000, "my order is late " * 60_000, "." * 1_000_000, "1," * 500_000]
    assert len(detector.judge(texts)) == len(texts)


def test_there_are_hundreds_of_examples_of_each_kind_and_some_in_every_language() -> None:
    examples = read_examples()
    assert {example.intent for example in examples} == {HELP, OTHER}
    for intent in (HELP, OTHER):
        assert sum(example.intent == intent for example in examples) >= 550
        for language in ("es", "de", "fr", "el"):
            assert len((POSTS / f"{intent}.{language}.txt").read_text("utf-8").splitlines()) >= 40
    assert len({example.text for example in examples}) == len(examples)


def test_a_saved_detector_judges_as_before(detector: Detector, tmp_path: Path) -> None:
    detector.save(tmp_path / "deep" / "detector")
    again = Detector.load(tmp_path / "deep" / "detector", detector.version)
    assert again.judge(ASKING) == detector.judge(ASKING)


def test_a_detector_of_another_version_is_refused(detector: Detector, tmp_path: Path) -> None:
    detector.save(tmp_path / "detector")
    with pytest.raises(TrainAgain, match="not the detector"):
        Detector.load(tmp_path / "detector", "another")


def test_a_damaged_detector_is_refused(detector: Detector, tmp_path: Path) -> None:
    path = tmp_path / "detector"
    detector.save(path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(TrainAgain, match="damaged"):
        Detector.load(path, detector.version)
    with pytest.raises(TrainAgain, match="cannot be read"):
        Detector.load(tmp_path / "none", detector.version)


def test_other_examples_make_another_detector(tmp_path: Path) -> None:
    asking = [Example(f"my {thing} is broken, help", HELP) for thing in ("cup", "hat", "car", "pen", "door", "bike")]
    others = [Example(f"what a lovely {thing}", OTHER) for thing in ("cup", "hat", "car", "pen", "door", "bike")]
    first = Detector.ensure(tmp_path / "detector", asking + others)
    assert first.version == version_of(others + asking), "the order of examples means nothing"
    second = Detector.ensure(tmp_path / "detector", [*asking, *others, Example("more", OTHER)])
    assert second.version != first.version
    assert Detector.load(tmp_path / "detector", second.version).version == second.version
