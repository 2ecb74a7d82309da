"""Accounts and posts of our fake X, and a text as X keeps it: short links, handles in front, escaped signs."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, datetime

LINK = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,:;!?'()\[\]{}…]")
HANDLE = re.compile(r"(?<![A-Za-z0-9_@/])@([A-Za-z0-9_]{1,15})(?![A-Za-z0-9_@])")
LEADING = re.compile(r"(?:@[A-Za-z0-9_]{1,15}\s+)*")
LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
"""Code points that count 1; all others count 2, as in X's published twitter-text configuration 3."""
EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}|[#*0-9]\ufe0f?\u20e3"
    "|[\u2600-\u27bf\U0001f300-\U0001faff][\ufe0f\U0001f3fb-\U0001f3ff]*"
    "(?:\u200d[\u2600-\u27bf\U0001f300-\U0001faff][\ufe0f\U0001f3fb-\U0001f3ff]*)*"
)
WEIGHT_OF_LINK = 23
LONGEST = 280
SIGNS = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


@dataclass
class Account:
    """A person's account, or ours."""

    id: str
    username: str
    name: str
    created_at: datetime
    protected: bool = False
    suspended: bool = False
    description: str = ""


@dataclass(frozen=True)
class Link:
    """An address in a text, by its code points there."""

    start: int
    end: int
    short: str
    address: str


@dataclass(frozen=True)
class Wording:
    """A text as X keeps it. The positions of links and handles are those in `text`, escapes counted."""

    text: str
    links: tuple[Link, ...]
    handles: tuple[tuple[int, int, str], ...]
    begins: int
    """Where the text proper begins, after the handles that an answer carries by itself."""


@dataclass
class Post:
    """A post, or one version of it: an edit makes another post, with the same `history`."""

    id: str
    author: Account
    said: str
    """As it was typed."""
    wording: Wording
    conversation_id: str
    created_at: datetime
    answers: "Post | None" = None
    quotes: "Post | None" = None
    lang: str = "en"
    history: list[str] = field(default_factory=list)
    """The ids of all versions, the first one first."""
    deleted: bool = False
    direct_message_deep_link: str | None = None

    @property
    def text(self) -> str:
        """What X's API gives: with short links, escaped signs, and the handles that an answer carries in front."""
        return self.wording.text

    @property
    def links(self) -> list[str]:
        """The addresses that a reader who clicks gets to."""
        return [link.address for link in self.wording.links]

    @property
    def is_current(self) -> bool:
        """Whether there is no later version."""
        return self.history[-1] == self.id

    def mentions(self, account: Account) -> bool:
        """Whether the text has the handle, be it only in front of an answer."""
        return any(handle.lower() == account.username.lower() for _, _, handle in self.wording.handles)

    def names(self, account: Account) -> bool:
        """Whether the author typed the handle."""
        return any(found.lower() == account.username.lower() for found in handles_in(self.said))

    def summons(self, account: Account) -> bool:
        """Whether X lets this account's automation answer: it was named, or a post of it was quoted."""
        return self.names(account) or (self.quotes is not None and self.quotes.author is account)


def handles_in(said: str) -> list[str]:
    """The handles in a text, in order, those in addresses left out."""
    return HANDLE.findall(LINK.sub(" ", said))


def weight(said: str) -> int:
    """How much of the 280 a text takes: 23 for any address, 2 for an emoji and for most signs beyond Latin."""
    text = unicodedata.normalize("NFC", said)
    addresses = len(LINK.findall(text))
    text, emoji = EMOJI.subn("", LINK.sub("", text))
    letters = sum(1 if any(low <= ord(sign) <= high for low, high in LIGHT) else 2 for sign in text)
    return WEIGHT_OF_LINK * addresses + 2 * emoji + letters


def word(said: str, carried: list[str]) -> Wording:
    """The text with the handles that an answer carries put in front, unless it was typed with them in front."""
    typed = {handle.lower() for handle in HANDLE.findall((LEADING.match(said + " ") or [""])[0])}
    front = "".join(f"@{handle} " for handle in carried if handle.lower() not in typed)
    text, links, end = _escape(front), [], 0
    for found in LINK.finditer(said):
        text += _escape(said[end : found.start()])
        short = _short(found[0])
        links.append(Link(len(text), len(text) + len(short), short, found[0]))
        text, end = text + short, found.end()
    text += _escape(said[end:])
    handles = [(found.start(), found.end(), found[1]) for found in HANDLE.finditer(text)]
    return Wording(text, tuple(links), tuple(handles), len(front))


def moment(seconds: float) -> datetime:
    """A time of X: whole milliseconds, UTC."""
    return datetime.fromtimestamp(int(seconds * 1000) / 1000, UTC)


def _escape(text: str) -> str:
    return "".join(SIGNS.get(sign, sign) for sign in text)


def _short(address: str) -> str:
    return "https://t.co/" + hashlib.sha256(address.encode()).hexdigest()[:10]
