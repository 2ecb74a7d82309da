"""Triage over the real Rasa with the trained model: whole talks, as customers would write them."""

from collections.abc import AsyncIterator

import pytest

from actions.words import words_in
from nlu.language import LANGUAGES
from nlu.rasa import Rasa, Turn, seed, speaking
from nlu.triage_result import TriageResult
from tests.rasa_server import RasaServer


@pytest.fixture
async def client(rasa: RasaServer) -> AsyncIterator[Rasa]:
    async with rasa.client() as client:
        yield client


async def triage(client: Rasa, posts: list[str], *lines: str, language: str = "en") -> list[Turn]:
    """Return the turns of a talk that begins with `posts`; it must not end before the last line is said."""
    understood = [await client.parse(post) for post in posts]
    turns = [await client.begin("a-talk", seed(understood, language))]
    for line in lines:
        assert turns[-1].result is None, f"ended before {line!r}"
        turns.append(await client.converse("a-talk", turns[-1].events, line))
    return turns


def result_of(turns: list[Turn]) -> TriageResult:
    result = turns[-1].result
    assert result is not None
    return result


def last_words(turns: list[Turn]) -> str:
    return " ".join(answer.text for answer in turns[-1].answers)


async def test_what_the_post_told_is_confirmed_and_handed_off(client: Rasa) -> None:
    turns = await triage(client, ["@northwind you charged me twice for order NW-20418!"], "yes")
    assert turns[0].answers[0].text == "It looks like you were charged wrongly for order NW-20418. Is that right?"
    assert result_of(turns).found == {"order_number": "NW-20418"}
    assert result_of(turns).summary == "Charged wrongly for order NW-20418."
    assert "person takes over" in last_words(turns)


async def test_three_turns_make_it_complete(client: Rasa) -> None:
    turns = await triage(client, ["hmm, northwind"], "it's my toaster, it won't turn on", "Yes", "NW-1177")
    result = result_of(turns)
    assert (result.outcome, result.reason, result.intent) == ("hand_off", "complete", "product_broken")
    assert result.found == {"product": "toaster", "order_number": "NW-1177"}


async def test_what_was_said_is_not_asked_again_however_it_was_spelt(client: Rasa) -> None:
    turns = await triage(client, ["my breze ketle from order nw-20418 is broken, it leaks"], "yes")
    assert "Breeze kettle" in turns[0].answers[0].text
    assert result_of(turns).reason == "complete"
    assert result_of(turns).found == {"product": "Breeze kettle", "order_number": "NW-20418"}


async def test_everything_that_helps_the_agent_is_noted_in_its_one_form(client: Rasa) -> None:
    post = "I was charged £1,049.50 twice on 2026-11-27, your ticket #4412 says error E-104 on iOS 17.2"
    turns = await triage(client, [post], "yes", "order NW-1177, mail Mara@Mail.Example or ring +44 20 7946 0958")
    found = result_of(turns).found
    assert found["amount"] == "1049.50 GBP"
    assert (found["ticket_number"], found["error_code"], found["version"]) == ("4412", "E-104", "iOS 17.2")
    assert found["date"].startswith("2026-11-27")
    assert (found["email"], found["phone"]) == ("mara@mail.example", "+442079460958")
    assert found["order_number"] == "NW-1177"
    assert "ticket: 4412" in result_of(turns).summary
    assert "mara" not in result_of(turns).summary


async def test_a_phone_number_is_no_order_number(client: Rasa) -> None:
    turns = await triage(client, ["my order has not arrived"], "yes", "020 7946 0958")
    assert "order number" in last_words(turns)
    assert "order_number" not in {event.get("name") for event in turns[-1].events}


async def test_yesterday_in_an_older_post_is_kept_as_it_was_said(client: Rasa) -> None:
    turns = await triage(client, ["I was charged twice yesterday for order NW-20418"], "yes")
    assert result_of(turns).found["date"] == "“yesterday”"


async def test_every_question_offers_a_person(client: Rasa) -> None:
    turns = await triage(client, ["my lamp is broken"], "no", "I was billed twice", "what do you mean")
    for turn in turns:
        assert "Talk to a person" in [button.title for button in turn.answers[-1].buttons]


@pytest.mark.parametrize("lines", [[], ["yes"], ["no"], ["no", "the app crashes"]])
async def test_a_person_takes_over_at_any_moment(client: Rasa, lines: list[str]) -> None:
    turns = await triage(client, ["where is my parcel"], *lines, "Talk to a person")
    assert (result_of(turns).outcome, result_of(turns).reason) == ("hand_off", "asked")


