"""The whole path of a customer whose browser runs no scripts."""

from tests.bot.pages.world import COMPLAINT, World, chatting, hidden, offered, post, words


async def test_a_complaint_becomes_a_case_and_is_answered_without_any_script(world: World) -> None:
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


async def test_a_note_of_the_team_is_on_no_page_of_the_customer(world: World) -> None:
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
