"""What a channel is: the events it brings, what it is asked to send, and the three ways that sending can fail."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol, runtime_checkable

from handoff.attachments import File


@dataclass(frozen=True, slots=True)
class Author:
    """Who said something: `id` is the channel's own and never changes, the handle may."""

    id: str
    handle: str | None = None
    name: str | None = None
    is_bot: bool = False
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """Something said in public. `place` is where an answer belongs: a Telegram chat, a topic of the square."""

    channel: str
    id: str
    author: Author
    text: str
    at: datetime
    in_reply_to: str | None = None
    place: str | None = None
    url: str | None = None
    guest_query: str | None = None
    """Telegram's ticket for the one answer in a chat where the bot is no member."""
    summons: bool = False
    """The author called us in this very post: by our name in it, or by quoting us."""


@dataclass(frozen=True, slots=True)
class Click:
    """Somebody followed the link of an offer; the channel proves that it is `author`. No token: they came alone."""

    channel: str
    id: str
    author: Author
    token: str | None
    at: datetime
    language: str | None = None
    """In which our page showed what they agreed to; the thread's where the channel showed it."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that came with a private line, as the channel tells of it; `source` is what `Channel.fetch` gets it by.

    `what`: photo, video … `size` in bytes, where the channel says.
    """

    what: str
    name: str
    source: str
    size: int | None = None


Command = Literal["delete", "privacy"]


@dataclass(frozen=True, slots=True)
class PrivateMessage:
    """A line that a person wrote to us in private. `files` are here already, `attached` are still to be fetched.

    `command`: what the line asks for, where the channel has a way to say so that is no sentence.
    """

    channel: str
    id: str
    author: Author
    text: str
    at: datetime
    files: Sequence[File] = ()
    attached: Sequence[Attached] = ()
    command: Command | None = None


@dataclass(frozen=True, slots=True)
class Edited:
    """The author changed a post or a private message: `id` is the first id it had."""

    channel: str
    id: str
    author: Author
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Deleted:
    """A post or a private message is gone at its source."""

    channel: str
    id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Blocked:
    """The person blocked us, which is a STOP in another word."""

    channel: str
    id: str
    author: Author
    at: datetime


Event = Post | Click | PrivateMessage | Edited | Deleted | Blocked


@dataclass(frozen=True, slots=True)
class Update:
    """What a platform handed us, as it came: written down before it is acknowledged, read afterwards."""

    channel: str
    id: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PublicOffer:
    """The one public reply: where it belongs, its words, the label and the token of its link."""

    in_reply_to: str
    place: str | None
    text: str
    label: str
    token: str
    guest_query: str | None = None


@dataclass(frozen=True, slots=True)
class PrivateFile:
    """A file to somebody who opted in. `kind`: its type, by its content."""

    name: str
    kind: str
    content: bytes


@dataclass(frozen=True, slots=True)
class PrivateLine:
    """One line to somebody who opted in, or else one file. `buttons` are quick answers, each the text that it sends."""

    key: str
    to: str
    text: str
    buttons: Sequence[str] = ()
    file: PrivateFile | None = None


class SignIn(Protocol):
    """Proof by the platform itself: OAuth 2.0, authorization code with PKCE (S256)."""

    def address(self, state: str, challenge: str) -> str:
        """Where the person says on the platform that it is them; it brings them back with `code` and `state`."""

    async def account(self, code: str, verifier: str) -> Author:
        """Whose account it is; all that the platform granted us is given back at once. Raises `ChannelError`."""


@dataclass(frozen=True, slots=True)
class WayIn:
    """How an author can prove who they are before our page opens to them; with none, by the square's cookie."""

    link: str | None = None
    """The channel's own private place, which tells who comes (Telegram's Start)."""
    sign_in: SignIn | None = None
    code_to: str | None = None
    """Our handle there, to which the author posts a code."""
    hears_messages: bool = False
    """Private messages there reach us, so that the code can be sent in one too."""


Take = Callable[[Sequence[Update]], Awaitable[None]]
"""Writes updates down; when it returns they are safe and may be acknowledged."""


class Channel(Protocol):
    """A place where people post and we can answer."""

    name: str

    def read(self, payload: Mapping[str, Any]) -> Sequence[Event]:
        """Events in one update, none if it is nothing to us. Raises `Unreadable`."""

    async def listen(self, take: Take) -> None:
        """Bring updates until cancelled."""

    async def offer(self, offer: PublicOffer) -> str:
        """Say the offer in public; the id of what was said. Raises `ChannelError`."""

    async def find_offer(self, token: str) -> str | None:
        """The id of an offer that may or may not have gone out, if the channel lets us look. Raises `ChannelError`."""

    async def send(self, line: PrivateLine) -> str:
        """Say a line in private, or hand over a file; the id of what was said. Raises `ChannelError`."""

    async def fetch(self, source: str, largest: int) -> bytes:
        """A file that came with a private line, `largest` bytes at most. Raises `ChannelError`."""

    async def public_thread(
        self, post_id: str, place: str | None, known: Sequence[str] = ()
    ) -> Sequence[Post | Deleted]:
        """The public posts around a post, oldest first, as far as the channel lets us read; what is gone as `Deleted`.

        `known`: ids of posts that are attached already, whose fate is asked too. Raises `ChannelError`.
        """

    def link(self, token: str) -> str:
        """The address that an offer's button opens."""

    def way_in(self, token: str) -> WayIn:
        """How the author of the post behind an offer can prove who they are."""


@runtime_checkable
class Mute(Protocol):
    """A channel that does not tell by itself what is deleted."""

    async def gone(self, post_ids: Sequence[str]) -> Sequence[Deleted]:
        """Those of the posts that are not there any more, and nothing else of them. Raises `ChannelError`."""


class ChannelError(Exception):
    """The channel did not do what it was asked."""


class TryLater(ChannelError):
    """Nothing was sent; try again after `seconds`."""

    def __init__(self, seconds: float, why: str) -> None:
        super().__init__(why)
        self.seconds = seconds


class NeverDeliverable(ChannelError):
    """Nothing was sent, and the same will never be accepted. `blocked`: the person does not want to hear from us."""

    def __init__(self, why: str, *, blocked: bool = False) -> None:
        super().__init__(why)
        self.blocked = blocked


class TooLarge(NeverDeliverable):
    """The file is larger than we take, or than the channel lets us have."""


class Halted(ChannelError):
    """Nothing was sent, and nothing more may be on this channel: until `until`, or until a person has looked."""

    def __init__(self, why: str, until: datetime | None = None) -> None:
        super().__init__(why)
        self.until = until


class Unknown(ChannelError):
    """It may have been sent: the answer got lost on the way."""


class Unreadable(ChannelError):
    """The update has a shape that we do not know; it is kept for a look."""
