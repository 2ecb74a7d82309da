"""Examples with the entities in them: what is written is read again, whatever somebody writes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.annotations import BadAnnotation, Entity, checked, digest, in_parts, read, tidy, write

NAMES = st.sampled_from(["product", "order_number", "Amount2"])
TEXTS = st.text(max_size=60).map(tidy).filter(bool)


@st.composite
def marked(draw: st.DrawFn) -> tuple[str, tuple[Entity, ...]]:
    text = draw(TEXTS)
    places = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
    found = []
    for start, end in zip(places[::2], places[1::2], strict=False):
        if text[start:end] == text[start:end].strip():
            value = draw(st.one_of(st.just(text[start:end]), st.text(max_size=12)))
            names = draw(st.sets(NAMES, min_size=1, max_size=2))
            found += [Entity(start, end, name, value) for name in names]
    return text, checked(text, found)


@given(marked())
def test_what_is_written_is_read_again(example: tuple[str, tuple[Entity, ...]]) -> None:
    assert read(write(*example)) == example


@given(st.text(max_size=80))
def test_whatever_is_read_is_on_one_line_and_stays_as_it_is(said: str) -> None:
    try:
        text, entities = read(said)
    except BadAnnotation:
        return
    assert len(text.splitlines()) <= 1
    assert tidy(text) == text
    assert read(write(text, entities)) == (text, entities)


@given(
    st.lists(
        st.sampled_from(list('[](){}":,\\ab ') + ['{"entity": "x"}', '{"entity": "x", "value": "y"}']), max_size=14
    )
)
def test_signs_of_the_notation_in_any_order_break_nothing(parts: list[str]) -> None:
    try:
        text, entities = read("".join(parts))
    except BadAnnotation:
        return
    assert not set("[]") & set(text)
    assert read(write(text, entities)) == (text, entities)


@pytest.mark.parametrize(
    ("said", "text", "entities"),
    [
        ("where is my [kettle](product)?", "where is my kettle?", [(12, 18, "product", "kettle")]),
        ("[Breeze](product:Breeze kettle) broke", "Breeze broke", [(0, 6, "product", "Breeze kettle")]),
        ('it [ is  off](x){"entity": "y"}', 'it is off{"entity": "y"}', [(3, 9, "x", "is off")]),
        ('[hoover]{"entity": "product", "value": "vacuum"}', "hoover", [(0, 6, "product", "vacuum")]),
        ('[A1][{"entity": "a"}, {"entity": "b"}]', "A1", [(0, 2, "a", "A1"), (0, 2, "b", "A1")]),
        ("a [list] of things", "a (list) of things", []),
        ("two\n lines\x00\u2028and \ud800 more", "two lines and more", []),
    ],
)
def test_rasas_notation_is_read(said: str, text: str, entities: list[tuple[int, int, str, str]]) -> None:
    assert read(said) == (text, tuple(Entity(*one) for one in entities))


@pytest.mark.parametrize(
    "said",
    [
        "[x](a name)",
        "[x](__proto__)",
        "[ ](product)",
        '[x]{"entity": "a", "role": "b"}',
        "[x](<b>)",
        '[x]{"value": "y"}',
    ],
)
def test_what_cannot_be_kept_is_refused(said: str) -> None:
    with pytest.raises(BadAnnotation):
        read(said)


def test_entities_that_overlap_or_lie_outside_are_refused() -> None:
    for wrong in (
        [Entity(0, 3, "a", "x"), Entity(2, 5, "b", "y")],
        [Entity(3, 99, "a", "x")],
        [Entity(2, 4, "a", "x")],
    ):
        with pytest.raises(BadAnnotation):
            checked("ab cd ef", wrong)


def test_texts_that_differ_in_case_width_and_blanks_are_the_same() -> None:
    assert digest("Where  is my order?") == digest("ｗhere is MY order?") != digest("where is my order")
    assert digest("don’t") == digest("don't")
    assert digest("\ud800") == digest("?")


def test_a_text_is_shown_part_by_part() -> None:
    text, entities = read("my [kettle](product) and [lamp](product)")
    assert [(part, one and one.entity) for part, one in in_parts(text, entities)] == [
        ("my ", None),
        ("kettle", "product"),
        (" and ", None),
        ("lamp", "product"),
    ]


def test_a_value_that_is_nested_without_end_is_refused() -> None:
    with pytest.raises(BadAnnotation, match="cannot be read"):
        read('[x]{"entity": "a", "value": ' + "[" * 1900 + "]" * 1900 + "}")
