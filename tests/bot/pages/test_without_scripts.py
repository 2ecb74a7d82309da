"""The whole path of a customer whose browser runs no scripts."""

import httpx
import pytest

from tests.bot.pages.world import COMPLAINT, World, chatting, hidden, offered, post, words


async def test_k1_a_complaint_becomes_a_case_and_is_answered_without_any_script(world: World) -> None:
    mara, link = await offered(world)

    landing = await mara.get(link)
    assert "Let us sort this out in private" in words(landing.text)
    assert COMPLAINT not in landing.text

    chat = await mara.post(link)
    assert chat.url.path == link
    await world.work()
    chat = await mara.get(link)
    assert COMPLAINT in words(chat.text)
    assert "you are number 1 in line" in words(chat.text)

    said = await mara.post(
        f"{link}/say", data={"text": "Order 4711, please.", "client_id": hidden(chat.text, "client_id")}
    )
    assert said.status_code == 200
    assert said.url.fragment == "end"
    assert "Order 4711, please." in words(said.text)

    await world.agent_replies("Hello Mara, it is on its way.")
    await world.work()
    chat = await mara.get(link)
    assert "Hello Mara, it is on its way." in words(chat.text)
    assert "A person from Northwind is answering you." in words(chat.text)


async def test_i10_a_note_of_the_team_is_on_no_page_of_the_customer(world: World) -> None:
    mara, link = await chatting(world)
    await world.agent_replies("She sounds upset", note=True)
    await world.work()
    for path in (link, f"{link}?all=1", f"{link}?after=1", "/square"):
        assert "She sounds upset" not in (await mara.get(path)).text


async def test_a_reply_is_shown_only_once_it_was_delivered(world: World) -> None:
    mara, link = await chatting(world)
    await world.agent_replies("Not yet out of the door")
    assert "Not yet out of the door" not in (await mara.get(link)).text
    await world.work()
    assert "Not yet out of the door" in (await mara.get(link)).text


async def test_the_same_message_sent_twice_is_said_once(world: World) -> None:
    mara, link = await chatting(world)
    for _ in range(2):
        chat = await mara.post(f"{link}/say", data={"text": "Only once", "client_id": "a"})
    assert chat.text.count("Only once") == 1


async def test_a_topic_sent_twice_is_posted_once(world: World) -> None:
    mara = await world.member("Mara")
    for _ in range(2):
        await mara.post("/square", data={"text": "Hello there", "key": "k"})
    assert (await mara.get("/square")).text.count("Hello there") == 1


async def test_someone_else_answers_in_the_topic_and_sees_no_button(world: World) -> None:
    mara, _ = await offered(world)
    noor = await world.member("Noor")
    await post(noor, "The same here, how odd", "/square/t/1")
    page = await noor.get("/square/t/1")
    assert "The same here, how odd" in words(page.text)
    assert "Only Mara can open this" in words(page.text)
    assert "/h/" not in page.text
    assert "/h/" in (await mara.get("/square/t/1")).text


@pytest.mark.parametrize("number", ["9" * 5000, "-1"])
async def test_a_number_that_no_message_has_leaves_nothing_out(world: World, number: str) -> None:
    mara, link = await chatting(world)
    assert COMPLAINT in words((await mara.get(link, params={"after": number})).text)


async def test_the_page_about_a_mistake_of_ours_is_as_guarded_as_every_other(world: World) -> None:
    async def broken() -> None:
        raise RuntimeError("the secret of the house")

    world.app.add_api_route("/broken", broken)
    transport = httpx.ASGITransport(world.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=world.origin) as visitor:
        answer, other = await visitor.get("/broken"), await visitor.get("/privacy")
    assert answer.status_code == 500
    assert "the secret of the house" not in answer.text
    guards = ("content-security-policy", "referrer-policy", "x-content-type-options", "cache-control")
    assert [answer.headers[name] for name in guards] == [other.headers[name] for name in guards]
