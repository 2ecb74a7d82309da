"""Patterns: those that cannot be read, or would run for ever, are refused."""

import pytest

from nlu.corpus import Pattern
from nlu.patterns import objection


@pytest.mark.parametrize(
    "regex",
    [
        r"NW-\d{3,10}",
        r"\b[A-Z]{2,4}-\d+\b",
        "(?:error )?E\\d+",
        r"(ab|cd){2}x",
        r"v\d+(?:\.\d+)*",
        r"\w+@\w+\.\w{2,5}",
        r"(?:order|ticket)\s+#?\d+",
        r"\d{1,3}(?:,\d{3})*(?:\.\d+)?",
        r"(?<!\d)\d{10}(?!\d)",
        r"(?:[A-Z]\d{1,3}-)+X",
        "(" * 38 + "x" + "){2}" * 38,
        "(" * 27 + r"a\d+" + "x){2}" * 27,
        "(?:a" * 18 + r"\d+" + "b?){3}" * 18,
        r"(?P<quote>[\"']).+?(?P=quote)",
    ],
)
def test_a_regular_expression_is_taken(regex: str) -> None:
    assert objection(Pattern("order_number", "regex", regex)) is None


@pytest.mark.parametrize(
    ("regex", "words"),
    [
        ("(a+)+$", "can take for ever"),
        (r"WR-\d++", "Rasa does not know"),
        ("(?>ab|a)c", "Rasa does not know"),
        ("(?:x*y?)*z", "can take for ever"),
        ("(a|b*)+c", "can take for ever"),
        ("((ab){1,20}c?){5,}", "can take for ever"),
        ("(?:a|aa)+b", "can take for ever"),
        (r"(?:\d|\d\d)+-[A-Z]", "can take for ever"),
        ("(x|x)*y", "can take for ever"),
        (r"\d*\d*\d*\d*\d*\d*x", "can take for ever"),
        (r"(?:\d+){1,5}x", "can take for ever"),
        (r"(?:\d\d?)+x", "can take for ever"),
        ("(.*a){12}", "can take for ever"),
        (r"a+A*B", "can take for ever"),
        ("(?:" * 30 + "a?" + ")+" * 30, "can take for ever"),
        ("(", "cannot be read"),
        ("a{99999999999999}", "cannot be read"),
        ("a*", "matches nothing at all"),
        ("", "Write what"),
        ("x" * 201, "too long"),
    ],
)
def test_one_that_cannot_be_used_is_refused(regex: str, words: str) -> None:
    assert words in str(objection(Pattern("order_number", "regex", regex)))


def test_an_entity_has_a_name_and_a_synonym_a_value() -> None:
    assert "no name of an entity" in str(objection(Pattern("a b", "lookup", "x")))
    assert "stands for something" in str(objection(Pattern("product", "synonym", "hoover")))
    assert objection(Pattern("product", "synonym", "hoover", "vacuum")) is None
