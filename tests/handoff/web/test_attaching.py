"""Agents attach files and see those of customers; a file does nothing but be looked at, and by nobody else."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

import httpx
import pytest
from playwright.async_api import expect
from sqlalchemy import func, select

from handoff import attachments, threads
from handoff.attachments import MB, Attachment, File
from handoff.database import Database
from handoff.models import Message
from tests.browser import Browse, axe
from tests.cast import JOSE, LENA
from tests.files import EXECUTABLE, PDF, PNG, chosen
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.desk import desk, said
from tests.handoff.web.story import Story, handed_off


async def attach(
    visitor: httpx.AsyncClient, thread_id: int, *files: tuple[str, bytes], text: str = ""
) -> httpx.Response:
    sent = [("attach", (name, content)) for name, content in files]
    return await visitor.post(f"/inbox/{thread_id}/files", files=sent, data={"text": text, "mode": "reply"})


async def begun(database: Database) -> list[int]:
    async with database.reading() as session:
        return list(await session.scalars(select(Attachment.id).where(Attachment.agent_id.is_not(None))))


async def reply(visitor: httpx.AsyncClient, thread_id: int, text: str, files: list[int], **more: str) -> httpx.Response:
    form = {"client_id": "client-id-1", "seen_seq": "99", "text": text, "file": [str(file) for file in files], **more}
    return await visitor.post(f"/inbox/{thread_id}/reply", data=form)


async def customers_picture(database: Database, thread_id: int, name: str = "broken.png") -> int:
    """A picture that the customer sent."""
    async with database.transaction("test.picture") as session:
        thread = await threads.locked(session, thread_id)
        message = await threads.append(session, thread, "chat", "customer", "It arrived like this")
        assert message is not None
        await attachments.add(session, message, [File(name, PNG)])
        return (await session.scalars(select(Attachment.id).where(Attachment.message_id == message.id))).one()


async def test_files_wait_beside_the_reply_and_go_with_it(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    answer = await attach(ben, thread_id, ("label.pdf", PDF), ("map.png", PNG), text="Here is")
    assert answer.status_code == 303
    page = (await ben.get(f"/inbox/{thread_id}")).text
    assert all(words in page for words in ("label.pdf", "map.png", "Here is"))
    files = await begun(inbox.database)
    assert (await reply(ben, thread_id, "Here is the label.", files)).status_code == 303
    assert await begun(inbox.database) == []
    (message,) = await said(inbox, "Here is the label.")
    async with inbox.database.reading() as session:
        assert len((await attachments.of(session, [message]))[message.id]) == 2


async def test_a_file_is_removed_before_it_is_sent_and_the_words_stay(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    await attach(ben, thread_id, ("label.pdf", PDF))
    (file,) = await begun(inbox.database)
    form = {"text": "Half a sen", "mode": "reply"}
    assert (await ben.post(f"/inbox/{thread_id}/files/{file}/remove", data=form)).status_code == 303
    assert await begun(inbox.database) == []
    assert "Half a sen" in (await ben.get(f"/inbox/{thread_id}")).text


async def test_what_was_chosen_and_not_attached_does_not_stay_behind(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    answer = await reply(ben, thread_id, "Here it is.", [], attach="label.pdf")
    assert (answer.status_code, "Press Attach" in answer.text, "Here it is." in answer.text) == (422, True, True)
    assert await said(inbox, "Here it is.") == []


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("holiday.png", EXECUTABLE, "is not a file of a kind that is taken"),
        ("page.txt", b"<html><script>alert(1)</script>", "is not a file of a kind that is taken"),
        ("large.png", PNG.ljust(10 * MB + 1, b"\0"), "A file has 10 MB at most"),
        ("empty.txt", b"", "is empty"),
    ],
)
async def test_what_is_not_taken_is_said_and_the_words_stay(
    inbox: Inbox, ben: httpx.AsyncClient, name: str, content: bytes, why: str
) -> None:
    thread_id = await handed_off(inbox.database)
    answer = await attach(ben, thread_id, ("label.pdf", PDF), (name, content), text="I wrote this")
    assert (answer.status_code, why in answer.text, name in answer.text) == (422, True, True)
    assert "I wrote this" in answer.text
    assert await begun(inbox.database) == [], "all of them, or none"


async def test_a_file_of_ten_megabytes_is_taken(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    assert (await attach(ben, thread_id, ("large.png", PNG.ljust(10 * MB, b"\0")))).status_code == 303
    (file,) = await begun(inbox.database)
    assert len((await ben.get(f"/inbox/{thread_id}/files/{file}")).content) == 10 * MB


async def test_more_than_five_files_with_one_reply_are_refused(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    answer = await attach(ben, thread_id, *[(f"{number}.png", PNG) for number in range(6)])
    assert (answer.status_code, "At most 5 files" in answer.text) == (422, True)


async def test_files_taken_back_beside_new_ones_are_too_many_and_the_words_stay(
    inbox: Inbox, ben: httpx.AsyncClient
) -> None:
    thread_id, five = await handed_off(inbox.database), [(f"{number}.png", PNG) for number in range(5)]
    await attach(ben, thread_id, *five)
    await reply(ben, thread_id, "The first five", await begun(inbox.database))
    await attach(ben, thread_id, *five)
    async with inbox.database.reading() as session:
        said_id = await session.scalar(select(Message.id).where(Message.text == "The first five"))
    await ben.post(f"/inbox/{thread_id}/messages/{said_id}/undo")
    answer = await reply(ben, thread_id, "All ten of them", await begun(inbox.database), client_id="client-id-2")
    assert (answer.status_code, "At most 5 files" in answer.text) == (422, True)
    assert "All ten of them" in answer.text


async def test_a_body_that_is_too_much_is_not_read_to_its_end(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        yield b'--x\r\nContent-Disposition: form-data; name="attach"; filename="a.png"\r\n\r\n'
        while read < 200 * MB:
            read += MB
            yield bytes(MB)

    form = {"Content-Type": "multipart/form-data; boundary=x"}
    assert (await ben.post(f"/inbox/{thread_id}/files", content=endless(), headers=form)).status_code == 413
    assert read < 60 * MB
    read = 0
    plain = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await ben.post(f"/inbox/{thread_id}/files", content=endless(), headers=plain)).status_code == 413
    assert read <= MB
    read = 0
    nobody = await inbox.visitor()
    assert (await nobody.post(f"/inbox/{thread_id}/files", content=endless(), headers=form)).status_code == 303
    assert read <= MB, "of somebody who is not signed in nothing is read"


async def test_a_file_can_do_nothing_in_the_browser(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    file = await customers_picture(inbox.database, thread_id)
    answer = await ben.get(f"/inbox/{thread_id}/files/{file}")
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, PNG, "image/png")
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["content-disposition"].startswith("inline")
    assert "no-store" in answer.headers["cache-control"]


async def test_a_file_belongs_to_its_thread_and_a_begun_one_to_its_agent(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    elsewhere = await handed_off(inbox.database, Story(author=JOSE))
    picture = await customers_picture(inbox.database, thread_id)
    assert (await ben.get(f"/inbox/{elsewhere}/files/{picture}")).status_code == 404
    await attach(ben, thread_id, ("label.pdf", PDF))
    (file,) = await begun(inbox.database)
    lena = await inbox.visitor(LENA)
    assert (await lena.get(f"/inbox/{thread_id}/files/{picture}")).status_code == 200
    assert (await lena.get(f"/inbox/{thread_id}/files/{file}")).status_code == 404
    await lena.post(f"/inbox/{thread_id}/files/{file}/remove")
    assert await begun(inbox.database) == [file]
    answer = await reply(lena, thread_id, "Take Ben's file", [file])
    assert (answer.status_code, "A file of your reply is gone" in answer.text) == (422, True)


async def test_a_name_is_only_text(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    await customers_picture(inbox.database, thread_id, "<script>alert(1)<b>\u202egnp.exe")
    page = (await ben.get(f"/inbox/{thread_id}")).text
    assert "<script>alert" not in page
    assert "\u202e" not in page


async def test_a_list_never_reads_what_is_in_files(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    await customers_picture(inbox.database, thread_id)
    async with inbox.database.reading() as session:
        file = (await session.scalars(select(Attachment))).one()
        assert "content" not in vars(file)


async def test_files_are_attached_seen_removed_and_sent_in_the_browser(
    inbox: Inbox, url: str, browse: Browse, tmp_path: Path
) -> None:
    thread_id = await handed_off(inbox.database)
    await customers_picture(inbox.database, thread_id)
    page = await desk(inbox, url, browse, f"/inbox/{thread_id}")
    await expect(page.locator("#team .file img")).to_be_visible()
    assert await page.locator("#team .file img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 8
    await page.get_by_label("Your text").fill("The label, as promised")
    await page.get_by_label("Attach files").set_input_files([chosen("label.pdf", PDF), chosen("map.png", PNG)])
    await expect(page.locator("#files li")).to_have_count(2)
    await axe(page)
    await page.get_by_role("button", name="Remove map.png").click()
    await expect(page.locator("#files li")).to_have_count(1)
    await expect(page.get_by_label("Your text")).to_have_value("The label, as promised")
    await page.get_by_label("Your text").press("Control+Enter")
    await expect(page.locator("#team .file").get_by_text("label.pdf")).to_be_visible()
    await expect(page.locator("#files li")).to_have_count(0)


async def test_a_refused_file_is_said_where_one_looks_and_the_words_stay(
    inbox: Inbox, url: str, browse: Browse
) -> None:
    thread_id = await handed_off(inbox.database)
    page = await desk(inbox, url, browse, f"/inbox/{thread_id}")
    await page.get_by_label("Your text").fill("See the picture")
    field = page.get_by_label("Attach files")
    await field.set_input_files(chosen("holiday.png", EXECUTABLE))
    await expect(page.get_by_role("alert")).to_contain_text("is not a file of a kind that is taken")
    await field.set_input_files(chosen("large.png", PNG.ljust(10 * MB + 1, b"\0")))
    await expect(page.get_by_role("alert")).to_contain_text("A file has 10 MB at most")
    await expect(page.get_by_label("Your text")).to_have_value("See the picture")
    assert await begun(inbox.database) == []


async def test_a_picture_is_pasted_and_dropped(inbox: Inbox, url: str, browse: Browse) -> None:
    thread_id = await handed_off(inbox.database)
    page = await desk(inbox, url, browse, f"/inbox/{thread_id}")
    event = """([kind, where, bytes]) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(bytes)], `${kind}.png`, { type: "image/png" }));
        const more = kind === "paste" ? { clipboardData: data } : { dataTransfer: data };
        const made = kind === "paste" ? new ClipboardEvent(kind, { bubbles: true, cancelable: true, ...more })
            : new DragEvent(kind, { bubbles: true, cancelable: true, ...more });
        document.querySelector(where).dispatchEvent(made);
    }"""
    await page.evaluate(event, ["paste", "#text", list(PNG)])
    await expect(page.locator("#files li")).to_have_count(1)
    await page.evaluate(event, ["drop", "#log", list(PNG)])
    await expect(page.locator("#files li")).to_have_count(2)
    await page.reload()
    await expect(page.locator("#files")).to_contain_text("paste.png")


async def test_a_reply_of_files_alone_is_sent_once_however_often(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    await attach(ben, thread_id, ("label.pdf", PDF))
    files = await begun(inbox.database)
    for _ in range(2):
        assert (await reply(ben, thread_id, "", files)).status_code == 303
    async with inbox.database.reading() as session:
        sent = select(func.count(Message.id)).where(Message.by == "agent", Message.kind == "chat")
        assert await session.scalar(sent) == 1
    page = (await ben.get(f"/inbox/{thread_id}")).text
    assert re.search(r"download>.*label.pdf", page, re.DOTALL)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
async def test_files_can_be_used_by_everybody(
    inbox: Inbox, url: str, browse: Browse, scheme: Literal["light", "dark"], width: int
) -> None:
    thread_id = await handed_off(inbox.database)
    await customers_picture(inbox.database, thread_id)
    async with inbox.database.transaction("test.trouble") as session:
        message = (await session.scalars(select(Message).order_by(Message.id.desc()))).first()
        assert message is not None
        for name, trouble in (("moving.mp4", "too large to show"), ("voice.ogg", None)):
            attachments.expect(session, message, name, "source", 1)
            await session.flush()
            newest = (await session.scalars(select(Attachment).order_by(Attachment.id.desc()))).first()
            assert newest is not None
            newest.trouble = trouble
    page = await desk(
        inbox, url, browse, f"/inbox/{thread_id}", viewport={"width": width, "height": 900}, color_scheme=scheme
    )
    await expect(page.get_by_text("moving.mp4: too large to show")).to_be_visible()
    await expect(page.get_by_text("voice.ogg is on its way")).to_be_visible()
    many = [chosen(f"a label with a long name {number}.pdf", PDF) for number in range(5)]
    await page.get_by_label("Attach files").set_input_files(many)
    await expect(page.locator("#files li")).to_have_count(5)
    await axe(page)
    assert await page.evaluate("() => document.documentElement.scrollWidth") <= width


async def test_a_form_in_no_encoding_that_there_is_gets_a_sentence(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    for charset in ("undefined", "punycode", "nothing-like-it"):
        kind = {"Content-Type": f"multipart/form-data; boundary=x; charset={charset}"}
        body = b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n\xff\xfe\r\n--x--\r\n'
        answer = await ben.post(f"/inbox/{thread_id}/files", content=body, headers=kind)
        assert answer.status_code in (303, 400, 422), charset
