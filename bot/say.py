"""The bot's own sentences, fixed and translated: nothing that a model made up."""

import tomllib
from functools import cache
from pathlib import Path

FALLBACK = "en"


@cache
def _sentences() -> dict[str, dict[str, str]]:
    return tomllib.loads((Path(__file__).parent / "say.toml").read_text())


def in_all(sentence: str) -> frozenset[str]:
    """A sentence of say.toml in every language, for whoever listens for it."""
    return frozenset(said[sentence] for said in _sentences().values())


def say(sentence: str, language: str, **names: object) -> str:
    """A sentence of say.toml in the language, or in English where there is none. Raises `KeyError`."""
    languages = _sentences()
    return languages.get(language, languages[FALLBACK])[sentence].format(**names)
