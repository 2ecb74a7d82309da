"""The gate finds the words that admins wrote, on word borders, and is fast."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.gate import Found, Gate

GATE = Gate({"Northwind": ["northwind", "Gale vacuum", "@nw_help", "zephyr*"], "Café Ñandú": ["café ñandú", "καφές"]})


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("#Northwind!", "northwind"),
        ("NORTHWIND's app", "northwind"),
        ("@northwind_help hello", "northwind"),
        ("(northwind)", "northwind"),
        ("my north\u200bwind kettle", "northwind"),
        ("the gale\n  vacuum died", "Gale vacuum"),
        ("hey @NW_Help", "@nw_help"),
        ("two Zephyrs", "zephyr*"),
        ("CAFE NANDU", "café ñandú"),
        ("cafe\u0301 n\u0303andu\u0301", "café ñandú"),
        ("ο ΚΑΦΕΣ μου", "καφές"),
        ("📦northwind📦", "northwind"),
    ],
)
def test_a_word_is_found_whatever_case_accents_and_signs_around_it(text: str, word: str) -> None:
    found = GATE.find(text)
    assert found is not None
    assert found.word == word


@pytest.mark.parametrize(
    "text",
    [
        "",
        "northwinds-like",
        "mynorthwind",
        "@jane_northwind",
        "north wind",
        "@nw_helpers",
        "a@nw_help",
        "galevacuum",
        "👀",
    ],
)
def test_a_word_within_another_word_is_not_found(text: str) -> None:
    assert GATE.find(text) is None


def test_what_is_found_tells_its_brand() -> None:
    assert GATE.find("a café ñandú, please") == Found("Café Ñandú", "café ñandú")


def test_a_shorter_word_is_found_where_a_longer_one_fails() -> None:
    gate = Gate({"A": ["breeze kettle"], "B": ["breeze"]})
    assert gate.find("breeze kettles") == Found("B", "breeze")
    assert list(gate.all("breeze kettle")) == [Found("B", "breeze"), Found("A", "breeze kettle")]


@pytest.mark.parametrize("words", [[], [""], ["*"], ["@"], [" # "]])
def test_words_without_a_letter_let_nothing_through(words: list[str]) -> None:
    assert Gate({"Nobody": words}).find("anything @ all # here *") is None


@given(st.text(max_size=80), st.text(max_size=10), st.text(max_size=80))
def test_no_word_and_no_text_break_the_gate(before: str, word: str, after: str) -> None:
    gate = Gate({"Any": [word, "(a+)+$", "[", "\\"]})
    gate.find(before + word + after)


@pytest.mark.timeout(60)
def test_words_that_would_hang_a_regular_expression_do_not() -> None:
    gate = Gate({"Evil": ["(a+)+$", "a" * 30 + "!"]})
    assert gate.find("a" * 1_000_000) is None


def test_one_of_a_thousand_words_is_found() -> None:
    many = Gate({"Many": [f"brand{number} thing" for number in range(1_000)] + ["northwind"]})
    said = "just had the best coffee of my life at the station, would go again any time"
    assert many.find(said) is None
    assert many.find(f"{said}, with brand999 thing") == Found("Many", "brand999 thing")
