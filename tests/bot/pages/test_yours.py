"""The customer's own page: how it stands, five consents, what to take along, the end, and being deleted."""

import re

import httpx
import pytest
from sqlalchemy import select, text

from handoff import cases
from handoff.models import Agent
from tests.bot.doorstep import Doorstep
from tests.bot.pages.world import World, chatting, hidden, offered, words
from tests.cast import MARA, TROLL


async def press(visitor: httpx.AsyncClient, link: str, purpose: str, given: str, **more: str) -> httpx.Response:
    """Turn a switch as its form does."""
    page = (await visitor.get(f"{link}/yours")).text
    form = page[page.index(f'name="purpose" value="{purpose}"') :]
    fields = {name: hidden(form, name) for name in ("language", "version")}
    return await visitor.post(f"{link}/yours/consent", data={"purpose": purpose, "given": given} | fields | more)


async def value(world: World, query: str) -> object:
    """The first value of a query."""
    async with world.database.reading() as session:
        found: object = (await session.execute(text(query))).scalar()
        return found


async def close(world: World) -> None:
    """Ana, who replied, closes the case."""
    async with world.database.transaction("test") as session:
        await cases.close(session, 1, (await session.scalars(select(Agent))).one())


async def test_the_page_says_in_one_sentence_how_it_stands(world: World) -> None:
    mara, link = await chatting(world)
    assert "A person will answer here; you are number 1 in line." in words((await mara.get(f"{link}/yours")).text)
    await world.agent_replies("I am on it")
    await world.work()
    assert "Ana from Northwind has your chat." in words((await mara.get(f"{link}/yours")).text)
    await mara.post(f"{link}/yours/end")
    assert "This chat has ended. Write, and it goes on." in words((await mara.get(f"{link}/yours")).text)
    await mara.post(link.replace("/h/", "/stop/"))
    assert "You said STOP, so Northwind will not write to you again." in words((await mara.get(f"{link}/yours")).text)


@pytest.mark.parametrize(
    "path", ["", "/transcript.txt", "/transcript.json", "/receipts.txt", "/receipts.json", "/delete"]
)
async def test_nobody_but_the_author_sees_anything_of_the_page(world: World, path: str) -> None:
    _, link = await chatting(world)
    stranger = await world.member("Trouble")
    neutral = (await stranger.get(link)).text
    answer = await stranger.get(f"{link}/yours{path}")
    assert answer.status_code == 403
    assert answer.text == neutral
    assert "parcel" not in answer.text
    assert (await stranger.get(f"/h/no-such-link/yours{path}")).status_code == 404


@pytest.mark.parametrize("path", ["/consent", "/end", "/solved", "/delete"])
async def test_nobody_but_the_author_changes_anything(world: World, path: str) -> None:
    _, link = await chatting(world)
    stranger = await world.member("Trouble")
    data = {"purpose": "talk", "given": "no", "answer": "no", "never": "yes"}
    assert (await stranger.post(f"{link}/yours{path}", data=data)).status_code == 403
    assert await value(world, "SELECT count(*) FROM threads WHERE ended_at IS NULL") == 1
    assert await value(world, "SELECT count(*) FROM receipts") == 1


async def test_who_has_not_said_yes_yet_is_sent_to_the_offer(world: World) -> None:
    mara, link = await offered(world)
    page = await mara.get(f"{link}/yours")
    assert page.url.path == link
    assert "Chat here now" in page.text


async def test_looking_changes_nothing(world: World) -> None:
    mara, link = await chatting(world)
    before = await value(world, "SELECT (count(*), max(id)) FROM messages")
    for path in ("", "/delete", "/transcript.txt", "/receipts.json"):
        for _ in range(2):
            assert (await mara.get(f"{link}/yours{path}")).status_code == 200
        assert (await mara.head(f"{link}/yours")).status_code == 200
    assert await value(world, "SELECT (count(*), max(id)) FROM messages") == before
    assert await value(world, "SELECT count(*) FROM receipts") == 1


async def test_only_talk_is_on_at_first(world: World) -> None:
    mara, link = await chatting(world)
    page = (await mara.get(f"{link}/yours")).text
    assert page.count(">I agree<") == 4
    assert page.count(">Take it back<") == 1
    assert "may match this account with my customer record" in page


async def test_a_switch_is_turned_and_its_history_is_shown(world: World) -> None:
    mara, link = await chatting(world)
    turned = await press(mara, link, "keep", "yes")
    assert turned.status_code == 200
    await press(mara, link, "keep", "yes")
    assert await value(world, "SELECT count(*) FROM receipts WHERE purpose = 'keep'") == 1
    await press(mara, link, "keep", "no")
    page = words((await mara.get(f"{link}/yours")).text)
    assert page.count("You agreed on") == 2
    assert page.count("You took it back on") == 1


