"""Guards: posts to which an offer would be an insult, whoever wrote them (grief, violence, protest, a pile-on)."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from nlu.gate import Gate

WORDS = Path(__file__).with_name("guards.toml")

CROWD = 12
"""So many authors in one thread are a pile-on, which one more voice would only feed. A rule of ours, not measured."""


class Guards:
    """Says which guard forbids an offer. Words are matched as in the gate, in all languages at once."""

    def __init__(self, texts: Mapping[str, Sequence[str]], handles: Sequence[str]) -> None:
        """`texts`: for each guard its words. `handles`: beginnings that make a handle offensive."""
        self._texts = Gate(texts)
        self._handles = Gate({"offensive handle": handles})

    @classmethod
    def read(cls, path: Path = WORDS) -> "Guards":
        """The guards of a TOML file: a table for each guard, and in it a list for each language."""
        tables = tomllib.loads(path.read_text("utf-8"))
        flat = {name: [word for words in table.values() for word in words] for name, table in tables.items()}
        handles = flat.pop("offensive handle")
        return cls(flat, handles)

    def stop(self, text: str, handle: str | None = None, thread: Sequence[tuple[str, str]] = ()) -> str | None:
        """The guard that forbids an offer, or None. `thread`: (author id, text) of the posts around this one."""
        if handle and self._handles.find(handle.lstrip("@").replace("_", " ").replace(".", " ")):
            return "offensive handle"
        for said in (text, *(said for _, said in thread)):
            if found := self._texts.find(said):
                return found.name
        return "pile-on" if len({author for author, _ in thread}) >= CROWD else None
