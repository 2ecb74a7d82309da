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

    The first call takes about 0.6 s and 60 MB (the model is loaded then), a later one 50 µs.
    """
    words = " ".join(word for word in mask(text).split() if any(map(str.isalpha, word)) and not word.startswith("_"))
    if not words:
        return default
    language, sureness = _identifier(tuple(allowed)).classify(words)
    return str(language) if sureness >= SURE else default


@cache
def _identifier(allowed: tuple[str, ...]) -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(allowed)
    return identifier
