"""What is said of an intent: its numbers, and what is to be looked at."""

from collections.abc import Iterable

from handoff import overviews
from handoff.corpora import Entry
from handoff.intents import Intent, Known
from nlu.corpus import CorpusExample
from nlu.likeness import Likeness


def entries(intent: str, count: int, language: str = "en", source: str = "seed") -> list[Entry]:
    made = [CorpusExample(f"{intent} {language} number {n}", intent, language, (), source) for n in range(count)]
    return [Entry(one, (language, one.digest)) for one in made]


def remarks(found: Iterable[Entry], *names: str) -> dict[str, list[str]]:
    known = Known(frozenset(names), {})
    return {name: one.remarks for name, one in overviews.of_all(found, known).items()}


def test_an_intent_that_is_hardly_taught_in_a_language_is_said() -> None:
    found = [*entries("refund", 12), *entries("refund", 3, "es"), *entries("cancel", 12), *entries("cancel", 12, "es")]
    assert remarks(found, "refund", "cancel") == {"refund": ["under 10 examples in es"], "cancel": []}


def test_an_intent_without_examples_is_said() -> None:
    assert remarks(entries("cancel", 12), "refund", "cancel")["refund"] == ["no examples"]


def test_an_intent_of_over_five_times_the_median_is_said() -> None:
    found = [*entries("refund", 61), *entries("cancel", 12), *entries("outage", 12)]
    assert remarks(found, "refund", "cancel", "outage")["refund"] == ["over 5 times the median (12)"]


def test_an_intent_that_no_rule_names_is_said() -> None:
    assert remarks(entries("gift_wrapping", 12), "gift_wrapping")["gift_wrapping"] == ["no rule of its own"]


def test_the_share_that_customers_said_counts_reviewed_and_marked_examples() -> None:
    found = [*entries("refund", 6), *entries("refund", 2, source="review"), *entries("refund", 2, "es", "agent")]
    known = Known(frozenset({"refund"}), {})
    assert overviews.of_all(found, known)["refund"].real_share == 0.4


def test_pairs_are_of_two_intents_and_one_language() -> None:
    texts = [("where is my parcel now", "a", "en"), ("where is my parcel, now", "b", "en")]
    texts += [("where is my parcel now", "b", "es"), ("where is my parcel  now?", "a", "en")]
    found = [Entry(CorpusExample(text, intent, language), (language, text)) for text, intent, language in texts]
    pairs = overviews.pairs_of(found, Likeness([text for text, _, _ in texts]).pairs)
    assert {frozenset((pair.one.example.intent, pair.other.example.intent)) for pair in pairs} == {frozenset("ab")}
    assert {pair.one.example.language for pair in pairs} == {"en"}


def test_a_retired_intent_that_the_bot_still_names_is_said() -> None:
    rows = {"refund": Intent(name="refund", retired_at=1, became="money"), "odd": Intent(name="odd", retired_at=1)}
    known = Known(frozenset({"refund", "money"}), rows)
    assert overviews.retired_but_used(known) == [("odd", None, ()), ("refund", "money", ("the questions of triage",))]
