"""Cues: turns of phrase of trouble, orders, requests, praise and news, which help the detector where a brand is new to it."""

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
