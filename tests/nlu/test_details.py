"""What is found in a customer's line, in five languages, by the code that Rasa runs; and what must not be."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.language import LANGUAGES
from tests.nlu.details import PIECES, TABLE, Entity, Finder

FOUND = [(entity, text, value) for entity, lines in TABLE.items() for text, value in lines["found"]]
TRAPS = [(entity, text) for entity, lines in TABLE.items() for text in lines["traps"]]
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

CATALOGUE = """
[products]
"Breeze kettle" = ["Breeze"]
"Gale vacuum" = ["Gale"]
"Zephyr lamp" = ["Zephyr"]
"Aeropress" = []
"Wasserkocher Böe" = []
"Cafetière Rosée" = []
"Βραστήρας Αύρα" = []
"""


@pytest.fixture(scope="session")
def finder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finder]:
    path = tmp_path_factory.mktemp("catalogue") / "knock.toml"
    path.write_text(CATALOGUE, "utf-8")
    finder = Finder(path)
    yield finder
    finder.close()


def meant(value: str) -> str:
    """The value that a row of the table stands for today."""
    today = datetime.now(UTC).date()
    if value.startswith("today"):
        return (today + timedelta(int(value.removeprefix("today")))).isoformat()
    which, _, weekday = value.partition(" ")
    if weekday not in WEEKDAYS:
        return value
    step = timedelta(1 if which == "next" else -1)
    day = today + step
    while day.weekday() != WEEKDAYS.index(weekday):
        day += step
    return day.isoformat()


@pytest.mark.parametrize(("entity", "text", "value"), FOUND)
def test_what_a_line_tells_is_found_in_its_one_form(finder: Finder, entity: str, text: str, value: str) -> None:
    assert finder.values(text).get(entity) == meant(value)


@pytest.mark.parametrize(("entity", "text"), TRAPS)
def test_what_only_looks_like_it_is_not_found(finder: Finder, entity: str, text: str) -> None:
    assert entity not in finder.values(text)


def test_the_table_is_long_enough_for_each_entity() -> None:
    assert all(len(lines["found"]) >= 20 and len(lines["traps"]) >= 10 for lines in TABLE.values())


def test_one_line_may_tell_several_things_and_none_twice(finder: Finder) -> None:
    text = (
        "Yesterday at 5 pm I paid £49.99 for order NW-20418, a breze kettle; it shows error E-104. "
        "Mail ana@example.com or call +44 20 7946 0958. App version 5.3.1, your ticket #4412."
    )
    found = finder.find(text)
    assert {one["entity"] for one in found} == set(TABLE)
    assert all(one["end"] <= other["start"] for one, other in zip(found, found[1:], strict=False))
    assert all(text[one["start"] : one["end"]] == one["said"] for one in found)


def test_a_product_counts_as_soon_as_the_file_names_it(tmp_path: Path) -> None:
    path = tmp_path / "knock.toml"
    path.write_text(CATALOGUE, "utf-8")
    finder = Finder(path)
    try:
        assert "product" not in finder.values("my mistral fan squeaks")
        path.write_text(CATALOGUE + '"Mistral fan" = []\n', "utf-8")
        deadline = datetime.now(UTC) + timedelta(seconds=30)
        while "product" not in (values := finder.values("my mistrall fan squeaks")):
            assert datetime.now(UTC) < deadline
        path.write_text("[products", "utf-8")
        assert values["product"] == "Mistral fan"
    finally:
        finder.close()


NASTY = st.one_of(
    st.text(max_size=300),
    st.text(alphabet="0123456789 .,-/+()#@€$:hEeamp\u00a0", max_size=400),
    st.lists(st.sampled_from([text for _, text, _ in FOUND]), max_size=6).map(" ".join),
    st.sampled_from(PIECES).map(lambda piece: (piece * 4500)[:4500]),
)


@given(NASTY)
def test_whatever_is_written_is_answered_with_places_in_the_text(finder: Finder, text: str) -> None:
    found = finder.find(text)
    assert all(0 <= one["start"] < one["end"] <= len(text) for one in found)
    assert all(one["end"] <= other["start"] for one, other in zip(found, found[1:], strict=False))
    assert all(one["entity"] in TABLE and one["value"] for one in found)


def test_the_languages_of_the_table_are_those_that_we_speak() -> None:
    assert set(LANGUAGES) == {"en", "es", "de", "fr", "el"}


def test_a_day_that_was_read_on_the_day_it_was_said_is_a_date(finder: Finder) -> None:
    (found,) = finder.find("yesterday")
    assert found["relative"]
    assert date.fromisoformat(found["value"]) < datetime.now(UTC).date()


def by_rasa(text: str, entity: str, said: str) -> Entity:
    """What Rasa's own extractor finds by a pattern or a list."""
    return {"entity": entity, "start": text.index(said), "end": text.index(said) + len(said), "value": said}


def test_what_admins_have_a_pattern_for_is_surer_than_our_guess(finder: Finder) -> None:
    text = "my warranty WR-551200 and ben@example.org"
    found = finder.find(text, by_rasa(text, "warranty", "WR-551200"), by_rasa(text, "name", "ben"))
    assert [(one["entity"], one["value"]) for one in found] == [("warranty", "WR-551200"), ("email", "ben@example.org")]


def test_a_product_of_the_catalogue_is_surer_than_a_word_and_an_alarm_stands_beside_it(finder: Finder) -> None:
    text = "the breze kettle exploded"
    found = finder.find(text, by_rasa(text, "product", "kettle"), by_rasa(text, "danger", "kettle exploded"))
    assert [(one["entity"], one["value"]) for one in found] == [
        ("product", "Breeze kettle"),
        ("danger", "kettle exploded"),
    ]
