"""The shapes of what X pushes, as far as we look at it: events about posts, and private messages in its first shape."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec

from bot.channels.x_shapes import Entities, Id, Reference, User


class Includes(msgspec.Struct):
    """What stands beside the posts of an event: accounts, and who wrote the posts that these refer to."""

    users: list[User] = []
    tweets: list[Reference] = []
    posts: list[Reference] = []

    @property
    def others(self) -> Sequence[Reference]:
        """The posts that those of the event refer to."""
        return self.posts or self.tweets


class Filter(msgspec.Struct):
    """Whose events were asked for."""

    user_id: Id


class Event(msgspec.Struct):
    """What X pushed; the shape of `payload` hangs on the type."""

    event_type: str
    filter: Filter
    payload: dict[str, Any]
    includes: Includes = msgspec.field(default_factory=Includes)


class MessageData(msgspec.Struct):
    """The words of a private message."""

    text: str
    entities: Entities = msgspec.field(default_factory=Entities)


class Target(msgspec.Struct):
    """To whom a private message goes."""

    recipient_id: Id


class MessageCreate(msgspec.Struct):
    """Who wrote a private message, to whom, and what."""

    sender_id: Id
    target: Target
    message_data: MessageData


class DirectMessage(msgspec.Struct):
    """A private message in the shape of X's first API."""

    id: Id
    created_timestamp: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,15}\Z")]
    message_create: MessageCreate


class OldUser(msgspec.Struct):
    """Whoever has an account, in the shape of X's first API."""

    screen_name: str | None = None
    name: str | None = None


class DirectMessages(msgspec.Struct):
    """What `dm.received` brings."""

    direct_message_events: list[DirectMessage]
    users: dict[str, OldUser] = {}
