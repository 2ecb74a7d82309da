"""How a text is made ready: folded for finding words in it, masked for judging it."""

import re
import unicodedata

LONGEST = 4_096
"""Characters of a post that are read: as many as Telegram allows; who says more has said it by then."""

_MARKS = re.compile("[\u0300-\u036f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe0e\ufe0f\ufeff]")
_URL = re.compile(
    r"(?:https?://|www\.)\S+|(?<![\w.@-])[\w-]{1,63}\.(?:com|org|net|ly|gl|co|me|io|tv|eu|de|fr|es|gr|uk)\b(?:/\S*)?"
)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+\.[\w.-]+")
_HANDLE = re.compile(r"@\w+")
_NUMBER = re.compile(r"\d[\d.,:/'-]*")
_DRAWN_OUT = re.compile(r"(\w)\1{2,}")
_QUOTED = re.compile(r"""(?:\bRT:? ?@|["“«]@|\bvia @).*""", re.DOTALL)


def fold(text: str) -> str:
    """The text without case, accents and invisible characters, so that "Café" and "CAFE" are one word."""
    if text.isascii():
        return text.lower()
    return _MARKS.sub("", unicodedata.normalize("NFKD", text.casefold()))


def mask(text: str) -> str:
    """The text as the detector sees it: without handles, addresses and numbers, which tell who speaks, not of what."""
    text = unicodedata.normalize("NFKC", text[:LONGEST]).casefold()
    text = _URL.sub(" _link_ ", _EMAIL.sub(" _email_ ", text))
    text = _NUMBER.sub(" _number_ ", _HANDLE.sub(" _who_ ", text))
    return _DRAWN_OUT.sub(r"\1\1", text.replace("’", "'"))


def own_words(text: str) -> str:
    """What the author adds to somebody else's words; empty for a bare repost."""
    return _QUOTED.sub("", text).strip()
