"""Files on Telegram: which ones came with a private message, how they are fetched, and how ours are handed over."""

from collections.abc import Sequence
from typing import Any

import httpx
import msgspec
from telegram import Bot, InputFile
from telegram import Message as Said
from telegram.error import BadRequest

from bot.channel import Attached, NeverDeliverable, PrivateFile, TooLarge, TryLater
from bot.channels.telegram_shapes import ATTACHMENTS, Message

ENDINGS = {
    "photo": "jpg",
    "voice": "ogg",
    "video_note": "mp4",
    "video": "mp4",
    "animation": "mp4",
    "audio": "mp3",
    "sticker": "webp",
    "document": "",
}
"""What can be fetched, the name that it gets if it has none, and how that ends."""

PHOTOS = frozenset({"image/png", "image/jpeg", "image/webp"})

PATIENCE = 25.0
"""Seconds for one file; less than the time after which its sender is taken for dead."""


class Kept(msgspec.Struct):
    """A file that Telegram keeps; a moving sticker's picture is its thumbnail."""

    file_id: str
    file_size: int | None = None
    file_name: str | None = None
    is_animated: bool = False
    is_video: bool = False
    thumbnail: "Kept | None" = None


def attached(message: Message) -> Sequence[Attached]:
    """The file of a message; nothing where there is none, or none that a bot can have."""
    what = next((kind for kind in ATTACHMENTS if getattr(message, kind) is not None), None)
    if what not in ENDINGS:
        return ()
    try:
        found = _kept(what, getattr(message, what))
    except (msgspec.ValidationError, ValueError, RecursionError):
        return ()
    name = found.file_name or f"{what.replace('_', ' ')}.{ENDINGS[what]}"
    return (Attached(what, name, found.file_id, found.file_size),)


def _kept(what: str, said: Any) -> Kept:
    if what == "photo":
        return max(msgspec.convert(said, list[Kept]), key=lambda size: size.file_size or 0)
    found = msgspec.convert(said, Kept)
    moves = what == "sticker" and (found.is_animated or found.is_video)
    return found.thumbnail if moves and found.thumbnail else found


async def download(address: str, largest: int) -> bytes:
    """The bytes at an address, given up as soon as they are more than `largest`. Raises `ChannelError`."""
    read = bytearray()
    async with httpx.AsyncClient(timeout=PATIENCE) as client, client.stream("GET", address) as answer:
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise NeverDeliverable("the file is gone")
        if not answer.is_success:
            raise TryLater(30, f"Telegram answered {answer.status_code} when asked for a file")
        async for chunk in answer.aiter_bytes():
            read += chunk
            if len(read) > largest:
                raise TooLarge("more came than was said")
    return bytes(read)


async def hand_over(bot: Bot, chat: int, file: PrivateFile) -> Said:
    """Show a photo, or hand a document over; a picture that is none to Telegram (too long, too thin) is a document."""
    if file.kind in PHOTOS:
        try:
            return await bot.send_photo(chat, InputFile(file.content, file.name))
        except BadRequest as error:
            if "photo" not in str(error).lower():
                raise
    return await bot.send_document(chat, InputFile(file.content, file.name), disable_content_type_detection=True)
