"""Where the bot names an intent: read out of the source itself, so that it is never out of date."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from nlu.server import PROJECT, ROOT

PLACES: Mapping[str, tuple[Path, str]] = {
    "the questions of triage": (ROOT / "actions" / "problems.py", r'"{}": Problem'),
    "the rules of triage": (ROOT / "actions" / "next_question.py", r'"{}"'),
    "what is said while we talk": (ROOT / "nlu" / "triage_result.py", r'"{}"'),
    "the rules of Rasa": (PROJECT / "data" / "rules.yml", r"intent: {}\b"),
}
"""What a person calls the place, its file, and how a name stands there."""


@cache
def uses(intent: str) -> tuple[str, ...]:
    """Which parts of the bot know an intent by its name; nothing for most that admins add."""
    return tuple(
        place
        for place, (path, pattern) in PLACES.items()
        if re.search(pattern.format(re.escape(intent)), _source(path))
    )


@cache
def _source(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""
