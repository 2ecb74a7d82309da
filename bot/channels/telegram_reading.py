"""What an update of Telegram tells us: its JSON, read strictly where we look at it and not at all elsewhere."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, get_args

import msgspec

from bot.channel import Author, Blocked, Click, Command, Edited, Event, Post, PrivateMessage, Unreadable
from bot.channels.telegram_files import attached
from bot.channels.telegram_shapes import ATTACHMENTS, Chat, MemberChange, Message, TelegramUpdate, User

COMMAND = re.compile(r"/(\w+)(?:@(\w+))?(?:\s+(.*))?", re.ASCII | re.DOTALL)


def read(payload: Mapping[str, Any], username: str | None) -> Sequence[Event]:
    """Events in one update to the bot called `username`, None if not known yet, oldest first. Raises `Unreadable`."""
    try:
        update = msgspec.convert(payload, TelegramUpdate)
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError) as error:
        raise Unreadable(f"not an update of Telegram: {error}") from error
    if update.my_chat_member:
        return list(_blocked(update.update_id, update.my_chat_member))
    if update.edited_message:
        return list(_edited(update.edited_message))
    message = update.message or update.guest_message
    if not message:
        return []
    if update.guest_message or message.chat.type in ("group", "supergroup"):
        return list(_posts(message, username))
    if message.chat.type == "private":
        return list(_private(message))
    return []


def _blocked(update_id: int, change: MemberChange) -> Iterator[Event]:
    if change.chat.type == "private" and change.new_chat_member.status == "kicked":
        yield Blocked("telegram", f"update:{update_id}", _person(change.sender), _time(change.date))


def _edited(message: Message) -> Iterator[Event]:
    author, text = _author(message), _text(message)
    if author and text and message.chat.type in ("private", "group", "supergroup"):
        at = _time(message.edit_date or message.date)
        yield Edited("telegram", message_id(message), author, text, at)


def _private(message: Message) -> Iterator[Event]:
    author, text = _author(message), _text(message)
    if not author or not text:
        return
    head = "telegram", message_id(message), author
    word, _, rest = _command(text)
    if word == "start":
        yield Click(*head, rest or None, _time(message.date))
    else:
        said = f"{word} {rest}".strip() if word else text
        yield PrivateMessage(*head, said, _time(message.date), attached=attached(message), command=_asked(word, rest))


def _asked(word: str, rest: str) -> Command | None:
    """A command without words behind it; with them it is a sentence that happens to begin so."""
    return next((command for command in get_args(Command) if command == word and not rest), None)


def _posts(message: Message, username: str | None) -> Iterator[Event]:
    """The post, and before it the post that it answers if the same person wrote both: strangers' words are not ours."""
    author, text = _author(message), _text(message)
    if not author or not text:
        return
    word, bot, rest = _command(text)
    if bot and username and bot.casefold() != username.casefold():
        return
    if word == "start" and not rest:
        return
    parent = message.reply_to_message
    if parent and (by := _author(parent)) and by.id == author.id and (words := _text(parent)):
        yield _post(parent, author, words, message.guest_query_id)
    yield _post(message, author, f"{word} {rest}".strip() if word else text, message.guest_query_id)


def _post(message: Message, author: Author, text: str, guest_query: str | None) -> Post:
    parent = message.reply_to_message
    topic = message.message_thread_id if message.is_topic_message else None
    return Post(
        "telegram",
        message_id(message),
        author,
        text,
        _time(message.date),
        in_reply_to=message_id(parent) if parent and parent.message_id != topic else None,
        place=f"{message.chat.id}/{topic}" if topic else str(message.chat.id),
        url=_url(message.chat, topic, message.message_id),
        guest_query=guest_query,
    )


def message_id(message: Message) -> str:
    """Telegram numbers messages within a chat, so that only both numbers together name one."""
    return f"{message.chat.id}:{message.message_id}"


def _author(message: Message) -> Author | None:
    """Who wrote it. A channel, an anonymous admin and Telegram's own account speak for nobody: they count as bots."""
    if chat := message.sender_chat:
        return Author(str(chat.id), chat.username, chat.title, is_bot=True)
    return _person(message.sender) if message.sender else None


def _person(user: User) -> Author:
    name = " ".join(part for part in (user.first_name, user.last_name) if part)
    language = (user.language_code or "").split("-")[0].lower()
    return Author(str(user.id), user.username, name or None, user.is_bot, language or None)


def _text(message: Message) -> str:
    """The words, and on a line of its own what else there is, so that nothing is lost; empty for a service message."""
    words = message.text or message.caption
    attached = next((tag for kind, tag in ATTACHMENTS.items() if getattr(message, kind) is not None), None)
    if not words and not attached:
        return ""
    return "\n".join(part for part in (words, attached, "[forwarded]" if message.forward_origin else None) if part)


def _command(text: str) -> tuple[str, str | None, str]:
    """A command's word in small letters, the bot it names, and what follows; an empty word if it is no command."""
    if match := COMMAND.fullmatch(text):
        return match[1].lower(), match[2], (match[3] or "").strip()
    return "", None, ""


def _url(chat: Chat, topic: int | None, number: int) -> str | None:
    """The address of a post: public by the group's name, private by its number; a small group has none."""
    path = f"{topic}/{number}" if topic else str(number)
    if chat.username:
        return f"https://t.me/{chat.username}/{path}"
    if str(chat.id).startswith("-100"):
        return f"https://t.me/c/{str(chat.id).removeprefix('-100')}/{path}"
    return None


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