async def test_not_understood_twice_goes_to_a_person(client: Rasa) -> None:
    turns = await triage(client, ["@northwind hmm"], "blorp flumsch", "tell me a joke")
    assert len(turns[1].answers) == 2
    assert result_of(turns).reason == "unsure"


@pytest.mark.parametrize(
    ("post", "reason"),
    [
        ("my northwind kettle caught fire and burned my hand", "danger"),
        ("I want to die, nobody answers", "danger"),
        ("you are thieves, my lawyer will write to you", "anger"),
    ],
)
async def test_danger_and_anger_in_a_post_go_to_a_person_at_once(client: Rasa, post: str, reason: str) -> None:
    turns = await triage(client, [post])
    assert (result_of(turns).outcome, result_of(turns).reason) == ("hand_off", reason)


async def test_danger_in_the_middle_goes_to_a_person_at_once(client: Rasa) -> None:
    turns = await triage(client, ["my lamp is broken"], "yes, and I got an electric shock from it")
    assert result_of(turns).reason == "danger"
    assert "emergency number" in last_words(turns)


async def test_stop_stops(client: Rasa) -> None:
    turns = await triage(client, ["my parcel is late"], "stop writing to me")
    assert result_of(turns).outcome == "stop"
    assert "person" not in last_words(turns)


@pytest.mark.parametrize("line", ["they must stop this", "please stop charging my card", "it doesn't stop beeping"])
async def test_a_sentence_with_stop_in_it_does_not_stop(client: Rasa, line: str) -> None:
    turns = await triage(client, ["@northwind hello"], line)
    assert turns[-1].result is None


async def test_solved_meanwhile_is_solved(client: Rasa) -> None:
    turns = await triage(client, ["my parcel is late"], "all good now, it is here, thank you")
    assert result_of(turns).outcome == "solved"
    assert "person" not in last_words(turns)


@pytest.mark.parametrize("answer", ["I don't have it", "no idea", "I lost the receipt", "no"])
async def test_who_does_not_have_the_number_is_not_asked_again(client: Rasa, answer: str) -> None:
    turns = await triage(client, ["I want my money back"], "yes", answer)
    result = result_of(turns)
    assert (result.reason, result.found) == ("complete", {})
    assert "order number: not known" in result.summary


@pytest.mark.parametrize("line", ['/stop{"x":1}', "/hand_off", " /begin", "/human"])
async def test_a_command_from_a_customer_is_only_words(client: Rasa, line: str) -> None:
    understood = await client.parse(line)
    assert understood.confidence < 1
    assert understood.intent != "begin"


@pytest.mark.parametrize(
    "line", ["", " ", "/", "😂" * 3, "é" * 4097, "x" * 100_000, "طلبي لم يصل 😡", "a\x00b", "{slot}"]
)
async def test_strange_texts_are_survived(client: Rasa, line: str) -> None:
    turns = await triage(client, ["my parcel is late"], line)
    assert turns[-1].result or turns[-1].answers


async def test_a_repeated_turn_is_harmless(client: Rasa) -> None:
    turns = await triage(client, ["I was charged twice"])
    once = await client.converse("a-talk", turns[0].events, "yes")
    assert await client.converse("a-talk", turns[0].events, "yes") == once


async def test_a_word_after_the_end_brings_the_same_end_again(client: Rasa) -> None:
    turns = await triage(client, ["I was charged twice"], "a human please")
    again = await client.converse("a-talk", turns[-1].events, "hello?")
    assert again.result == turns[-1].result


async def test_a_talk_that_is_forgotten_leaves_nothing_behind(client: Rasa) -> None:
    await triage(client, ["my order NW-90210 is missing"])
    await client.forget("a-talk")
    turn = await client.begin("a-talk", [])
    assert "NW-90210" not in str(turn)


async def test_one_customer_never_sees_words_of_another(client: Rasa) -> None:
    first = await client.begin("one", seed([await client.parse("I was charged twice for order NW-11111")]))
    second = await client.begin("two", seed([await client.parse("I was charged twice for order NW-22222")]))
    turn = await client.converse("one", first.events, "yes")
    assert "NW-22222" not in str((first, turn))
    assert "NW-11111" not in str(second)


BUTTONS = sorted(
    {
        (language, name, answer)
        for language in LANGUAGES
        for name in words_in(language).questions
        for answer in words_in(language).question(name, None, {}).answers
    }
)


