"""Files of examples: what cannot be taken is named by its line, and what is written is read again."""

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.annotations import Entity, tidy
from nlu.corpus import Corpus, CorpusExample, Pattern, examples_in_yaml, write_corpus
from nlu.example_files import read_yaml
from nlu.example_sheets import bare, guarded, read_csv, written
from tests.nlu.test_annotations import marked
from tests.rasa_server import PYTHON

FILE = """version: "3.1"
nlu:
  - intent: refund
    examples: |
      - I want a [refund](thing)

      - money back
  - synonym: kettle
    examples: |
      - boiler
  - regex: order_number
    examples: |
      - NW-\\d+
"""

BOMB = 'a: &a ["x","x"]\nb: &b [*a,*a]\nc: &c [*b,*b]\nnlu: [*c]\n'


def test_a_file_is_read_line_by_line() -> None:
    found = read_yaml(FILE)
    assert [(line.number, line.intent, line.text) for line in found.lines] == [
        (5, "refund", "I want a refund"),
        (7, "refund", "money back"),
    ]
    assert found.lines[0].entities == (Entity(9, 15, "thing", "refund"),)
    assert found.patterns == [
        (10, Pattern("", "synonym", "boiler", "kettle")),
        (13, Pattern("order_number", "regex", "NW-\\d+")),
    ]
    assert not found.mistakes


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (BOMB, 1, "Anchors and aliases"),
        ("nlu: !!python/object/apply:os.system [ls]", 1, "Tags"),
        ("nlu: " + "[" * 5000, 1, "nested too deeply"),
        ("nlu: [}", 1, "not YAML"),
        ("\x00", 1, "not YAML"),
        ("- intent: x", 1, "begins with “nlu:”"),
        ("", 1, "begins with “nlu:”"),
        ("nlu:\n  - intent: x\n    examples: |\n      - fine\n      not fine\n", 5, "begins with “- ”"),
        ("nlu:\n  - intent: x\n    examples: |\n      - [a](b c)\n", 4, "no name of an entity"),
        ("nlu:\n  - intent: x\n    examples: |\n      - fine\n      -\n", 5, "empty"),
        ("nlu:\n  - intent: x\n    examples: |\n      - " + "y" * 5000, 4, "at most 4,096"),
        ("nlu:\n  - intent: x\n", 2, "has no examples"),
        ("nlu:\n  - intent: [x]\n    examples: ''\n", 2, "Write the name"),
        ("nlu:\n  - story: x\n", 2, "An item is an intent"),
        ("rules: []\n", 1, "also has “rules”"),
        ("nlu:\n  - intent: x\n    use_entities: []\n    examples: |\n      - y\n", 2, "is not taken here"),
        ("nlu: text\n", 1, "is a list"),
        ("nlu:\n  - intent: x\n    examples: [{a: b}]\n", 3, "An example is a text"),
    ],
)
def test_what_cannot_be_taken_is_named_by_its_line(content: str, line: int, words: str) -> None:
    (mistake,) = read_yaml(content).mistakes
    assert (mistake.line, words in mistake.why) == (line, True), mistake


@given(st.text(max_size=200))
def test_whatever_somebody_pastes_is_read_or_refused(content: str) -> None:
    read_yaml(content)
    read_csv(content)
    read_csv(f"text,intent,language,entities\n{content}")


EXAMPLES = st.lists(
    st.builds(
        lambda said, intent, language: CorpusExample(said[0], intent, language, said[1]),
        marked(),
        st.sampled_from(["refund", "no", "true", "a1"]),
        st.sampled_from(["en", "el"]),
    ),
    max_size=8,
)


@given(EXAMPLES)
def test_a_file_that_was_written_is_read_again(examples: list[CorpusExample]) -> None:
    found = read_yaml(examples_in_yaml(examples))
    assert not found.mistakes
    assert {(one.text, one.intent, one.entities) for one in found.lines} == {
        (one.text, one.intent, one.entities) for one in examples
    }


