"""Cues: turns of phrase of trouble, orders, requests, praise, news; they help where a brand is new to the detector."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

from nlu.gate import Found, Gate

CUES = Path(__file__).with_name("cues.toml")
ASKING = ("_trouble_", "_order_", "_request_")
"""The marks without which hardly anybody asks for help."""


class Cues:
    """Finds cues, in all languages at once."""

    def __init__(self, toml: str) -> None:
        """`toml`: a table for each kind of cue, and in it a list for each language."""
        tables = tomllib.loads(toml)
        kinds = {kind: [cue for cues in table.values() for cue in cues] for kind, table in tables.items()}
        self._gate = Gate({kind: [cue.replace("'", "") for cue in cues] for kind, cues in kinds.items()})
        self._written = {cue.replace("'", ""): cue.rstrip("*") for cues in kinds.values() for cue in cues}

    def mark(self, text: str) -> str:
        """The text and, behind it, a word like `_trouble_` for each cue in it."""
        return " ".join((text, *sorted(f"_{found.name}_" for found in self._found(text))))

    def shown(self, word: str, text: str) -> list[str]:
        """What to show of a word: a mark as the cues it stands for, nothing for signs and for words like "my"."""
        if word.startswith("_"):
            return [self._written[found.word] for found in self._found(text) if f"_{found.name}_" == word]
        return [word] if "_" not in word and len(word) > 2 and any(map(str.isalpha, word)) else []

    def _found(self, text: str) -> Iterator[Found]:
        """People leave out apostrophes, so none counts."""
        return self._gate.all(text.replace("'", ""))