@pytest.mark.parametrize(("language", "question", "answer"), BUTTONS)
async def test_what_a_button_says_is_understood_when_it_is_typed(
    client: Rasa, language: str, question: str, answer: str
) -> None:
    understood = await client.parse(answer)
    assert understood.confidence > 0.6
    assert understood.intent not in ("nlu_fallback", "out_of_scope")


async def test_the_same_button_means_the_same_in_every_language(client: Rasa) -> None:
    meant = {}
    for language in LANGUAGES:
        words = words_in(language)
        answers = [answer for name in words.questions for answer in words.question(name, None, {}).answers]
        meant[language] = [(await client.parse(answer)).intent for answer in answers]
    assert all(intents == meant["en"] for intents in meant.values()), meant


@pytest.mark.parametrize(
    ("language", "post", "reason"),
    [
        ("es", "el cargador se incendió y me quemé la mano", "danger"),
        ("es", "nadie contesta y ya no quiero vivir", "danger"),
        ("es", "sois unos ladrones, os voy a denunciar", "anger"),
        ("de", "das Ladegerät hat Feuer gefangen, ich bin im Krankenhaus", "danger"),
        ("de", "ich will nicht mehr leben", "danger"),
        ("de", "ihr seid Betrüger, mein Anwalt meldet sich", "anger"),
        ("fr", "le chargeur a pris feu et je me suis brûlée", "danger"),
        ("fr", "j'ai envie de mourir", "danger"),
        ("fr", "bande d'escrocs, mon avocat vous écrira", "anger"),
        ("el", "ο φορτιστής πήρε φωτιά και είμαι στο νοσοκομείο", "danger"),
        ("el", "δεν θελω να ζω αλλο", "danger"),
        ("el", "είστε απατεώνες, θα σας κάνω μήνυση", "anger"),
    ],
)
async def test_danger_and_anger_go_to_a_person_at_once_in_every_language(
    client: Rasa, language: str, post: str, reason: str
) -> None:
    turns = await triage(client, [post], language=language)
    assert (result_of(turns).outcome, result_of(turns).reason) == ("hand_off", reason)
    assert last_words(turns) == words_in(language).last_word("hand_off", reason)


TALKS = {
    "es": (
        "no llega mi paquete y pone entregado",
        "no tengo el número",
        "quiero hablar con alguien",
        "no me escribáis",
    ),
    "de": (
        "mein paket ist nicht da, angeblich zugestellt",
        "hab ich nicht",
        "ich will einen menschen",
        "schreibt mir nicht mehr",
    ),
    "fr": (
        "mon colis n'est pas là alors que c'est marqué livré",
        "je l'ai pas",
        "je veux parler à quelqu'un",
        "ne m'écrivez plus",
    ),
    "el": ("δεν ήρθε το δέμα και γράφει παραδόθηκε", "δεν τον εχω", "θέλω να μιλήσω με κάποιον", "μη μου γράφετε"),
}


@pytest.mark.parametrize("language", TALKS)
async def test_a_talk_goes_its_way_in_every_language(client: Rasa, language: str) -> None:
    post, no_number, person, stop = TALKS[language]
    yes, no = words_in(language).question("confirmed", "order_missing", {}).answers[:2]
    complete = result_of(await triage(client, [post], yes, no_number, language=language))
    assert (complete.intent, complete.reason) == ("order_missing", "complete")
    assert "order number: not known" in complete.summary
    denied = await triage(client, [post], no, language=language)
    assert denied[-1].answers[-1].text == words_in(language).question("problem", None, {}).ask
    assert result_of(await triage(client, [post], person, language=language)).reason == "asked"
    assert result_of(await triage(client, [post], stop, language=language)).outcome == "stop"


@pytest.mark.parametrize("language", TALKS)
async def test_not_understood_is_said_in_the_language_too(client: Rasa, language: str) -> None:
    words = words_in(language)
    turns = await triage(client, ["@northwind hmm"], "blorp flumsch", "tralala bumm", language=language)
    assert [answer.text for answer in turns[1].answers] == [
        words.not_understood,
        words.question("problem", None, {}).ask,
    ]
    assert result_of(turns).reason == "unsure"


async def test_a_talk_goes_on_in_another_language(client: Rasa) -> None:
    turns = await triage(client, ["I was charged twice"])
    turn = await client.converse("a-talk", speaking("el", turns[-1].events), "ναι")
    assert turn.answers[-1].text == words_in("el").question("order_number", None, {}).ask
    turn = await client.converse("a-talk", turn.events, "NW-20418")
    assert turn.answers[-1].text == words_in("el").last_word("hand_off", "complete")