async def test_the_language_that_was_read_is_the_one_that_is_kept(world: World) -> None:
    mara, link = await chatting(world)
    page = (await mara.get(f"{link}/yours?lang=de")).text
    form = page[page.index('name="purpose" value="training"') :]
    assert hidden(form, "language") == "de"
    await press(mara, link, "training", "yes", language="de")
    assert "ohne meinen Namen" in str(await value(world, "SELECT wording FROM receipts WHERE purpose = 'training'"))
    assert 'lang="de"' in (await mara.get(f"{link}/yours?lang=en")).text


async def test_a_language_that_was_chosen_stays(world: World) -> None:
    mara, link = await chatting(world)
    page = await mara.get(f"{link}/yours?lang=fr")
    form = re.findall(r'action="([^"]+/yours/consent[^"]*)"', page.text)[0]
    turned = await mara.post(form, data={"purpose": "keep", "given": "no"})
    assert turned.url.query == b"lang=fr"
    assert '<html lang="fr"' in turned.text


async def test_who_comes_back_after_a_stop_reads_what_they_agree_to(world: World) -> None:
    mara, link = await chatting(world)
    await press(mara, link, "talk", "no")
    for where in (link, f"{link}/yours"):
        page = (await mara.get(where + "?lang=es")).text
        assert "Chatearás en privado" in page
    await mara.post(f"{link}/again?lang=es")
    wordings = str(await value(world, "SELECT string_agg(wording, ' | ' ORDER BY id) FROM receipts"))
    assert wordings.count("You will chat in private") == 2
    assert wordings.count("Chatearás en privado") == 1


async def test_words_that_changed_in_between_are_shown_again(world: World) -> None:
    mara, link = await chatting(world)
    answer = await press(mara, link, "link", "yes", version="2020-01")
    assert answer.status_code == 409
    assert "The words have changed since you opened this page" in answer.text
    assert await value(world, "SELECT count(*) FROM receipts") == 1
    wrong = {"purpose": "everything", "given": "yes"}
    assert (await mara.post(f"{link}/yours/consent", data=wrong)).status_code == 404


async def test_taking_talk_back_ends_everything_and_nothing_that_waits_goes_out(world: World) -> None:
    mara, link = await chatting(world)
    await world.agent_replies("Too late")
    await press(mara, link, "talk", "no")
    await world.work()
    page = await mara.get(f"{link}/yours")
    assert "You said STOP" in page.text
    assert "Too late" not in page.text
    assert await value(world, "SELECT delivery FROM messages WHERE text = 'Too late'") == "withheld"


async def test_the_chat_is_ended_and_begins_again_by_writing(world: World) -> None:
    mara, link = await chatting(world)
    await mara.post(f"{link}/yours/end")
    assert await value(world, "SELECT closed_at IS NOT NULL FROM cases") is True
    assert "End the chat" not in (await mara.get(f"{link}/yours")).text
    await mara.post(f"{link}/say", data={"text": "One more thing", "client_id": "again"})
    await world.work()
    assert await value(world, "SELECT count(*) FROM cases WHERE closed_at IS NULL") == 1


@pytest.mark.parametrize("where", ["", "/yours"])
async def test_it_is_asked_whether_it_was_solved(world: World, where: str) -> None:
    mara, link = await chatting(world)
    assert "Was it solved?" not in (await mara.get(link + where)).text
    await world.agent_replies("Done")
    await world.work()
    await close(world)
    assert "Was it solved?" in (await mara.get(link + where)).text
    await mara.post(f"{link}/yours/solved", data={"answer": "yes"})
    assert "You said that it is solved." in (await mara.get(link + where)).text
    assert await value(world, "SELECT solved FROM threads") is True
    answer = await mara.post(f"{link}/yours/solved", data={"answer": "no"})
    await world.work()
    assert answer.url.path == link
    page = (await mara.get(link)).text
    assert "A person from Northwind takes it from here and has everything you wrote." in words(page)
    assert "Was it solved?" not in page
    assert await value(world, "SELECT reason FROM cases ORDER BY id DESC") == "not solved"


async def test_nobody_is_asked_after_a_stop(world: World) -> None:
    mara, link = await chatting(world)
    await mara.post(link.replace("/h/", "/stop/"))
    for where in (link, f"{link}/yours"):
        assert "Was it solved?" not in (await mara.get(where)).text


async def test_on_x_the_author_who_signed_in_has_the_page_and_a_stranger_has_nothing(doorstep: Doorstep) -> None:
    mara, link = await doorstep.chatting(MARA)
    page = await mara.get(f"{link}/yours")
    assert "parcel" in page.text
    troll = doorstep.browser()
    await doorstep.signs_in(troll, link, TROLL)
    refused = await troll.get(f"{link}/yours")
    assert refused.status_code == 403
    assert "parcel" not in refused.text


async def test_who_presses_without_end_is_asked_to_wait(world: World) -> None:
    mara, link = await chatting(world)
    answers = [await mara.post(f"{link}/yours/end", follow_redirects=False) for _ in range(21)]
    assert answers[-1].status_code == 429
    assert "Retry-After" in answers[-1].headers
