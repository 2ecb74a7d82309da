"""Only somebody with a problem that is ours is a mention; everything else has a reason not to be."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.channel import Author, Post
from bot.detect import Detect
from nlu.detector import Detector
from nlu.gate import Gate
from nlu.guards import CROWD, Guards
from tests.cast import AIKO, MARA, NOOR, ROBOT

LATE = Post(
    "square", "1", MARA, "My Northwind parcel is two weeks late, where is it?", datetime(2026, 11, 22, tzinfo=UTC)
)


@pytest.fixture(scope="module")
def detect(detector: Detector) -> Detect:
    gate = Gate({"Northwind": ["northwind"]})
    return Detect(gate, Guards.read(), detector, own=[("square", "42")])


def test_a_complaint_with_the_brands_name_is_a_mention(detect: Detect) -> None:
    [decision] = detect.judge([LATE])
    assert decision.mention
    assert (decision.reason, decision.brand) == ("mention", "Northwind")
    assert decision.words
    assert decision.version


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"text": ""}, "empty"),
        ({"text": " \n "}, "empty"),
        ({"author": ROBOT}, "bot"),
        ({"author": Author("42", "northwind_help")}, "own post"),
        ({"text": f"RT @mara: {LATE.text}"}, "repost"),
        ({"text": f"so true RT @mara {LATE.text}"}, "repost"),
        ({"text": f"“@mara: {LATE.text}” wow"}, "repost"),
        ({"text": "My parcel is two weeks late, where is it?"}, "no brand word"),
        ({"text": "👀👀👀"}, "no brand word"),
        ({"text": LATE.text + " #boycott"}, "guard: protest"),
        ({"author": Author("7", "hitler_88")}, "guard: offensive handle"),
        ({"text": "I love my Northwind lamp 😍"}, "low score"),
        ({"text": "northwind"}, "low score"),
    ],
)
def test_what_is_no_mention_has_a_reason(detect: Detect, changes: dict[str, object], reason: str) -> None:
    [decision] = detect.judge([replace(LATE, **changes)])  # type: ignore[arg-type]
    assert not decision.mention
    assert decision.reason == reason


def test_another_channels_account_with_our_number_is_not_us(detect: Detect) -> None:
    [decision] = detect.judge([replace(LATE, channel="telegram", author=Author("42", "somebody"))])
    assert decision.mention


def test_each_post_keeps_its_place_in_a_batch(detect: Detect) -> None:
    posts = [replace(LATE, text=""), LATE, replace(LATE, text="lovely northwind lamp"), replace(LATE, author=AIKO)]
    assert [decision.mention for decision in detect.judge(posts)] == [False, True, False, True]
    assert detect.judge([]) == []


def test_a_crowd_around_a_post_keeps_us_away(detect: Detect) -> None:
    around = [replace(LATE, id=str(number), author=Author(str(number))) for number in range(100, 100 + CROWD)]
    [decision] = detect.judge([LATE], {LATE.id: around})
    assert decision.reason == "guard: pile-on"


def test_a_higher_threshold_finds_less(detector: Detector) -> None:
    strict = Detect(Gate({"Northwind": ["northwind"]}), Guards.read(), detector, threshold=1.0)
    [decision] = strict.judge([LATE])
    assert (decision.mention, decision.reason) == (False, "low score")


def test_the_handle_of_the_brand_does_not_change_the_score(detect: Detect) -> None:
    named, other = detect.judge([replace(LATE, text=f"{handle} {LATE.text}") for handle in ("@northwind", "@stranger")])
    assert named.score == other.score


@pytest.mark.parametrize("text", ["northwind " + "x" * 1_000_000, "\u202enorthwind وصلت متأخرة", "ΝΟΡΘ northwind " * 9])
def test_odd_texts_get_a_decision(detect: Detect, text: str) -> None:
    [decision] = detect.judge([replace(LATE, author=NOOR, text=text)])
    assert not decision.mention
