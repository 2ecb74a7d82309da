"""Codes: what the author of a post says to us from their account, to show that a browser is theirs."""

import re
import secrets

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Nothing in it looks like anything else in it, or like O, 0, I or 1."""

LENGTH = 6
"""30 bits. A code counts only from the author's own account, so that guessing one gains nothing."""

MOST = 5
"""Words of one text that are taken for codes."""

_NOISE = re.compile(r"https?://\S+|@\w+", re.ASCII)
_CODE = re.compile(rf"(?<![^\W_])[{ALPHABET}]{{{LENGTH}}}(?![^\W_])", re.IGNORECASE | re.ASCII)


def new_code() -> str:
    """Letters and digits both, so that no word and no number of an order looks like a code."""
    while True:
        code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        if _is_mixed(code):
            return code


def codes_in(text: str) -> list[str]:
    """What could be a code, in capitals: letters and digits both, not in a name or an address."""
    words = (word.upper() for word in _CODE.findall(_NOISE.sub(" ", text)))
    return [word for word in words if _is_mixed(word)][:MOST]


def is_only_a_code(text: str) -> bool:
    """Whether nothing is said but what could be a code, and to whom."""
    rest = _CODE.sub(" ", _NOISE.sub(" ", text))
    return bool(codes_in(text)) and not any(map(str.isalnum, rest))


def _is_mixed(code: str) -> bool:
    return not code.isalpha() and not code.isdecimal()
