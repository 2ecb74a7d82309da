"""Which of the languages we speak a text is in."""

from collections.abc import Sequence
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from nlu.text import mask

LANGUAGES = ("en", "es", "de", "fr", "el")

SURE = 0.6
"""Below this the guess is dropped: "ok", "hola" and emoji score 0.2 to 0.56, whole sentences 0.85 and more."""


def guess(text: str, allowed: Sequence[str] = LANGUAGES, default: str = "en") -> str:
    """The language of a text as a two-letter code out of `allowed`; `default` when the text is too short to tell.

    The first call takes about 0.6 s (the model is loaded then) and 80 MB, a later one 0.2 ms.
    """
    words = " ".join(word for word in mask(text).split() if any(map(str.isalpha, word)))
    if not words:
        return default
    language, sureness = _identifier(tuple(allowed)).classify(words)
    return str(language) if sureness >= SURE else default


@cache
def _identifier(allowed: tuple[str, ...]) -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(allowed)
    return identifier
