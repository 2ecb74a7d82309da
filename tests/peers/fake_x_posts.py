"""Accounts and posts of our fake X."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.peers.fake_x_text import Wording, handles_in


@dataclass
class Account:
    """A person's account, or ours."""

    id: str
    username: str
    name: str
    created_at: datetime
    protected: bool = False
    suspended: bool = False
    blocks_us: bool = False
    description: str = ""


@dataclass
class Post:
    """A post, or one version of it: an edit makes another post, with the same `history`."""

    id: str
    author: Account
    said: str
    """As it was typed."""
    wording: Wording
    note: Wording | None
    """The whole text, when `wording` is only its beginning."""
    conversation_id: str
    created_at: datetime
    answers: "Post | None" = None
    quotes: "Post | None" = None
    lang: str = "en"
    history: list[str] = field(default_factory=list)
    """The ids of all versions, the first one first."""
    deleted: bool = False
    restricted: bool = False
    """Whether the author lets only those answer whom they follow."""
    direct_message_deep_link: str | None = None

    @property
    def text(self) -> str:
        """What X's API gives: with short links, escaped signs, and the handles that an answer carries in front."""
        return self.wording.text

    @property
    def whole(self) -> Wording:
        """All of the text."""
        return self.note or self.wording

    @property
    def links(self) -> list[str]:
        """The addresses that a reader who clicks gets to."""
        return [link.address for link in self.whole.links]

    @property
    def is_current(self) -> bool:
        """Whether there is no later version."""
        return self.history[-1] == self.id

    def names(self, account: Account) -> bool:
        """Whether the author typed the handle."""
        return any(found.lower() == account.username.lower() for found in handles_in(self.said))

    def summons(self, account: Account) -> bool:
        """Whether X lets this account's automation answer: it was named, or a post of it was quoted."""
        return self.names(account) or (self.quotes is not None and self.quotes.author is account)


def moment(seconds: float) -> datetime:
    """A time of X: whole milliseconds, UTC."""
    return datetime.fromtimestamp(int(seconds * 1000) / 1000, UTC)
