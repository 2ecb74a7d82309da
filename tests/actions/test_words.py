"""What the bot says: the same things in every language, and nothing that cannot be said."""

import string
from pathlib import Path

import pytest
import yaml

from actions.problems import PROBLEMS, problem_of
from actions.words import FOLDER, words_in
from nlu.corpus import Corpus, write_corpus
from nlu.language import LANGUAGES
from nlu.triage_result import REASONS

KNOWN = {"order_number": "NW-20418", "product": "lamp"}


def shape(said: object) -> object:
    """What a file says, without the words: its names, and what may stand in {}."""
    if isinstance(said, dict):
        return {name: shape(one) for name, one in said.items() if name != "answers"}
    return sorted(field for _, field, _, _ in string.Formatter().parse(str(said)) if field)


def test_the_bot_has_words_in_every_language_and_in_no_other() -> None:
    assert {path.stem for path in FOLDER.glob("*.yml")} == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_things_are_said_in_every_language(language: str) -> None:
    ours, english = (yaml.safe_load((FOLDER / f"{one}.yml").read_text("utf-8")) for one in (language, "en"))
    ours["details"].pop("a_product"), english["details"].pop("a_product")
    assert shape(ours) == shape(english)
    for name, question in ours["questions"].items():
        assert len(question["answers"]) == len(english["questions"][name]["answers"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_problem_and_every_end_can_be_put_into_words(language: str) -> None:
    words = words_in(language)
    assert words.problems.keys() == {*PROBLEMS, "other"}
    asked_for = {name for problem in PROBLEMS.values() for name in problem.asks}
    assert words.questions.keys() == {"problem", "confirmed", "solved", *asked_for}
    for problem in PROBLEMS:
        asked = words.question("confirmed", problem, KNOWN).ask
        assert "{" not in asked
        assert ("NW-20418" in asked) == (
            "NW-20418" in problem_of(problem).to_agent.format(order=" NW-20418", for_order=" NW-20418", product="")
        )
    for outcome, reasons in REASONS.items():
        assert all(words.last_word(outcome, reason) for reason in reasons)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_detail_that_nobody_knows_leaves_no_trace(language: str) -> None:
    words = words_in(language)
    for problem in PROBLEMS:
        said = words.problem(problem, {"order_number": "not known", "product": None})
        assert said == " ".join(said.split())
        assert "not known" not in said


def test_who_speaks_a_language_that_we_do_not_is_spoken_to_in_english() -> None:
    assert words_in("it") == words_in(None) == words_in("../languages/de") == words_in("en")


@pytest.mark.parametrize("intent", ["{name}", "a{b", "__class__", "{0.__class__}"])
def test_an_intent_with_a_strange_name_is_only_a_name(intent: str) -> None:
    assert intent.replace("_", " ") in words_in("en").problem(intent, {"order_number": "{x}"})


def test_what_admins_wrote_about_a_problem_is_said_in_its_language(tmp_path: Path) -> None:
    write_corpus(
        Corpus((), wordings={"gift_wrap": {"en": "you want it {wrapped}", "de": "du willst es verpackt"}}), tmp_path
    )
    domain = yaml.safe_load((tmp_path / "domain" / "record.yml").read_text("utf-8"))
    said = {one: words_in(one).with_those_of(domain, one).problem("gift_wrap", {}) for one in ("en", "de", "fr")}
    assert said == {"en": "you want it {wrapped}", "de": "du willst es verpackt", "fr": "il s'agit de « gift wrap »"}
