"""The people, groups and messages of our fake Telegram, with its refusals and troubles; no HTTP in here."""

import itertools
import time
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

Json = dict[str, Any]
Loss = Literal["drop", "html", "error"]
BOT = {"id": 1000, "is_bot": True, "first_name": "Acme Help", "username": "acme_help_bot"}


class Refused(Exception):
    """The Bot API's answer to a call that it does not carry out."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters


@dataclass(frozen=True)
class Sent:
    """An effect: something that the bot said and that people can see."""

    chat: int | None
    message_id: int | str
    text: str
    at: float
    reply_to: int | None = None
    topic: int | None = None
    buttons: tuple[str, ...] = ()
    link: str | None = None
    """The address that the first button opens."""
    guest_query: str | None = None
    file: str | None = None
    """Its kind and name: "photo a.png"."""


@dataclass
class Chat:
    id: int
    type: str
    title: str
    username: str | None = None
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    messages: dict[int, Json] = field(default_factory=dict)
    closed: Refused | None = None
    """Why the bot may not speak here."""

    def shown(self) -> Json:
        name = {"first_name": self.title} if self.type == "private" else {"title": self.title}
        return {"id": self.id, "type": self.type, **name, **({"username": self.username} if self.username else {})}


class World:
    """Everybody is called by name; who or what is not known yet comes to be when first named."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.calls: list[str] = []
        self.impatient = 0
        """Calls to a chat that had been told to wait."""
        self.updates: list[Json] = []
        self.allowed: list[str] | None = None
        self._people: dict[str, Json] = {}
        self._groups: dict[str, Chat] = {}
        self._chats: dict[int, Chat] = {}
        self._numbers = itertools.count(100)
        self._guests: dict[str, Chat] = {}
        self._floods: dict[int, float] = {}
        self._losses: list[Loss | None] = []
        self.files: dict[str, bytes] = {}
        """What people sent, by its id."""
        self.handed: list[bytes] = []
        """The contents of the files that the bot sent."""
        self.says_size: int | None = None
        """What it says of a file's size, if that is not so."""
        self.only_documents = False
        """Pictures are no photos here: they are too thin."""

    # What people do

    def person(self, name: str, **more: object) -> Json:
        """A person as Telegram shows them; `more` are fields such as `language_code` or `is_bot`."""
        known = self._people.get(name) or {"id": 5000 + len(self._people), "is_bot": False, "first_name": name}
        self._people[name] = known | {"username": name.lower()} | more
        return self._people[name]

    def group(self, title: str, type: str = "supergroup", username: str | None = None) -> Chat:
        """A group that the bot was added to."""
        if title not in self._groups:
            number = len(self._groups) + 1
            id = -1_000_000_000_000 - number if type == "supergroup" else -number
            self._groups[title] = self._chats[id] = Chat(id, type, title, username)
        return self._groups[title]

    def say(self, group: str, person: str, text: str, reply_to: int | None = None, **more: object) -> int:
        """Somebody posts in a group; the number of the message."""
        chat = self.group(group)
        if reply_to is not None:
            more["reply_to_message"] = chat.messages[reply_to]
        return self._message("message", chat, self.person(person), text=text, **more)

    def edit(self, group: str, message_id: int, text: str) -> None:
        """The author changes a post."""
        message = self.group(group).messages[message_id]
        message |= {"text": text, "edit_date": int(time.time())}
        self.push({"edited_message": dict(message)})

    def delete(self, group: str, message_id: int) -> None:
        """The author deletes a post; Telegram tells no bot."""
        del self.group(group).messages[message_id]

    def write(self, person: str, text: str, **more: object) -> int:
        """Somebody writes to the bot in private, a quick answer included; that also undoes a block."""
        return self._private(person, text=text, **more)

    def _private(self, person: str, **said: object) -> int:
        who = self.person(person)
        chat = self._chats.setdefault(who["id"], Chat(who["id"], "private", person))
        chat.closed = None
        return self._message("message", chat, who, **said)

    def send_file(self, person: str, what: str, content: bytes, name: str | None = None, **more: object) -> int:
        """Somebody sends a photo, a document, a voice … in private."""
        id = f"{what}-{next(self._numbers)}"
        self.files[id] = content
        kept = {"file_id": id, "file_unique_id": id, "file_size": len(content)} | ({"file_name": name} if name else {})
        small = {"file_id": "small", "file_unique_id": "small", "file_size": 1}
        return self._private(person, **{what: [small, kept] if what == "photo" else kept}, **more)

    def press_start(self, person: str, token: str | None = None) -> int:
        """Somebody opens the bot's private chat, with the token of a link or without, and presses Start."""
        return self.write(person, f"/start {token}" if token else "/start")

    def follow(self, person: str, link: str) -> int:
        """Somebody follows the link of an offer and presses Start."""
        return self.press_start(person, parse_qs(urlsplit(link).query)["start"][0])

    def block(self, person: str) -> None:
        """Somebody blocks the bot."""
        who = self.person(person)
        chat = self._chats.setdefault(who["id"], Chat(who["id"], "private", person))
        chat.closed = Refused(403, "Forbidden: bot was blocked by the user")
        states = {
            "old_chat_member": {"user": BOT, "status": "member"},
            "new_chat_member": {"user": BOT, "status": "kicked"},
        }
        self.push({"my_chat_member": {"chat": chat.shown(), "from": who, "date": int(time.time()), **states}})

    def summon(self, person: str, text: str, chat: str = "Strangers") -> str:
        """Somebody mentions the bot in a chat where it is no member; the ticket for its one answer."""
        place = Chat(-1_000_900_000_000, "supergroup", chat)
        query = f"guest-{next(self._numbers)}"
        self._guests[query] = place
        self._message("guest_message", place, self.person(person), text=text, guest_query_id=query)
        return query

    def migrate(self, group: str) -> int:
        """A small group becomes a supergroup with another number, in which messages are counted from 1 again."""
        old = self._groups.pop(group)
        new = self.group(group, "supergroup")
        old.closed = Refused(
            400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=new.id
        )
        self._message("message", old, self.person("Admin"), migrate_to_chat_id=new.id)
        return new.id

    def remove(self, group: str) -> None:
        """An admin of the group takes the bot out."""
        self.group(group).closed = Refused(403, "Forbidden: bot was kicked from the supergroup chat")

    def push(self, update: Json) -> None:
        """An update of whatever shape waits to be fetched."""
        self.updates.append({"update_id": next(self._numbers), **update})

    def _message(self, kind: str, chat: Chat, who: Json, **more: object) -> int:
        number = next(chat.numbers)
        message = {"message_id": number, "date": int(time.time()), "chat": chat.shown(), "from": who, **more}
        chat.messages[number] = message
        self.push({kind: dict(message)})
        return number

    # What goes wrong

    def flood(self, chat: int, seconds: float) -> None:
        """For so long, whatever the bot says in this chat is too much."""
        self._floods[chat] = time.monotonic() + seconds

    def lose_answer(self, how: Loss = "drop", after: int = 0) -> None:
        """People see what is said next, or `after` so many more, but the bot does not learn of it."""
        self._losses += [*[None] * after, how]

    def loss(self) -> Loss | None:
        """How the answer to what was just said gets lost."""
        return self._losses.pop(0) if self._losses else None

    # What the bot does

    def reply_to(
        self, chat_id: int, message_id: int | None = None, allow_sending_without_reply: bool = False
    ) -> int | None:
        """The number of the message that an answer is to, None if it is gone and that is all right."""
        chat = self._chats.get(chat_id)
        return None if chat and message_id not in chat.messages and allow_sending_without_reply else message_id

    def send(self, chat_id: int, text: str, **more: Any) -> Json:
        """The bot says something. Raises `Refused`."""
        chat = self._open(chat_id)
        self._check(chat, text, more.get("reply_to"))
        number = next(chat.numbers)
        self.sent.append(Sent(chat.id, number, text, time.monotonic(), **more))
        message = {"message_id": number, "date": int(time.time()), "chat": chat.shown(), "from": BOT, "text": text}
        chat.messages[number] = message
        return message

    def hand_over(self, chat_id: int, what: str, name: str, content: bytes) -> Json:
        """The bot sends a file. Raises `Refused`."""
        chat = self._open(chat_id)
        if what == "photo" and self.only_documents:
            raise Refused(400, "Bad Request: PHOTO_INVALID_DIMENSIONS")
        if len(content) > (10 if what == "photo" else 50) * 1024 * 1024:
            raise Refused(413, "Request Entity Too Large")
        number = next(chat.numbers)
        self.handed.append(content)
        self.sent.append(Sent(chat.id, number, "", time.monotonic(), file=f"{what} {name}"))
        return {"message_id": number, "date": int(time.time()), "chat": chat.shown(), "from": BOT}

    def size_of(self, file_id: str) -> int:
        """How large a file is. Raises `Refused` for what bots cannot have."""
        if file_id not in self.files:
            raise Refused(400, "Bad Request: invalid file_id")
        if len(self.files[file_id]) > 20 * 1024 * 1024:
            raise Refused(400, "Bad Request: file is too big")
        return self.says_size or len(self.files[file_id])

    def answer_guest(self, query: str, text: str, **more: Any) -> Json:
        """The bot's one answer where it is no member. Raises `Refused`."""
        if query not in self._guests:
            raise Refused(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
        del self._guests[query]
        self.sent.append(Sent(None, f"inline-{query}", text, time.monotonic(), guest_query=query, **more))
        return {"inline_message_id": f"inline-{query}"}

    def _open(self, chat_id: int) -> Chat:
        chat = self._chats.get(chat_id)
        if chat is None and any(who["id"] == chat_id for who in self._people.values()):
            raise Refused(403, "Forbidden: bot can't initiate conversation with a user")
        if chat is None:
            raise Refused(400, "Bad Request: chat not found")
        if chat.closed:
            raise chat.closed
        if (wait := self._floods.get(chat_id, 0) - time.monotonic()) > 0:
            self.impatient += 1
            raise Refused(429, "Too Many Requests", retry_after=int(wait) + 1)
        return chat

    @staticmethod
    def _check(chat: Chat, text: str, reply_to: int | None) -> None:
        if not text.strip():
            raise Refused(400, "Bad Request: message text is empty")
        if len(text.encode("utf-16-le")) > 2 * 4096:
            raise Refused(400, "Bad Request: message is too long")
        if reply_to is not None and reply_to not in chat.messages:
            raise Refused(400, "Bad Request: message to be replied not found")
