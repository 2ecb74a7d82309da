"""What the bot says in a triage, in each language: its questions with their answers, the problems, the last words."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).with_name("languages")
FALLBACK = "en"
NOT_KNOWN = "not known"
ABOUT = "utter_about_"
"""The response, in the domain, in which admins say how a problem of theirs is put; its name ends in the intent's."""


@dataclass(frozen=True)
class Question:
    """What is asked, and the answers that are offered."""

    ask: str
    answers: tuple[str, ...]


@dataclass(frozen=True)
class Words:
    """All that is said in one language. The files in `languages/` have the same names as here."""

    not_understood: str
    person: str
    questions: Mapping[str, Mapping[str, str | list[str]]]
    problems: Mapping[str, str]
    details: Mapping[str, str]
    hand_off: Mapping[str, str]
    solved: str
    stop: str

    def question(self, name: str, problem: str | None, details: Mapping[str, str | None]) -> Question:
        """Return what to ask. The last answer always leads to a person."""
        asked = self.questions[name]
        understood = self.problem(problem, details) if problem else ""
        return Question(str(asked["ask"]).format(understood=understood), (*asked["answers"], self.person))

    def problem(self, intent: str, details: Mapping[str, str | None]) -> str:
        """Return the problem as it is put to the customer, e.g. "you were charged wrongly for order NW-20418"."""
        name = intent.replace("_", " ")
        return self.problems.get(intent, self.problems["other"]).format(name=name, **self._known(details))

    def with_those_of(self, domain: Mapping[str, Any], language: str | None) -> "Words":
        """Return these words with what admins wrote in the domain about problems, in the language."""
        written = {
            name.removeprefix(ABOUT): str(one["text"]).replace("{", "{{").replace("}", "}}")
            for name, several in (domain.get("responses") or {}).items()
            if name.startswith(ABOUT)
            for one in several
            if any(said.get("value") == language for said in one.get("condition") or ())
        }
        return replace(self, problems={**self.problems, **written}) if written else self

    def last_word(self, outcome: str, reason: str) -> str:
        """Return what is said when the talk ends."""
        return {"solved": self.solved, "stop": self.stop}.get(outcome) or self.hand_off[reason]

    def _known(self, details: Mapping[str, str | None]) -> dict[str, str]:
        """Fill the places of a sentence; a detail nobody knows leaves no trace in it."""
        known = {name: value for name, value in details.items() if value and value != NOT_KNOWN}
        order, product = known.get("order_number"), known.get("product")
        return {
            "order": self.details["order"].format(value=order) if order else "",
            "for_order": self.details["for_order"].format(value=order) if order else "",
            "product": self.details["product"].format(value=product) if product else self.details["a_product"],
        }


@cache
def words_in(language: str | None) -> Words:
    """Return the words in a language, in English where we do not speak it."""
    known = language if language in {path.stem for path in FOLDER.glob("*.yml")} else FALLBACK
    return Words(**yaml.safe_load((FOLDER / f"{known}.yml").read_text(encoding="utf-8")))
