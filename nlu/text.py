"""How a text is made ready: folded for finding words in it, masked for judging it."""

import re
import unicodedata
from functools import lru_cache

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
_REPOST = re.compile(r"""\bRT:? ?@|^\W*["“«]@|\bvia @""")
_NOISE = re.compile(r"""[.,;:"“”«»()*_#&|\-–—…]+""")


def fold(text: str) -> str:
    """The text without case, accents and invisible characters, so that "Café" and "CAFE" are one word."""
    if text.isascii():
        return text.lower()
    return _MARKS.sub("", unicodedata.normalize("NFKD", text.casefold())).replace("’", "'")


def level(text: str) -> str:
    """The text in small letters without accents, each character in its place, so that what is found has a position."""
    if text.isascii():
        return text.lower()
    return "".join(map(_level_sign, text))


@lru_cache(maxsize=4096)
def _level_sign(sign: str) -> str:
    return unicodedata.normalize("NFD", sign)[0].lower()[0].replace("ς", "σ")


def mask(text: str) -> str:
    """The text as the detector sees it: without handles, addresses and numbers, which tell who speaks, not of what."""
    text = unicodedata.normalize("NFKC", text[:LONGEST]).casefold()
    text = _HANDLE.sub(" ", _URL.sub(" 🔗 ", _EMAIL.sub(" ", text)))
    text = _NOISE.sub(" ", _NUMBER.sub(" 0 ", text.replace("’", "'")))
    return " ".join(_DRAWN_OUT.sub(r"\1\1", text).split())


def is_repost(text: str) -> bool:
    """Whether the text passes on somebody else's words, with or without a remark: what it tells is not the author's."""
    return _REPOST.search(text) is not None
