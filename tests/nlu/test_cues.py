"""Cues are found in every language, however they are spelt, and say nothing about the brand."""

import pytest

from nlu.cues import CUES, Cues
from nlu.text import mask

READ = Cues(CUES.read_text("utf-8"))


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("it won't load", "_trouble_"),
        ("it WONT LOAD", "_trouble_"),
        ("it won’t load", "_trouble_"),
        ("no me FUNCIONA, se cierra sola", "_trouble_"),
        ("Störung in Köln", "_trouble_"),
        ("ça ne marche pas", "_trouble_ _trouble_"),
        ("ΔΕΝ ΛΕΙΤΟΥΡΓΕΙ", "_trouble_"),
        ("charged twice, please help", "_order_ _request_"),
        ("northwind", ""),
        ("", ""),
    ],
)
def test_each_cue_leaves_a_mark(text: str, marks: str) -> None:
    assert READ.mark(mask(text)) == f"{mask(text)} {marks}".rstrip()


def test_a_mark_is_shown_as_the_cues_it_stands_for() -> None:
    assert READ.shown("_trouble_", "it wont load") == ["won't load"]
    assert READ.shown("parcel", "my parcel") == ["parcel"]
    assert READ.shown("my", "my parcel") == READ.shown("🔗", "🔗") == []
