"""Files in the private chat on Telegram: what people send is fetched, what we send arrives once."""

from typing import Any

import pytest

from bot.channel import (
    Attached,
    NeverDeliverable,
    PrivateFile,
    PrivateLine,
    PrivateMessage,
    TooLarge,
    TryLater,
    Unknown,
)
from bot.channels.telegram import Telegram
from bot.channels.telegram_reading import read
from tests.files import PDF, PNG
from tests.peers.fake_telegram import FakeTelegram

MB = 1024 * 1024


def said(fake: FakeTelegram) -> PrivateMessage:
    (event,) = read(fake.updates[-1], "acme_help_bot")
    assert isinstance(event, PrivateMessage)
    return event


def parcel(fake: FakeTelegram, name: str = "label.pdf", kind: str = "application/pdf") -> PrivateLine:
    file = PrivateFile(name, kind, PNG if kind == "image/png" else PDF)
    return PrivateLine("attachment-1", str(fake.person("Mara")["id"]), "", file=file)


async def test_a_photo_is_fetched_in_its_largest_size(fake: FakeTelegram, telegram: Telegram) -> None:
    fake.send_file("Mara", "photo", PNG, caption="my screen")
    heard = said(fake)
    assert heard.text == "my screen\n[photo]"
    (photo,) = heard.attached
    assert (photo.what, photo.name, photo.size) == ("photo", "photo.jpg", len(PNG))
    assert await telegram.fetch(photo.source, MB) == PNG


@pytest.mark.parametrize("what", ["document", "voice", "video", "video_note", "animation", "audio", "sticker"])
async def test_whatever_holds_a_file_can_be_fetched(fake: FakeTelegram, telegram: Telegram, what: str) -> None:
    fake.send_file("Mara", what, PDF, "invoice.pdf")
    (file,) = said(fake).attached
    assert (file.what, file.name) == (what, "invoice.pdf")
    assert await telegram.fetch(file.source, MB) == PDF


async def test_of_a_moving_sticker_the_picture_is_taken(fake: FakeTelegram) -> None:
    sticker = {"file_id": "moving", "is_animated": True, "thumbnail": {"file_id": "still"}}
    fake.write("Mara", "", sticker=sticker)
    assert said(fake).attached == (Attached("sticker", "sticker.webp", "still"),)


@pytest.mark.parametrize(
    "more",
    [
        {"photo": []},
        {"photo": [{}]},
        {"photo": "x"},
        {"document": {}},
        {"document": {"file_id": 7}},
        {"story": {}},
        {"location": {"latitude": 1}},
    ],
)
async def test_what_has_no_file_is_named_and_nothing_more(fake: FakeTelegram, more: dict[str, Any]) -> None:
    fake.write("Mara", "", **more)
    heard = said(fake)
    assert heard.attached == ()
    assert heard.text.startswith("[")


async def test_what_is_too_large_is_given_up(fake: FakeTelegram, telegram: Telegram) -> None:
    fake.send_file("Mara", "document", PDF, "big.pdf")
    (file,) = said(fake).attached
    with pytest.raises(TooLarge):
        await telegram.fetch(file.source, len(PDF) - 1)
    fake.files[file.source] = bytes(20 * MB + 1)
    with pytest.raises(TooLarge, match="too big"):
        await telegram.fetch(file.source, 50 * MB)
    with pytest.raises(NeverDeliverable):
        await telegram.fetch("gone", MB)


async def test_a_file_is_not_read_beyond_what_was_said_of_it(fake: FakeTelegram, telegram: Telegram) -> None:
    fake.send_file("Mara", "document", PDF, "big.pdf")
    (file,) = said(fake).attached
    fake.says_size = 1
    fake.files[file.source] = bytes(3 * MB)
    with pytest.raises(TooLarge):
        await telegram.fetch(file.source, MB)


async def test_a_picture_is_shown_and_anything_else_is_handed_over(fake: FakeTelegram, telegram: Telegram) -> None:
    fake.press_start("Mara")
    assert await telegram.send(parcel(fake, "map.png", "image/png"))
    assert await telegram.send(parcel(fake, "Τιμολόγιο.pdf"))
    assert [sent.file for sent in fake.sent] == ["photo map.png", "document Τιμολόγιο.pdf"]
    assert fake.handed == [PNG, PDF]


async def test_a_picture_that_is_no_photo_to_telegram_is_a_document(fake: FakeTelegram, telegram: Telegram) -> None:
    fake.press_start("Mara")
    fake.only_documents = True
    await telegram.send(parcel(fake, "thin.png", "image/png"))
    assert [sent.file for sent in fake.sent] == ["document thin.png"]


async def test_a_file_whose_answer_got_lost_is_in_doubt(fake: FakeTelegram, telegram: Telegram) -> None:
    fake.press_start("Mara")
    fake.lose_answer()
    with pytest.raises(Unknown):
        await telegram.send(parcel(fake))
    assert len(fake.handed) == 1


async def test_a_file_waits_where_a_line_would(fake: FakeTelegram, telegram: Telegram) -> None:
    fake.press_start("Mara")
    fake.flood(fake.person("Mara")["id"], 30)
    for _ in range(2):
        with pytest.raises(TryLater):
            await telegram.send(parcel(fake))
    assert (fake.impatient, fake.handed) == (1, [])
