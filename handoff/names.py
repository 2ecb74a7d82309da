"""Names on the square: which are allowed, and which look so alike that only one person may have them."""

import re
import unicodedata
from collections.abc import Iterable

SHORTEST, LONGEST = 2, 30

RESERVED = frozenset(
    ["admin", "administrator", "agent", "bot", "customercare", "customerservice", "help", "helpdesk", "knock", "mod"]
    + ["moderator", "official", "root", "staff", "support", "system", "team"]
)
"""Words that would let somebody pass for the house."""

_LOOK_ALIKES = str.maketrans("01i|!5$ıɑаеорсухкмтвніѕјԁоαβεζηικμνορτυχ", "ollllsslaaeopcyxkmtbhlsjdoabezhlkmnoptyx")
"""Digits, and Cyrillic and Greek letters of which either case reads as a Latin one (and I as l)."""


def tidy(name: str) -> str:
    """The name as it is shown: composed, with single spaces."""
    return " ".join(unicodedata.normalize("NFKC", name).split())


def folded(name: str) -> str:
    """What two names have in common when a reader could take one for the other."""
    letters = unicodedata.normalize("NFKD", tidy(name).casefold())
    plain = "".join(letter for letter in letters if not "\u0300" <= letter <= "\u036f")
    return "".join(letter for letter in plain.translate(_LOOK_ALIKES).replace("rn", "m") if _is_plain(letter))


def objection(name: str, house: Iterable[str] = ()) -> str | None:
    """Why a tidy name cannot be had, as a sentence; `house` are the names of the brand."""
    if not SHORTEST <= len(name) <= LONGEST:
        return "A name has 2 to 30 characters."
    if not all(_is_plain(letter) or letter in " .'’-_" for letter in name) or not any(map(str.isalpha, name)):
        return "Use letters, digits, spaces, dots and dashes, and at least one letter."
    if len(_alphabets(name)) > 1:
        return "Use the letters of one alphabet, so that nobody is taken for somebody else."
    reserved = {folded(word) for word in RESERVED}
    words = {folded(word) for word in re.split(r"[\W_]+", name)} | {folded(name)}
    if words & reserved or any(own in folded(name) for own in map(folded, house) if own):
        return "That name could be taken for ours. Pick another one."
    return None


def _is_plain(letter: str) -> bool:
    """A letter, a mark on one, or a digit, of any script; nothing invisible, no emoji."""
    return unicodedata.category(letter)[0] in "LMN"


def _alphabets(name: str) -> set[str]:
    """Which of the alphabets that share shapes a name uses."""
    return {unicodedata.name(letter, "").split(" ")[0] for letter in name} & {"LATIN", "GREEK", "CYRILLIC"}
