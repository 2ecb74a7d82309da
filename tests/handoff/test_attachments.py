"""Which files are taken, under which name, and when they are gone again."""

import io
import zipfile

import pytest
from sqlalchemy import func, select

from bot import forget, gather
from handoff import attachment_errors as errors
from handoff import attachments, cases, threads
from handoff.attachments import MB, Attachment, File
from handoff.database import Database
from handoff.models import Agent, Message
from tests.files import EXECUTABLE, GIF, JPEG, MP3, MP4, OGG, PDF, PNG, WEBP
from tests.handoff.web.story import handed_off


def archive() -> bytes:
    with zipfile.ZipFile(written := io.BytesIO(), "w") as file:
        file.writestr("[Content_Types].xml", "<Types/>")
    return written.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, "image/png"),
        (JPEG, "image/jpeg"),
        (GIF, "image/gif"),
        (WEBP, "image/webp"),
        (PDF, "application/pdf"),
        (MP3, "audio/mpeg"),
        (MP4, "video/mp4"),
        (OGG, "application/ogg"),
        ("Größe: 42\n".encode(), "text/plain"),
    ],
)
def test_a_file_is_what_is_in_it(content: bytes, kind: str) -> None:
    assert attachments.kind_of(content) == kind


@pytest.mark.parametrize(
    "content",
    [
        EXECUTABLE,
        b"\x7fELF\x02\x01\x01" + bytes(40),
        b"#!/bin/sh\nrm -rf /\n",
        b"<!doctype html><script>alert(1)</script>",
        b"\n <svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"Hello <script>alert(1)</script>",
        b"<?xml version='1.0'?><a/>",
        b"%!PS-Adobe",
        archive(),
        b"\x1f\x8b\x08\x00" + bytes(20),
        EXECUTABLE + PNG,
        EXECUTABLE + b"\xff\xd9",
        b"\x00\x01\x02",
    ],
)
@pytest.mark.parametrize("name", ["receipt.png", "receipt.txt"])
def test_what_runs_holds_other_files_or_is_a_page_is_refused_whatever_it_is_called(content: bytes, name: str) -> None:
    with pytest.raises(errors.NotTaken) as refusal:
        attachments.checked(File(name, content), 10 * MB)
    assert name in refusal.value.sentence
    assert "PDF" in refusal.value.sentence


def test_a_file_is_too_large_from_the_first_byte_on_that_is_too_much() -> None:
    attachments.checked(File("a.png", PNG.ljust(10 * MB, b"\0")), 10 * MB)
    with pytest.raises(errors.TooLarge) as refusal:
        attachments.checked(File("a.png", PNG.ljust(10 * MB + 1, b"\0")), 10 * MB)
    assert "10 MB" in refusal.value.sentence


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(errors.Empty):
        attachments.checked(File("a.png", b""), MB)


@pytest.mark.parametrize(
    ("name", "content", "shown"),
    [
        ("../../etc/passwd", b"words", "passwd.txt"),
        ("C:\\fakepath\\Receipt 1.PNG", PNG, "Receipt 1.PNG"),
        ("receipt\u202egnp.exe", PNG, "receiptgnp.exe.png"),
        ("a\r\nb\x00.pdf", PDF, "ab.pdf"),
        ("setup.bat", b"@echo off", "setup.bat.txt"),
        ("", PNG, "file.png"),
        ("...", PNG, "file.png"),
        ("Τιμολόγιο.pdf", PDF, "Τιμολόγιο.pdf"),
        ("x" * 500 + ".pdf", PDF, "x" * 116 + ".pdf"),
    ],
)
def test_a_name_is_shown_without_tricks_and_with_a_true_ending(name: str, content: bytes, shown: str) -> None:
    assert attachments.checked(File(name, content), MB)[0] == shown


def test_a_file_is_handed_out_so_that_it_can_do_nothing() -> None:
    picture = attachments.headers(Attachment(name='a"b\n.png', type="image/png"))
    assert picture["Content-Disposition"] == "inline; filename*=UTF-8''a%22b%0A.png"
    assert picture["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert picture["X-Content-Type-Options"] == "nosniff"
    assert picture["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "no-store" in picture["Cache-Control"]
    for kind in set(attachments.ENDINGS) - attachments.PICTURES:
        assert attachments.headers(Attachment(name="a", type=kind))["Content-Disposition"].startswith("attachment")


async def kept(database: Database) -> int:
    async with database.reading() as session:
        return await session.scalar(select(func.count(Attachment.id))) or 0


async def sent_a_file(database: Database, thread_id: int) -> int:
    """The customer's line with a picture; the id of the message."""
    async with database.transaction("test.file") as session:
        thread = await threads.locked(session, thread_id)
        message = await threads.append(session, thread, "chat", "customer", "see", external_id=f"line-{thread_id}")
        assert message is not None
        await attachments.add(session, message, [File("a.png", PNG)], MB)
    return message.id


async def test_a_file_goes_with_the_message_it_belongs_to(database: Database) -> None:
    thread_id = await handed_off(database)
    message_id = await sent_a_file(database, thread_id)
    assert await kept(database) == 1
    async with database.transaction("test.bury") as session:
        gather.bury(await session.get_one(Message, message_id))
    assert await kept(database) == 0


async def test_a_file_goes_with_the_thread_when_it_was_kept_long_enough(database: Database) -> None:
    thread_id = await handed_off(database)
    await sent_a_file(database, thread_id)
    async with database.transaction("test.end") as session:
        thread = await threads.locked(session, thread_id)
        await cases.end(session, thread, "closed")
    async with database.transaction("test.forget") as session:
        zero = func.make_interval()
        assert await forget.chats(session, zero, zero) == 1  # type: ignore[arg-type]
    assert await kept(database) == 0


async def test_a_file_and_what_an_agent_began_to_attach_go_when_the_customer_wants_it(database: Database) -> None:
    thread_id = await handed_off(database)
    await sent_a_file(database, thread_id)
    async with database.transaction("test.begin") as session:
        agent = Agent(email="ana@northwind.example", name="Ana", password_hash="-")
        session.add(agent)
        await session.flush()
        await attachments.begin(session, thread_id, agent, [File("b.pdf", PDF)], MB)
    assert await kept(database) == 2
    async with database.transaction("test.forget") as session:
        thread = (await threads.whole(session, thread_id)) or pytest.fail("there is a thread")
        await forget.person(session, thread.customer.account, "7")
    assert await kept(database) == 0


async def test_a_thread_has_room_for_so_much_and_no_more(database: Database) -> None:
    thread_id = await handed_off(database)
    message_id = await sent_a_file(database, thread_id)
    async with database.transaction("test.fill") as session:
        file = (await session.scalars(select(Attachment).where(Attachment.message_id == message_id))).one()
        file.size = attachments.ROOM
    async with database.transaction("test.more") as session:
        message = await session.get_one(Message, message_id)
        with pytest.raises(errors.NoRoom):
            await attachments.add(session, message, [File("a.png", PNG)], MB)


async def test_at_most_five_files_go_with_a_message(database: Database) -> None:
    thread_id = await handed_off(database)
    message_id = await sent_a_file(database, thread_id)
    async with database.transaction("test.more") as session:
        message = await session.get_one(Message, message_id)
        with pytest.raises(errors.TooMany):
            await attachments.add(session, message, [File(f"{number}.png", PNG) for number in range(6)], MB)
