"""The shapes of Telegram's JSON, as far as we look at it: a field that we do not name may be anything."""

from typing import Annotated, Any

import msgspec

ATTACHMENTS = {
    "animation": "[animation]",
    "audio": "[audio]",
    "document": "[document]",
    "paid_media": "[paid media]",
    "photo": "[photo]",
    "sticker": "[sticker]",
    "story": "[story]",
    "video": "[video]",
    "video_note": "[video message]",
    "voice": "[voice message]",
    "checklist": "[checklist]",
    "contact": "[contact]",
    "dice": "[dice]",
    "game": "[game]",
    "poll": "[poll]",
    "venue": "[venue]",
    "location": "[location]",
}
"""What may be there besides words; the first counts, for an animation is a document too, and a venue a location."""

Date = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799)]
"""Seconds since 1970, up to the year 9999."""


class User(msgspec.Struct):
    """Whoever has an account: a person, or a bot."""

    id: int
    is_bot: bool = False
    first_name: str | None = None
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None


class Chat(msgspec.Struct):
    """Where something was said: `type` is private, group, supergroup or channel. Channels and groups may also speak."""

    id: int
    type: str
    title: str | None = None
    username: str | None = None


class Message(msgspec.Struct):
    """Something said, in public or in private; every attachment that we know is a field, whatever is in it."""

    message_id: int
    date: Date
    chat: Chat
    sender: User | None = msgspec.field(name="from", default=None)
    sender_chat: Chat | None = None
    message_thread_id: int | None = None
    is_topic_message: bool = False
    edit_date: Date | None = None
    text: str | None = None
    caption: str | None = None
    forward_origin: Any = None
    reply_to_message: "Message | None" = None
    guest_query_id: str | None = None
    animation: Any = None
    audio: Any = None
    document: Any = None
    paid_media: Any = None
    photo: Any = None
    sticker: Any = None
    story: Any = None
    video: Any = None
    video_note: Any = None
    voice: Any = None
    checklist: Any = None
    contact: Any = None
    dice: Any = None
    game: Any = None
    poll: Any = None
    venue: Any = None
    location: Any = None


class Member(msgspec.Struct):
    """What somebody is in a chat; in a private one the bot is a member, or kicked if the person blocked it."""

    status: str


class MemberChange(msgspec.Struct):
    """The bot became another kind of member."""

    chat: Chat
    sender: User = msgspec.field(name="from")
    date: Date
    new_chat_member: Member


class TelegramUpdate(msgspec.Struct):
    """One update, of the kinds that we ask for."""

    update_id: int
    message: Message | None = None
    edited_message: Message | None = None
    guest_message: Message | None = None
    my_chat_member: MemberChange | None = None
