"""What we measure with: enough of it in each language, every intent among it, and none of it ever trained on."""

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
import yaml

from nlu.language import LANGUAGES
from nlu.seeds import seeds, seeds_by_key
from nlu.server import PROJECT
from nlu.text import fold

HELD_OUT = PROJECT / "tests" / "held_out"
SEEDS = PROJECT / "data" / "intents"
ANNOTATED = re.compile(r"\[([^\]]+)\]\([^)]+\)")
INTENTS = set(yaml.safe_load((PROJECT / "domain" / "triage.yml").read_text("utf-8"))["intents"]) - {"begin"}


@cache
def utterances(path: Path) -> list[tuple[str, str]]:
    """The intent and the text of each utterance or example in a file."""
    blocks = yaml.safe_load(path.read_text("utf-8"))["nlu"]
    lines = [(block["intent"], line) for block in blocks for line in block["examples"].splitlines()]
    return [(intent, ANNOTATED.sub(r"\1", line.removeprefix("- "))) for intent, line in lines]


def plain(text: str) -> str:
    """What is left of a text without case, accents, signs and spaces; the text itself where only signs are in it."""
    return "".join(filter(str.isalnum, fold(text))) or text.strip()


def test_no_example_stands_twice_in_a_language() -> None:
    """Nor in capitals: the record holds one example of a text, so the second would look like a change."""
    assert len(seeds_by_key()) == len(seeds())


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_enough_to_measure_with_and_every_intent(language: str) -> None:
    held_out = utterances(HELD_OUT / f"{language}.yml")
    assert len(held_out) >= 120
    assert {intent for intent, _ in held_out} == INTENTS


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_we_measure_with_is_never_an_example(language: str) -> None:
    examples = {plain(text) for path in SEEDS.rglob("*.yml") for _, text in utterances(path)}
    held_out = Counter(plain(text) for _, text in utterances(HELD_OUT / f"{language}.yml"))
    assert examples & set(held_out) == set()
    assert max(held_out.values()) == 1
