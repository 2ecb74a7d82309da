"""Which language a text is in."""

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from nlu.text import mask

LANGUAGES = ("en", "es", "de", "fr", "el")
"""The languages that we speak."""

SURE = 0.6
"""Below this the guess is dropped: "ok", "hola" and emoji score 0.2 to 0.56, whole sentences 0.85 and more."""

TOLD_BY = 400
"""The first characters of a line tell its language as well as all of them, and cost less."""

BEYOND_DOUBT, ENOUGH = 0.9, 3
"""So sure, and so many different words, that a talk changes its language. Of our 6,158 examples none would change it
wrongly, and of those with enough words 92 to 98 % would change it rightly."""


def guess(text: str, allowed: Sequence[str] = LANGUAGES, default: str = "en") -> str:
    """The language of a text as a two-letter code out of `allowed`; `default` when the text is too short to tell.

    The first call takes about 0.6 s (the model is loaded then) and 80 MB, a later one 0.5 ms.
    """
    language, sureness = _best(_likely(_words(text)), allowed)
    return language if sureness >= SURE else default


def heard(text: str, spoken: str) -> str:
    """The language in which somebody goes on who `spoken` another so far: that one unless the text is beyond doubt.

    It may be one that we do not speak.
    """
    words = _words(text)
    if len(set(words)) < ENOUGH:
        return spoken
    likely = _likely(words)
    language, sureness = _best(likely, tuple(likely))
    if sureness >= BEYOND_DOUBT:
        return language
    ours, sureness_of_ours = _best(likely, LANGUAGES)
    doubtful = language not in LANGUAGES and sureness >= SURE
    return ours if sureness_of_ours >= BEYOND_DOUBT and not doubtful else spoken


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in mask(text).split() if any(map(str.isalpha, word)))


@lru_cache(64)  # those who look for details ask again for what was just asked
def _likely(words: tuple[str, ...]) -> Mapping[str, float]:
    return dict(_identifier().rank(" ".join(words))) if words else {}


def _best(likely: Mapping[str, float], allowed: Sequence[str]) -> tuple[str, float]:
    """The likeliest of some languages, and how likely it is if it must be one of them."""
    among = {language: likely.get(language, 0.0) for language in allowed}
    best = max(among, key=lambda language: among[language])
    return best, among[best] / (sum(among.values()) or 1.0)


@cache
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
