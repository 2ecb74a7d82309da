"""A customer in each of the five languages, from the post to the case; and one who changes the language in between."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from actions.words import words_in
from bot.say import say
from handoff.database import Database
from handoff.models import Case, Thread
from nlu.detector import Detector
from nlu.language import LANGUAGES
from tests.rasa_server import RasaServer
from tests.stories import OnSquare, Story, browser, knock_at_work, until

POSTS = {
    "en": "@northwind_help you charged me twice for the same order, can somebody help me please?",
    "es": "@northwind_help me habéis cobrado dos veces, ¿me podéis ayudar por favor?",
    "de": "@northwind_help ihr habt mir dieselbe Bestellung doppelt abgebucht, kann mir bitte jemand helfen?",
    "fr": "@northwind_help vous m'avez débité deux fois pour la même commande, quelqu'un peut m'aider svp ?",
    "el": "@northwind_help με χρεώσατε δύο φορές για την ίδια παραγγελία, μπορεί κάποιος να βοηθήσει;",
}


@pytest.fixture
async def story(database: Database, rasa: RasaServer, detector: Detector) -> AsyncIterator[Story]:
    async with rasa.client() as client, knock_at_work(database, client, detector) as story:
        yield story


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_customer_is_triaged_in_their_language(story: Story, language: str) -> None:
    mara, words = OnSquare(browser(story), "Mara"), words_in(language)
    question = words.question("confirmed", "charged_wrongly", {})
    await mara.complain(POSTS[language])
    await until(mara.offers)
    await mara.accept()
    await hears(mara, question.ask)
    await mara.say(question.answers[0])
    await hears(mara, words.question("order_number", None, {}).ask)
    await mara.say("NW-20418")
    await hears(mara, say("in_line", language, place=1))

    case, thread = await until(lambda: the_case(story))
    assert (thread.language, case.intent, case.found["order_number"]) == (language, "charged_wrongly", "NW-20418")
    assert words.last_word("hand_off", "complete") in (await mara.heard())[-2]


async def test_who_goes_on_in_another_language_is_answered_in_it(story: Story) -> None:
    mara, german = OnSquare(browser(story), "Mara"), words_in("de")
    await mara.complain(POSTS["en"])
    await until(mara.offers)
    await mara.accept()
    await hears(mara, words_in("en").question("confirmed", "charged_wrongly", {}).ask)
    await mara.say("nein, ich will mein geld zurück für die schuhe")
    await hears(mara, german.question("order_number", None, {}).ask)
    await mara.say("ok: NW-20418")
    await hears(mara, say("in_line", "de", place=1))
    case, thread = await until(lambda: the_case(story))
    assert (thread.language, case.intent) == ("de", "refund")


async def hears(customer: OnSquare, words: str) -> None:
    """Wait until the newest thing that the customer heard has these words in it."""

    async def heard() -> bool:
        lines = await customer.heard()
        return bool(lines) and words in lines[-1]

    await until(heard)


async def the_case(story: Story) -> tuple[Case, Thread] | None:
    """The one case and its thread."""
    async with story.database.reading() as session:
        found = (await session.execute(select(Case, Thread).join(Case.thread))).one_or_none()
        return (found[0], found[1]) if found else None
