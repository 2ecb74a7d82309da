"""The table of what must be found in a customer's line, and who finds it."""

import json
import subprocess
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nlu.server import ROOT, environment
from nlu.triage_result import by_name
from tests.rasa_server import PYTHON

TABLE: dict[str, Any] = tomllib.loads((Path(__file__).parent / "details.toml").read_text("utf-8"))

PIECES = (
    "1 ",
    "@",
    "a@",
    "1-",
    "order no is ",
    "1 may ",
    "(",
    "+1 ",
    "€",
    "vor 1 ",
    "ß",
    "ﬃ",
    "0 ",
    "breeze ketl ",
    "E-",
)
"""What, said again and again, has made a matcher slow somewhere."""

Entity = dict[str, Any]


class Finder:
    """The finders in Rasa's Python, asked line by line."""

    def __init__(self, brand_file: Path) -> None:
        argv = [str(PYTHON), "-W", "ignore", "-m", "tests.nlu.finder", str(brand_file)]
        env = environment()
        self._process = subprocess.Popen(
            argv, cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        assert self._read() == "ready\n"

    def find(self, text: str, *others: Entity) -> list[Entity]:
        """The entities of a text, in which Rasa's own extractors have found others."""
        return self._ask(text, others)[0]

    def took(self, text: str) -> float:
        """The milliseconds that it took to find them."""
        return self._ask(text)[1]

    def values(self, text: str) -> dict[str, str]:
        """The value of each entity of a text that counts."""
        return {name: said.split(" (“")[0] for name, said in by_name(self.find(text)).items()}

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()

    def _ask(self, text: str, others: Sequence[Entity] = ()) -> tuple[list[Entity], float]:
        assert self._process.stdin
        self._process.stdin.write(json.dumps([text, others]) + "\n")
        self._process.stdin.flush()
        found, took = json.loads(self._read())
        return found, took

    def _read(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline()
