"""What Rasa makes of a text with our components: sure of what is clear, shown by examples, never stuck."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx
import pytest

from nlu.rasa import safe
from tests.rasa_server import RasaServer


def parse(rasa: RasaServer, text: str) -> dict[str, Any]:
    answer = httpx.post(
        f"{rasa.url}/model/parse?token={rasa.token}", json={"text": safe(text)}, trust_env=False, timeout=60
    )
    return dict(answer.raise_for_status().json())


def test_every_answer_shows_the_examples_that_are_most_like_the_text(rasa: RasaServer) -> None:
    answer = parse(rasa, "you took the money twice for one order")
    assert answer["intent"]["name"] == "charged_wrongly"
    assert len(answer["nearest"]) == 3
    assert {one["intent"] for one in answer["nearest"]} == {"charged_wrongly"}
    assert 1 >= answer["nearest"][0]["likeness"] >= answer["nearest"][2]["likeness"] > 0


def test_an_example_is_most_like_itself(rasa: RasaServer) -> None:
    nearest = parse(rasa, "I want my money back")["nearest"][0]
    assert (nearest["text"], nearest["intent"]) == ("I want my money back", "refund")
    assert nearest["likeness"] == pytest.approx(1, abs=0.01)


def test_confidences_are_probabilities(rasa: RasaServer) -> None:
    answer = parse(rasa, "my parcel never came")
    sure = [one["confidence"] for one in answer["intent_ranking"]]
    assert sure == sorted(sure, reverse=True)
    assert 0.5 <= sum(sure) <= 1.0001


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("wher is my ordr??? its late 😡😡", "delivery_late"),
        ("REFUND NOW!!!!", "refund"),
        ("hola, i want a refund por favor", "refund"),
        ("the app keeps crashing 📱💥 since the update lol", "app_crash"),
    ],
)
def test_typos_capitals_emoji_and_mixed_languages_are_understood(rasa: RasaServer, text: str, intent: str) -> None:
    ranking = parse(rasa, text)["intent_ranking"]
    assert next(one["name"] for one in ranking if one["name"] != "nlu_fallback") == intent


@pytest.mark.parametrize("text", ["😡", "?", "ок", "\u200b", "ha" * 3000, "I paid twice. " * 400, "ぁ" * 4000])
def test_nothing_that_a_customer_writes_stops_it(rasa: RasaServer, text: str) -> None:
    assert parse(rasa, text)["intent"]["name"]


def test_a_text_that_is_not_english_is_compared_all_the_same(rasa: RasaServer) -> None:
    ranking = parse(rasa, "ich will mein Geld zurück")["intent_ranking"]
    assert next(one["name"] for one in ranking if one["name"] != "nlu_fallback") == "refund"


def test_many_who_ask_at_once_each_get_what_they_get_alone(rasa: RasaServer) -> None:
    texts = [
        "I want my money back",
        "wo ist mein Paket?",
        "",
        "hm 😡",
        "where is it? " * 50,
        "error 503, order NW-20418",
    ] * 4
    with ThreadPoolExecutor(8) as people:
        at_once = list(people.map(partial(parse, rasa), texts))
    for text, answer in zip(texts, at_once, strict=True):
        alone = parse(rasa, text)
        assert [one["name"] for one in answer["intent_ranking"]] == [one["name"] for one in alone["intent_ranking"]]
        assert answer["intent"]["confidence"] == pytest.approx(alone["intent"]["confidence"], abs=0.001)
        assert answer["entities"] == alone["entities"]
        assert [one["text"] for one in answer["nearest"]] == [one["text"] for one in alone["nearest"]]
