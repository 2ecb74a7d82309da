"""Cues: turns of phrase of trouble, orders, requests, praise, news; they help where a brand is new to the detector."""

import tomllib
from pathlib import Path

from nlu.gate import Gate

CUES = Path(__file__).with_name("cues.toml")


class Cues:
    """Finds cues, in all languages at once."""

    def __init__(self, toml: str) -> None:
        """`toml`: a table for each kind of cue, and in it a list for each language."""
        tables = tomllib.loads(toml)
        self._gate = Gate({kind: [cue for cues in table.values() for cue in cues] for kind, table in tables.items()})

    def mark(self, text: str) -> str:
        """The text and, behind it, a word like `_trouble_` for each cue in it."""
        kinds = sorted(f"_{found.name}_" for found in self._gate.all(text))
        return " ".join((text, *kinds))

    def written(self, word: str, text: str) -> list[str]:
        """The word as the author wrote it: a mark as the cues it stands for, nothing for what has no letters."""
        if word.startswith("_"):
            return [found.word.rstrip("*") for found in self._gate.all(text) if f"_{found.name}_" == word]
        return [word] if "_" not in word and any(map(str.isalpha, word)) else []
