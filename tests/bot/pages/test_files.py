"""Files in the chat on our own page: sent by the customer, sent by us, and seen by nobody else."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from playwright.async_api import expect
from sqlalchemy import select

from handoff import attachments, cases
from handoff.attachments import MB, Attachment, File
from handoff.models import Agent, Message, Promise
from tests.bot.pages.test_in_chromium import at_work, join, looks_right, open_chat
from tests.bot.pages.world import World, chatting, words
from tests.browser import Browse
from tests.files import EXECUTABLE, PDF, PNG, chosen

NAMES = "field => [...field.files].map(file => file.name)"


async def send(visitor: httpx.AsyncClient, link: str, text: str, *files: tuple[str, bytes]) -> httpx.Response:
    sent = [("files", (name, content)) for name, content in files]
    return await visitor.post(f"{link}/say", data={"text": text, "client_id": "one"}, files=sent)


async def kept(world: World) -> list[Attachment]:
    async with world.database.reading() as session:
        return list(await session.scalars(select(Attachment).order_by(Attachment.id)))


async def agent_sends(world: World, text: str, name: str, content: bytes) -> None:
    """Ana answers with a file."""
    await world.agent_replies("Hello, I am looking.")
    async with world.database.transaction("test") as session:
        ana = (await session.scalars(select(Agent))).one()
        thread_id = (await session.scalars(select(Message.thread_id).where(Message.agent_id == ana.id))).first() or 0
        await attachments.begin(session, thread_id, ana, [File(name, content)], MB)
        files = [one.id for one in await attachments.begun(session, thread_id, ana)]
        await cases.reply(session, thread_id, ana, text, client_id="with-a-file", seen_seq=999, files=files)


async def test_files_go_with_a_message_and_are_there_for_their_author_alone(world: World) -> None:
    mara, link = await chatting(world)
    chat = await send(mara, link, "It arrived like this", ("broken.png", PNG), ("invoice.pdf", PDF))
    assert chat.status_code == 200
    picture, invoice = await kept(world)
    assert f'src="{link}/files/{picture.id}"' in chat.text
    assert "invoice.pdf 1 kB" in words(chat.text)
    answer = await mara.get(f"{link}/files/{picture.id}")
    assert (answer.content, answer.headers["content-type"]) == (PNG, "image/png")
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "no-store" in answer.headers["cache-control"]
    assert (await mara.get(f"{link}/files/{invoice.id}")).headers["content-disposition"].startswith("attachment")


async def test_a_stranger_with_the_link_gets_the_same_neutral_answer_as_for_the_chat(world: World) -> None:
    mara, link = await chatting(world)
    await send(mara, link, "", ("broken.png", PNG))
    (file,) = await kept(world)
    noor, hers = await chatting(world, "Noor")
    for visitor in (noor, world.visitor()):
        answer = await visitor.get(f"{link}/files/{file.id}")
        assert (answer.status_code, b"PNG" in answer.content) == (403, False)
        assert (await send(visitor, link, "Let me in", ("a.png", PNG))).status_code == 403
    assert (await noor.get(f"{hers}/files/{file.id}")).status_code == 404
    assert (await world.visitor().get(f"/h/{'x' * 22}/files/{file.id}")).status_code == 404
    assert len(await kept(world)) == 1


async def test_a_message_may_be_a_file_alone(world: World) -> None:
    mara, link = await chatting(world)
    assert "[broken.png]" in words((await send(mara, link, "", ("broken.png", PNG))).text)
    assert "Write something first." in words((await send(mara, link, "")).text)


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("holiday.png", EXECUTABLE, "is not a file of a kind that is taken"),
        ("page.html", b"<!doctype html><script>alert(1)</script>", "is not a file of a kind that is taken"),
        ("large.png", PNG.ljust(10 * MB + 1, b"\0"), "is too large. A file has 10 MB at most."),
        ("empty.pdf", b"", "is empty"),
    ],
)
async def test_what_is_not_taken_is_said_and_the_words_stay(world: World, name: str, content: bytes, why: str) -> None:
    mara, link = await chatting(world)
    answer = await send(mara, link, "I wrote this", ("a.png", PNG), (name, content))
    assert (answer.status_code, f"“{name}” {why}" in words(answer.text)) == (422, True)
    assert re.search(r"<textarea[^>]*>I wrote this</textarea>", answer.text)
    assert await kept(world) == [], "all of them, or none"


async def test_more_than_five_files_or_more_than_there_is_room_for_are_refused(world: World) -> None:
    mara, link = await chatting(world)
    answer = await send(mara, link, "Look", *[(f"{number}.png", PNG) for number in range(6)])
    assert (answer.status_code, "At most 5 files" in words(answer.text)) == (422, True)
    await send(mara, link, "Look", ("a.png", PNG))
    async with world.database.transaction("test") as session:
        (await session.scalars(select(Attachment))).one().size = attachments.ROOM
    again = [("files", ("b.png", PNG))]
    answer = await mara.post(f"{link}/say", data={"text": "Look", "client_id": "two"}, files=again)
    assert (answer.status_code, "There is no room for more files" in words(answer.text)) == (422, True)


async def test_the_same_files_sent_twice_are_there_once(world: World) -> None:
    mara, link = await chatting(world)
    for _ in range(2):
        await send(mara, link, "Look", ("a.png", PNG))
    assert len(await kept(world)) == 1


async def test_of_a_stranger_nothing_is_read(world: World) -> None:
    _, link = await chatting(world)
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
        while read < 200 * MB:
            read += MB
            yield bytes(MB)

    form = {"Content-Type": "multipart/form-data; boundary=x"}
    assert (await world.visitor().post(f"{link}/say", content=endless(), headers=form)).status_code == 403
    assert read <= MB


async def test_what_we_send_is_there_once_it_was_delivered_and_the_transcript_names_it(world: World) -> None:
    mara, link = await chatting(world)
    await agent_sends(world, "Your label", "label.pdf", PDF)
    (file,) = await kept(world)
    assert (await mara.get(f"{link}/files/{file.id}")).status_code == 404
    await world.work()
    assert "label.pdf" in (await mara.get(link)).text
    assert (await mara.get(f"{link}/files/{file.id}")).content == PDF
    assert "File: label.pdf (1 kB)" in (await mara.get(f"{link}/yours/transcript.txt")).text
    told = (await mara.get(f"{link}/yours/transcript.json")).json()["messages"]
    assert told[-1]["files"] == [{"name": "label.pdf", "type": "application/pdf", "size": len(PDF)}]


async def test_delete_me_deletes_files(world: World) -> None:
    mara, link = await chatting(world)
    await send(mara, link, "Look", ("a.png", PNG))
    (file,) = await kept(world)
    await mara.post(f"{link}/yours/delete")
    assert await kept(world) == []
    assert (await mara.get(f"{link}/files/{file.id}")).status_code == 410


async def test_a_file_is_sent_in_the_browser_and_a_refused_one_is_dropped_while_its_words_stay(
    world: World, browse: Browse
) -> None:
    async with at_work(world, browse) as (origin, phone):
        page = await join(await phone(), origin, "Mara")
        await open_chat(page)
        field, chooser = page.get_by_label("Your message"), page.get_by_label("Attach files")
        await field.fill("It arrived like this")
        await chooser.set_input_files(chosen("run.png", EXECUTABLE))
        await page.get_by_role("button", name="Send", exact=True).click()
        await expect(page.get_by_role("alert")).to_contain_text("is not a file of a kind that is taken")
        await expect(field).to_have_value("It arrived like this")
        assert await chooser.evaluate(NAMES) == []
        await chooser.set_input_files([chosen("run.png", EXECUTABLE), chosen("fine.png", PNG)])
        await page.get_by_role("button", name="Send", exact=True).click()
        await expect(page.get_by_role("alert")).to_contain_text("run.png")
        await expect(chooser).to_have_value(re.compile("fine.png"))
        assert await chooser.evaluate(NAMES) == ["fine.png"], "only the refused one is dropped"
        await chooser.set_input_files(chosen("large.png", PNG.ljust(10 * MB + 1, b"\0")))
        await page.get_by_role("button", name="Send", exact=True).click()
        await expect(page.get_by_role("alert")).to_contain_text("A file has 10 MB at most.")
        assert await chooser.evaluate(NAMES) == []
        await chooser.set_input_files(chosen("broken.png", PNG))
        await page.get_by_role("button", name="Send", exact=True).click()
        shown = page.get_by_role("log").get_by_role("img", name="broken.png")
        await expect(shown).to_be_visible()
        assert await shown.evaluate("image => image.decode().then(() => image.naturalWidth)") == 8
        await expect(field).to_have_value("")
        await expect(page.get_by_role("alert")).to_have_count(0)
        await agent_sends(world, "Your label", "label.pdf", PDF)
        await expect(page.get_by_role("log").get_by_role("link", name="label.pdf")).to_be_visible()
        await expect(page.get_by_text("It arrived like this")).to_have_count(1)
        await looks_right(page)


async def test_no_file_holds_up_a_stop(world: World) -> None:
    mara, link = await chatting(world)
    answer = await send(mara, link, "STOP", ("run.exe", EXECUTABLE))
    assert answer.status_code == 200
    async with world.database.reading() as session:
        assert await session.scalar(select(Promise.stopped_at)) is not None
    assert await kept(world) == []
