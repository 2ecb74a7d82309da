"""A text as our fake X keeps it: short links, handles in front of an answer, escaped signs, and what is too long."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass

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
    ends: int
    """Where it ends, before the link that X adds to a quote or to the beginning of a long text."""


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


def word(said: str, carried: list[str], added: str = "") -> Wording:
    """The text with the handles that an answer carries put in front, unless it was typed with them in front.

    `added` is an address that X puts at the end.
    """
    typed = {handle.lower() for handle in HANDLE.findall((LEADING.match(said + " ") or [""])[0])}
    front = "".join(f"@{handle} " for handle in carried if handle.lower() not in typed)
    text, links, end = _escape(front), [], 0
    for found in LINK.finditer(said):
        text += _escape(said[end : found.start()])
        links.append(_link(len(text), found[0]))
        text, end = text + links[-1].short, found.end()
    text += _escape(said[end:])
    ends = len(text)
    if added:
        links.append(_link(ends + 1, added))
        text += f" {links[-1].short}"
    handles = [(found.start(), found.end(), found[1]) for found in HANDLE.finditer(text)]
    return Wording(text, tuple(links), tuple(handles), len(front), ends)


def beginning(said: str) -> str:
    """As much of a long text as fits beside the link to the whole of it."""
    kept = said[:LONGEST]
    while weight(kept) > LONGEST - WEIGHT_OF_LINK - 3:
        kept = kept[:-1]
    return kept.rstrip() + "…"


def _escape(text: str) -> str:
    return "".join(SIGNS.get(sign, sign) for sign in text)


def _link(start: int, address: str) -> Link:
    short = "https://t.co/" + hashlib.sha256(address.encode()).hexdigest()[:10]
    return Link(start, start + len(short), short, address)
