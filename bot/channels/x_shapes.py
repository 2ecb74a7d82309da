"""The shapes of X's JSON, as far as we look at it, in both namings: X has been renaming tweets to posts since 2026."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec

EPOCH = 1288834974657
"""Milliseconds since 1970 at which X's ids begin to count; 22 bits of an id follow its time."""

Id = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,19}\Z")]
Time = Annotated[datetime, msgspec.Meta(tz=True)]


class User(msgspec.Struct):
    """Whoever has an account."""

    id: Id
    username: str | None = None
    name: str | None = None


class Reference(msgspec.Struct):
    """Another post: `type` is replied_to, quoted or retweeted."""

    id: Id
    type: str = ""
    author_id: str | None = None


class Named(msgspec.Struct):
    """An account that a text names."""

    username: str
    id: str | None = None


class Address(msgspec.Struct):
    """A link as it stands in a text, and where it leads."""

    url: str
    expanded_url: str | None = None


class Entities(msgspec.Struct):
    """What a text names and where it leads."""

    mentions: list[Named] = []
    urls: list[Address] = []


class Note(msgspec.Struct):
    """The whole of a text that is too long for a post."""

    text: str
    entities: Entities = msgspec.field(default_factory=Entities)


class XPost(msgspec.Struct):
    """One version of a post."""

    id: Id
    text: str
    author_id: Id
    created_at: Time | None = None
    conversation_id: Id | None = None
    display_text_range: list[int] = []
    entities: Entities = msgspec.field(default_factory=Entities)
    note_tweet: Note | None = None
    note_post: Note | None = None
    referenced_tweets: list[Reference] = []
    referenced_posts: list[Reference] = []
    edit_history_tweet_ids: list[Id] = []
    edit_history_post_ids: list[Id] = []

    @property
    def note(self) -> Note | None:
        """The whole text, where `text` is only its beginning."""
        return self.note_post or self.note_tweet

    @property
    def references(self) -> Sequence[Reference]:
        """The posts that this one answers, quotes or repeats."""
        return self.referenced_posts or self.referenced_tweets

    @property
    def versions(self) -> Sequence[str]:
        """The ids of all versions, as far as they are known, oldest first."""
        return self.edit_history_post_ids or self.edit_history_tweet_ids or [self.id]

    def reference(self, kind: str) -> Reference | None:
        """The post that stands to this one as `kind` says."""
        return next((one for one in self.references if one.type == kind), None)


class Missing(msgspec.Struct):
    """A part of what was asked for that X does not show."""

    type: str = ""
    title: str = ""
    resource_id: str | None = None
    value: Any = None


class Meta(msgspec.Struct):
    """How to go on."""

    next_token: str | None = None


class Raw(msgspec.Struct):
    """What stands beside the posts of an answer, as it came."""

    users: list[dict[str, Any]] = []
    tweets: list[dict[str, Any]] = []
    posts: list[dict[str, Any]] = []

    @property
    def others(self) -> Sequence[dict[str, Any]]:
        """The posts that those of the answer refer to."""
        return self.posts or self.tweets


class Found(msgspec.Struct):
    """An answer with posts in it. They stay raw: one of them that is odd must not cost us the others."""

    data: list[dict[str, Any]] = []
    includes: Raw = msgspec.field(default_factory=Raw)
    errors: list[Missing] = []
    meta: Meta = msgspec.field(default_factory=Meta)


class Item(msgspec.Struct):
    """One post as we write it down: with its author, whose posts it refers to, and who `us` is."""

    us: Id
    post: XPost
    users: list[User] = []
    referenced: list[Reference] = []


def time_of(id: str) -> datetime:
    """When the post with this id was written, to the millisecond."""
    return datetime.fromtimestamp(((int(id) >> 22) + EPOCH) / 1000, UTC)


def id_at(time: datetime) -> str:
    """The lowest id that a post of this time can have."""
    return str(max(int(time.timestamp() * 1000) - EPOCH, 0) << 22)
