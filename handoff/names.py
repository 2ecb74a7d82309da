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

_LOOK_ALIKES = str.maketrans("01i|!5$ıɑаеорсухкмтвніѕјԁոαενικορτυχ", "ollllsslaaeopcyxkmtbhlsjdnaevlkoptux")
"""After folding: digits, Cyrillic and Greek letters that read as Latin ones in most typefaces (and I as l)."""

_ALLOWED = re.compile(r"[^\W_](?:[\w .'’-]*[\w.])?", re.UNICODE)


def tidy(name: str) -> str:
    """The name as it is shown: composed, with single spaces."""
    return " ".join(unicodedata.normalize("NFKC", name).split())


def folded(name: str) -> str:
    """What two names have in common when a reader could take one for the other."""
    letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    plain = "".join(letter for letter in letters if not "\u0300" <= letter <= "\u036f")
    return "".join(letter for letter in plain.translate(_LOOK_ALIKES).replace("rn", "m") if letter.isalnum())


def objection(name: str, house: Iterable[str] = ()) -> str | None:
    """Why a tidy name cannot be had, as a sentence; `house` are the names of the brand."""
    if not SHORTEST <= len(name) <= LONGEST:
        return f"A name has {SHORTEST} to {LONGEST} characters."
    if not _ALLOWED.fullmatch(name) or not any(letter.isalpha() for letter in name):
        return "Use letters, digits, spaces, dots and dashes, and at least one letter."
    reserved = {folded(word) for word in RESERVED}
    words = {folded(word) for word in re.split(r"[\W_]+", name)} | {folded(name)}
    if words & reserved or any(own in folded(name) for own in map(folded, house) if own):
        return "That name could be taken for ours. Pick another one."
    return None