@given(EXAMPLES)
def test_a_table_that_was_written_is_read_again(examples: list[CorpusExample]) -> None:
    found = read_csv(written(examples))
    assert not found.mistakes
    assert [(one.text, one.intent, one.language, one.entities) for one in found.lines] == [
        (one.text, one.intent, one.language, one.entities) for one in examples
    ]


@given(st.text(alphabet="'=+-@ ＝a\t", max_size=6))
def test_no_cell_begins_a_formula_and_all_come_back(text: str) -> None:
    assert not guarded(text).lstrip(" ").startswith(("=", "+", "-", "@", "\t", "＝"))
    assert bare(guarded(text)) == text


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        ("text,language\nx,en\n", 1, "“intent” is missing"),
        ("text,intent\nx,y,z\n", 2, "3 cells"),
        ('text,intent\n"x,y\n', 2, "not CSV"),
        ("text,intent,entities\nx,y,[{\n", 2, "not JSON"),
        ('text,intent,entities\nx,y,"[{""start"":0,""end"":9,""entity"":""a"",""value"":""b""}]"\n', 2, "outside"),
        ("text,intent\n,y\n", 2, "empty"),
        ("text,intent\nx\n", 2, "intent is missing"),
    ],
)
def test_a_row_that_cannot_be_taken_is_named(content: str, line: int, words: str) -> None:
    (mistake,) = read_csv(content).mistakes
    assert (mistake.line, words in mistake.why) == (line, True), mistake


def test_a_table_may_have_brackets_semicolons_and_no_language() -> None:
    found = read_csv("Text;Intent\nwhere is my [kettle](product);order_missing\n")
    assert [(one.text, one.intent, one.language) for one in found.lines] == [
        ("where is my kettle", "order_missing", "")
    ]


SCRIPT = """
import json, sys
from rasa.shared.nlu.training_data.loading import load_data
from rasa.shared.core.domain import Domain
data = load_data(sys.argv[1] + "/data")
domain = Domain.load(sys.argv[1] + "/domain")
print(json.dumps([sorted([e.get("text"), e.get("intent"), [[n["entity"], n["start"], n["end"], n["value"]]
    for n in e.get("entities", [])]] for e in data.intent_examples), data.entity_synonyms, data.regex_features,
    [[one["name"], one["elements"]] for one in data.lookup_tables],
    sorted(domain.intents), domain.as_dict()["responses"]]))
"""


def test_rasa_reads_exactly_what_was_written(tmp_path: Path) -> None:
    texts = [
        "my ${HOME} [x](y)",
        "C:\\new\\u0041",
        "- # : {}",
        "no",
        "Ωραία",
        "\U0001f44b \U0001f468\u200d\U0001f469",
        "'quoted\" `x`",
    ]
    examples = [CorpusExample(tidy(text), "odd_one", "en") for text in texts]
    marks = (Entity(7, 13, "product", 'a "Breeze\\" kettle'),)
    kettle = CorpusExample("my old kettle", "odd_one", "en", marks, "admin")
    patterns = (Pattern("order_number", "regex", "NW-\\d+"), Pattern("", "synonym", "boiler", "kettle"))
    corpus = Corpus((*examples, kettle), patterns, {"odd_one": {"en": "it is odd", "el": "είναι περίεργο"}})
    write_corpus(corpus, tmp_path)
    done = subprocess.run([PYTHON, "-c", SCRIPT, tmp_path], capture_output=True, text=True, check=True)
    said, synonyms, regexes, lookups, intents, responses = json.loads(done.stdout.splitlines()[-1])
    assert sorted(text for text, _, _ in said) == sorted(one.text for one in corpus.examples)
    assert [entities for text, _, entities in said if text == kettle.text] == [
        [["product", 7, 13, 'a "Breeze\\" kettle']]
    ]
    assert (synonyms["boiler"], regexes) == ("kettle", [{"name": "order_number", "pattern": "NW-\\d+"}])
    assert (lookups, synonyms["kettle"]) == ([["product", ["kettle"]]], 'a "Breeze\\" kettle')
    assert "odd_one" in intents
    (el, en) = responses["utter_about_odd_one"]
    assert (el["text"], el["condition"][0]["value"], en["text"]) == ("είναι περίεργο", "el", "it is odd")
