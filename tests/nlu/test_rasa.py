"""The client of Rasa, over a transport that answers as we like: every way Rasa can fail is RasaDown."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from nlu.rasa import Button, Rasa, RasaDown, Understanding, safe, seed, speaking
from tests.nlu.test_triage_result import RESULT

SLOTS = {"requested_slot": "order_number", "turns": 1, "problem": "refund"}
TRACKER = {"slots": SLOTS, "active_loop": {"name": "triage_form"}}
Handler = Callable[[httpx.Request], httpx.Response]


def rasa_that(handle: Handler) -> Rasa:
    return Rasa("http://127.0.0.1:1", "secret", httpx.AsyncClient(transport=httpx.MockTransport(handle)))


def rasa_that_says(parts: object, tracker: object = TRACKER) -> Rasa:
    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=parts if request.url.path.endswith("webhook") else tracker)

    return rasa_that(handle)


async def test_an_answer_in_several_parts_comes_through_whole() -> None:
    parts = [
        {"recipient_id": "t", "text": "Sorry, I did not understand that."},
        {"recipient_id": "t", "text": "What is it?", "buttons": [{"title": "Yes", "payload": "Yes"}]},
        {"recipient_id": "t", "custom": RESULT.to_payload()},
    ]
    turn = await rasa_that_says(parts).converse("t", [], "hm")
    assert [answer.text for answer in turn.answers] == ["Sorry, I did not understand that.", "What is it?"]
    assert turn.answers[1].buttons == (Button("Yes", "Yes"),)
    assert turn.result == RESULT


async def test_an_empty_answer_comes_through_as_one() -> None:
    turn = await rasa_that_says([]).converse("t", [], "hm")
    assert (turn.answers, turn.result) == ((), None)


async def test_the_events_to_keep_are_the_slots_and_the_form_and_nothing_else() -> None:
    turn = await rasa_that_says([]).converse("t", [], "hm")
    assert turn.events == [
        {"event": "action", "name": "action_session_start"},
        {"event": "session_started"},
        {"event": "slot", "name": "requested_slot", "value": "order_number"},
        {"event": "slot", "name": "turns", "value": 1},
        {"event": "slot", "name": "problem", "value": "refund"},
        {"event": "active_loop", "name": "triage_form"},
        {"event": "action", "name": "action_listen"},
    ]


async def test_a_turn_that_left_no_trace_is_rasa_down_because_the_action_server_is() -> None:
    before = (await rasa_that_says([]).converse("t", [], "hm")).events
    with pytest.raises(RasaDown, match="action server"):
        await rasa_that_says([]).converse("t", before, "hm")


async def test_what_rasa_has_kept_is_not_put_back() -> None:
    methods: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        methods.append(request.method)
        return httpx.Response(200, json=[{"text": "hi"}] if request.method == "POST" else TRACKER)

    rasa = rasa_that(handle)
    kept = (await rasa.converse("t", [], "hello")).events
    methods.clear()
    with pytest.raises(RasaDown):
        await rasa.converse("t", kept, "hello")
    assert methods == ["GET", "POST", "GET"]


async def test_each_turn_puts_the_events_back_before_it_says_a_word() -> None:
    calls: list[tuple[str, str, Any]] = []

    def handle(request: httpx.Request) -> httpx.Response:
        calls.append((request.method, request.url.path, json.loads(request.content or b"null")))
        assert request.url.params["token"] == "secret"
        return httpx.Response(200, json=[] if request.url.path.endswith("webhook") else TRACKER)

    events = [{"event": "session_started"}]
    await rasa_that(handle).converse("square/7?x", events, "hello")
    assert calls == [
        ("GET", "/conversations/square/7?x/tracker", None),
        ("PUT", "/conversations/square/7?x/tracker/events", events),
        ("POST", "/webhooks/rest/webhook", {"sender": "square/7?x", "message": "hello"}),
        ("GET", "/conversations/square/7?x/tracker", None),
    ]


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(503, text="starting"),
        httpx.Response(401, json={"reason": "NotAuthenticated"}),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={"text": "hi"}),
        httpx.Response(200, json=["hi"]),
        httpx.Response(200, json=[{"text": "hi", "buttons": [{"title": "Yes"}]}]),
        httpx.Response(200, json=[{"text": "hi", "buttons": "Yes"}]),
        httpx.Response(200, json=[{"custom": {"triage_result": {"outcome": "connect"}}}]),
    ],
)
async def test_a_rasa_that_talks_nonsense_is_down(answer: httpx.Response) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        return answer if request.url.path.endswith("webhook") else httpx.Response(200, json=TRACKER)

    with pytest.raises(RasaDown):
        await rasa_that(handle).converse("t", [], "hello")


@pytest.mark.parametrize("tracker", [None, [], {}, {"slots": None}, "gone"])
async def test_a_tracker_that_cannot_be_read_is_rasa_down(tracker: object) -> None:
    with pytest.raises(RasaDown):
        await rasa_that_says([{"text": "hi"}], tracker).converse("t", [], "hello")


@pytest.mark.parametrize("error", [httpx.ConnectError("refused"), httpx.ReadTimeout("slow"), httpx.ReadError("reset")])
async def test_a_rasa_that_cannot_be_reached_is_down(error: httpx.HTTPError) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        raise error

    rasa = rasa_that(handle)
    with pytest.raises(RasaDown):
        await rasa.parse("hello")
    assert not await rasa.ready()


@pytest.mark.parametrize("parsed", [{}, [], None, {"intent": {"name": "refund"}, "entities": []}, {"intent": 3}])
async def test_an_understanding_that_cannot_be_read_is_rasa_down(parsed: object) -> None:
    with pytest.raises(RasaDown):
        await rasa_that(lambda _: httpx.Response(200, json=parsed)).parse("hello")


async def test_a_rasa_without_a_model_is_not_down_so_that_it_can_be_given_one() -> None:
    empty = rasa_that(lambda _: httpx.Response(409, json={"reason": "Conflict"}))
    assert await empty.model() is None
    assert not await empty.ready()
    with pytest.raises(RasaDown):
        await empty.parse("hello")


async def test_a_rasa_without_a_model_is_not_ready() -> None:
    assert not await rasa_that(lambda _: httpx.Response(200, json={"model_file": ""})).ready()
    assert await rasa_that(lambda _: httpx.Response(200, json={"model_file": "m.tar.gz"})).ready()


@pytest.mark.parametrize("text", ['/stop{"x":1}', "/hand_off", " \t//begin", "/ /begin", "\u2003/begin", "\x00/begin"])
def test_what_a_customer_writes_is_never_a_command(text: str) -> None:
    assert not safe(text).strip().startswith("/")


@pytest.mark.parametrize("text", ["", "  ", "/", "///", "\x00"])
def test_a_text_without_words_is_still_something(text: str) -> None:
    assert safe(text) == "..."


def test_words_and_slashes_inside_them_stay_as_they_are() -> None:
    assert safe("my order 7/8 came and/or not") == "my order 7/8 came and/or not"


def test_a_seed_takes_the_surest_problem_and_all_details_of_the_posts() -> None:
    slots = slots_of(
        seed(
            [
                Understanding("charged twice", "charged_wrongly", 0.7, {"amount": "£20"}),
                Understanding("hello?", "greet", 0.99),
                Understanding("order NW-1001 is the one", "inform", 0.9, {"order_number": "NW-1001"}),
                Understanding("give it back", "refund", 0.5),
            ]
        )
    )
    assert slots == {
        "language": "en",
        "problem": "charged_wrongly",
        "confidence": 0.7,
        "amount": "£20",
        "order_number": "NW-1001",
    }


def test_a_seed_of_posts_that_say_nothing_tells_only_the_language() -> None:
    nothing = [Understanding("lol", "out_of_scope", 0.9), Understanding("?", "nlu_fallback", 0.2)]
    assert slots_of(seed(nothing, "el")) == {"language": "el"}


def test_a_talk_that_changes_the_language_keeps_all_else() -> None:
    begun = seed([Understanding("charged twice", "charged_wrongly", 0.7)], "en")
    german = speaking("de", begun)
    assert slots_of(german) == {**slots_of(begun), "language": "de"}
    assert len(german) == len(begun)
    assert speaking("de", german) == german
    assert slots_of(speaking("fr", [event for event in begun if event.get("name") != "language"]))["language"] == "fr"


def test_a_seed_carries_the_worse_of_two_alarms() -> None:
    posts = [
        Understanding("a scam", "complaint", 0.9, {"anger": "scam"}),
        Understanding("it caught fire", "product_broken", 0.9, {"danger": "caught fire"}),
    ]
    assert slots_of(seed(posts))["alarm"] == "danger"


def slots_of(events: list[dict[str, Any]]) -> dict[str, Any]:
    return {event["name"]: event["value"] for event in events if event["event"] == "slot"}


HEARD = {
    "intent": {"name": "nlu_fallback", "confidence": 0.35},
    "intent_ranking": [
        {"name": "nlu_fallback", "confidence": 0.35},
        {"name": "refund", "confidence": 0.3},
        {"name": "cancel", "confidence": 0.2},
    ],
    "entities": [{"entity": "amount", "value": 5}],
}


def that_heard(text: str, **changes: object) -> dict[str, Any]:
    """The tracker, with the last line that it heard."""
    user = {"event": "user", "text": text, "parse_data": HEARD | changes}
    return TRACKER | {"events": [{"event": "user", "text": "/begin"}, user, {"event": "action"}]}


async def test_what_was_understood_of_a_line_comes_back_with_the_turn() -> None:
    says = rasa_that_says([{"text": "Why?"}], that_heard("money back"))
    (heard,) = (await says.converse("t", [], " /money back")).heard
    assert (heard.text, heard.intent, heard.entities) == (" /money back", "nlu_fallback", {"amount": "5"})
    assert heard.ranking == (("refund", 0.3), ("cancel", 0.2)), "to be unsure is no guess"


@pytest.mark.parametrize("events", [None, {}, [], ["hello"], that_heard("another line")["events"]])
async def test_what_the_tracker_heard_otherwise_is_not_taken_for_this_line(events: object) -> None:
    says = rasa_that_says([{"text": "Why?"}], TRACKER | {"events": events})
    assert (await says.converse("t", [], "money back")).heard == ()


@pytest.mark.parametrize("ranking", [7, [1], [{"name": "refund"}], [{"name": "refund", "confidence": "much"}], "ab"])
async def test_a_ranking_that_cannot_be_read_is_rasa_down(ranking: object) -> None:
    says = rasa_that_says([{"text": "Why?"}], that_heard("money back", intent_ranking=ranking))
    with pytest.raises(RasaDown):
        await says.converse("t", [], "money back")
