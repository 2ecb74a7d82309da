"""The rules of a triage: from what is known and what was just said to the next question, or to the end."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from actions.problems import problem_of
from actions.words import NOT_KNOWN
from nlu.triage_result import DETAILS, SURE, TALK_INTENTS

MOST_TURNS = 5
"""Answers of the customer after the first line or post: with that one a triage ends within six."""

SURELY_SOLVED = 0.8
NOTED = (*DETAILS, "more")
NO_ANSWER = ("date", "time", "email", "phone")
"""Details that a question about the problem is not answered by."""

SMALL_TALK = ("affirm", "greet", "begin", "thanks_solved")
LIKE_A_NUMBER = re.compile(r"(?<![\w-])(?!(?:19|20)\d\d(?![\w-]))[A-Za-z]{0,12}-?\d{3,}[\w-]*|^\d{3,}$")


@dataclass(frozen=True)
class Talk:
    """Where a triage stands. `question` is what was asked last; the talk has ended once `outcome` is set."""

    problem: str | None = None
    confidence: float = 0.0
    confirmed: bool = False
    details: Mapping[str, str | None] = field(default_factory=dict)
    alarm: str | None = None
    turns: int = 0
    unsure: int = 0
    question: str | None = None
    outcome: str | None = None
    reason: str | None = None

    def end(self, outcome: str, reason: str) -> "Talk":
        """Return this talk, ended."""
        return replace(self, outcome=outcome, reason=reason, question=None)


@dataclass(frozen=True)
class Said:
    """What the customer just said, as Rasa understood it; `entities` are the first of each name.

    `rest` is the text without them, where Rasa told where they stand.
    """

    text: str
    intent: str
    confidence: float
    entities: Mapping[str, str] = field(default_factory=dict)
    rest: str | None = None


def begin(talk: Talk) -> Talk:
    """Return the talk with its first question; what the posts told of danger or anger ends it at once."""
    return talk.end("hand_off", talk.alarm) if talk.alarm else _ask_or_hand_off(talk)


def hear(talk: Talk, said: Said) -> Talk:
    """Return the talk after one thing the customer said: a next question, or an end."""
    talk = replace(talk, turns=talk.turns + 1, details=_with_found(talk.details, said))
    ended = _at_once(talk, said)
    if ended:
        return ended
    answered = _answer(talk, said)
    if answered:
        talk = replace(answered, unsure=0)
    elif said.intent != "greet":
        talk = replace(talk, unsure=talk.unsure + 1)
    if talk.unsure == 2:
        return talk.end("hand_off", "unsure")
    return talk if talk.outcome else _ask_or_hand_off(talk)


def _at_once(talk: Talk, said: Said) -> Talk | None:
    """End the talk whatever was asked: danger, anger, a wish for a person, stop, or surely solved."""
    for alarm in ("danger", "anger"):
        if alarm in said.entities:
            return talk.end("hand_off", alarm)
    if said.intent == "human":
        return talk.end("hand_off", "asked")
    if said.intent == "stop" and said.confidence >= SURE:
        return talk.end("stop", "asked")
    if said.intent == "thanks_solved" and said.confidence >= SURELY_SOLVED:
        return talk.end("solved", "said_so")
    return None


def _answer(talk: Talk, said: Said) -> Talk | None:
    """Take what was said as an answer to what was asked; None when it is not one."""
    if talk.question in NOTED:
        return _detail_answer(talk, talk.question, said)
    if talk.question == "solved":
        return _solved_answer(talk, said)
    if said.intent == "thanks_solved":
        return replace(talk, question="solved")
    if said.intent not in TALK_INTENTS:
        again = said.intent == talk.problem
        confidence = max(said.confidence, talk.confidence if again else 0)
        return replace(talk, problem=said.intent, confidence=confidence, confirmed=again or said.confidence >= SURE)
    if talk.question == "confirmed":
        return _confirmed_answer(talk, said)
    return None


def _confirmed_answer(talk: Talk, said: Said) -> Talk | None:
    if said.intent == "affirm" or said.entities.keys() & set(NOTED) - set(NO_ANSWER):
        return replace(talk, confirmed=True)
    if said.intent == "deny":
        return replace(talk, problem=None, confidence=0.0)
    return None


def _solved_answer(talk: Talk, said: Said) -> Talk | None:
    if said.intent in ("affirm", "thanks_solved"):
        return talk.end("solved", "said_so")
    return replace(talk, question=None) if said.intent == "deny" or said.intent not in TALK_INTENTS else None


def _detail_answer(talk: Talk, name: str, said: Said) -> Talk | None:
    """A detail that Rasa found, that the customer does not have, or that stands in the text."""
    not_known = NOT_KNOWN if said.intent == "dont_know" else None
    value = talk.details.get(name) or not_known or _read(name, said)
    if value is None and said.intent == "deny":
        value = NOT_KNOWN
    return replace(talk, details={**talk.details, name: value}) if value else None


def _read(name: str, said: Said) -> str | None:
    if name == "order_number":
        number = LIKE_A_NUMBER.search(said.text if said.rest is None else said.rest)
        return number.group() if number else None
    if said.intent in ("deny", "dont_know", "out_of_scope", *SMALL_TALK) or not any(map(str.isalpha, said.text)):
        return None
    return " ".join(said.text.split())[: 500 if name == "more" else 80]


def _with_found(details: Mapping[str, str | None], said: Said) -> dict[str, str | None]:
    """What is said in private replaces what was read in public."""
    return {**details, **{name: said.entities[name] for name in NOTED if name in said.entities}}


def _ask_or_hand_off(talk: Talk) -> Talk:
    question = _missing(talk)
    if question is None:
        return talk.end("hand_off", "complete")
    return talk.end("hand_off", "too_long") if talk.turns >= MOST_TURNS else replace(talk, question=question)


def _missing(talk: Talk) -> str | None:
    if talk.question == "solved":
        return "solved"
    if talk.problem is None:
        return "problem"
    if not talk.confirmed:
        return "confirmed"
    return next((name for name in problem_of(talk.problem).asks if not talk.details.get(name)), None)
